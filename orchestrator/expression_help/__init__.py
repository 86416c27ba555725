"""What the editor shows beside an expression: whether it is right, its type and first values; and all functions."""

from orchestrator.expression_help.functions import Function, functions
from orchestrator.expression_help.origin import Place, origin
from orchestrator.expression_help.verdict import Located, Verdict, judge_expression

__all__ = ["Function", "Located", "Place", "Verdict", "functions", "judge_expression", "origin"]
