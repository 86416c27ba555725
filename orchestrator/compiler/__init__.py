"""From a posted graph to a Dagster job, in four passes: check -> infer -> plan -> emit. Beside them, advice."""

from orchestrator.compiler.advice import advise
from orchestrator.compiler.check import Checked, check, inspect
from orchestrator.compiler.infer import Inferred, infer
from orchestrator.compiler.plan import Plan, plan

__all__ = ["Checked", "Inferred", "Plan", "advise", "check", "infer", "inspect", "plan"]
