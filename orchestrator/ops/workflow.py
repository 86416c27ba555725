"""`workflow`: FME's custom transformer."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.ops._saved import Given, RunsSaved, Saved, plain
from orchestrator.ops.base import Context, Ports, Relation


class _NoneFixed(NamedTuple):
    """All ports are the workflow's."""


class Workflow(RunsSaved):
    """Run another saved workflow as a node: its `input` and `output` nodes are the ports, by name.

    An input that has columns or a sample may be left unconnected. A connected table must have the columns that the
    input declares; they are cast to its types, further columns go along behind them. Rows rejected inside do what its
    own settings say. Its nodes are steps of this run, each with a state, stored tables and retries of its own, under
    `<this node's id>/<its id>`; in Dagster they are a graph within the graph. Where a parameter of the run says which
    workflow it is, it runs as one step. No workflow can use itself, through others neither.
    """

    category: ClassVar[str] = "Flow"
    example: ClassVar[dict[str, Any]] = {"workflow": "topandrest01", "parameters": {"first": 2}}

    parameters: dict[str, Any] = Field(
        {}, description="Values of its parameters; others have their defaults.", examples=[{"first": 2}]
    )

    def _fits(self, saved: Saved) -> None:
        saved.check(self.given)

    @property
    def given(self) -> Given:
        """The values of the parameters; those that a parameter of the run has no default for come with it."""
        known = {name: plain(value) for name, value in self.parameters.items() if name not in self._waiting}
        return Given(known, self._waiting)

    def own_ports(self) -> Ports:
        """Those of the workflow."""
        return Ports(self.saved.inputs, self.saved.outputs)

    def run(self, tables: dict[str, Relation], context: Context) -> Annotated[dict[str, Relation], _NoneFixed]:
        """All of its steps, one after the other."""
        connected = {name: table for name, table in tables.items() if table is not None}
        return self.saved.run(connected, self.given, context)
