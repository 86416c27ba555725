"""`workflow`: FME's custom transformer."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.ops._saved import RunsSaved, Saved, plain
from orchestrator.ops.base import Context, Ports, Relation


class _NoneFixed(NamedTuple):
    """All ports are the workflow's."""


class Workflow(RunsSaved):
    """Run another saved workflow as a node: its `input` and `output` nodes are the ports, by name.

    An input that has columns or a sample may be left unconnected. A connected table must have the columns that the
    input declares; they are cast to its types, further columns go along behind them. Its writers write; what is neither
    an output nor written is not computed. Rows rejected inside do what its own settings say. It runs as one step of
    this run, in the same session; a failure names the node inside. No workflow can use itself, through others neither.
    """

    category: ClassVar[str] = "Flow"
    example: ClassVar[dict[str, Any]] = {"workflow": "topandrest01", "parameters": {"first": 2}}

    parameters: dict[str, Any] = Field(
        {}, description="Values of its parameters; others have their defaults.", examples=[{"first": 2}]
    )

    def _fits(self, saved: Saved) -> None:
        saved.check(self._values)

    @property
    def _values(self) -> dict[str, Any]:
        return {name: plain(value) for name, value in self.parameters.items()}

    def own_ports(self) -> Ports:
        """Those of the workflow."""
        return Ports(self.saved.inputs, self.saved.outputs)

    def run(self, tables: dict[str, Relation], context: Context) -> Annotated[dict[str, Relation], _NoneFixed]:
        """All of its steps, one after the other."""
        connected = {name: table for name, table in tables.items() if table is not None}
        return self.saved.run(connected, self._values, context)
