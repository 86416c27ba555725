"""Whose fault a failed fused query is.

In a fused run the sink runs the query of the whole chain, so the sink fails for a mistake that an earlier node made.
Running the chain again, from the front and one node at a time, finds the first node whose rows cannot be made.
"""

from dagster import Failure

from orchestrator.compiler.blamed import setting
from orchestrator.compiler.broken_values import in_file
from orchestrator.compiler.failing import first_failing, of_data
from orchestrator.compiler.failure import failure
from orchestrator.compiler.order import above
from orchestrator.compiler.run import RunContext
from orchestrator.compiler.secretive import computing, secrets_in, without_values
from orchestrator.errors import NodeError
from orchestrator.secrets import MASK


def failed(run: RunContext, alias: str, error: NodeError) -> Failure:
    """What Dagster is told of a node's failure: on the node that caused it, without the run's secrets."""
    found = in_file(run, culprit(run, alias, error))
    found.path = found.path or setting(run, found)
    if (who := _computing(run, alias, found)) is not None:
        found = without_values(found, who)
    return failure(_masked(found, run), again=run.steps[alias].step.node.retry is not None)


def _computing(run: RunContext, alias: str, error: NodeError) -> str | None:
    """Who computes with a secret. Of a fused run an error is on the sink for want of a culprit."""
    sink = run.steps[alias].node_id
    place = error.node_id or sink
    before = above(place, run.plan.edges)
    steps = ((each.node_id, each.step, secrets_in(each.scope)) for each in run.plan.steps if each.node_id in before)
    return computing(place, steps, sure=run.cache or place != sink)


def cause(run: RunContext, error: NodeError) -> NodeError | None:
    """What to raise it from: Dagster stores the causes of an error too, so none where a secret may be in them."""
    return None if run.secrets else error


def _masked(error: NodeError, run: RunContext) -> NodeError:
    error.message = run.masked(error.message)
    shown = str(error.value)
    error.value = error.value if run.masked(shown) == shown else MASK
    return error


def culprit(run: RunContext, alias: str, error: NodeError) -> NodeError:
    """The error, on the node that caused it; as it came where only the sink itself fails."""
    if run.cache or not of_data(error):
        return error
    before = above(run.steps[alias].node_id, run.plan.edges)
    tables = (
        (step.node_id, run.made[step.alias, port])
        for step in run.plan.steps
        if step.alias != alias and step.node_id in before
        for port in sorted(step.connected)
        if (step.alias, port) in run.made
    )
    return first_failing(tables) or error
