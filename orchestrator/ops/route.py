"""`route`: FME's TestFilter."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from orchestrator.errors import at
from orchestrator.ops._routed import check_names, routed, with_outputs
from orchestrator.ops._tested import Tested
from orchestrator.ops.base import Context, Op, Ports, Relation
from orchestrator.ops.settings import PortName


class Branch(Tested):
    """A port, and the test for it."""

    port: PortName = Field(description="Name of the output port.", examples=["late"])


class Fixed(NamedTuple):
    """What every such node has."""

    rest: Annotated[Relation, "Rows for which no condition is true."]


class Route(Op):
    """Send each row to the port of the first condition that is true for it, else to `rest`.

    Conditions are asked in order; a row goes to one port only. A condition that is null is not true. Each port keeps
    the order of the input. The ports are called as the settings say; no two names may differ in case only.
    """

    category: ClassVar[str] = "Filter"
    row_by_row: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {
        "branches": [
            {"port": "large", "condition": "amount > 100"},
            {"port": "northern", "clauses": [{"column": "region", "operator": "=", "value": "north"}]},
        ]
    }

    branches: list[Branch] = Field(
        min_length=1,
        max_length=500,
        description="The ports and their conditions, in the order in which they are asked.",
        examples=[[{"port": "late", "condition": "dep_delay > 15"}]],
    )

    @model_validator(mode="after")
    def _unique(self) -> "Route":
        check_names(type(self), ((each.port, ("branches", n, "port")) for n, each in enumerate(self.branches)))
        return self

    def own_ports(self) -> Ports:
        """A port for each condition."""
        return with_outputs(
            self, ((each.port, "Rows for which its condition is the first true one.") for each in self.branches)
        )

    def run(
        self, table: Annotated[Relation, "The rows to send."], context: Context
    ) -> Annotated[dict[str, Relation], Fixed]:
        """The number of the first true condition tells the port."""
        tests = []
        for index, branch in enumerate(self.branches):
            place = f"/branches/{index}"
            with at(f"{place}/condition" if branch.condition else f"{place}/clauses"):
                tests.append(branch.checked(table, place) if context.design else branch.sql(table, place))
        cases = " ".join(f"WHEN {test} THEN {number}" for number, test in enumerate(tests))
        return dict(routed(table, f"CASE {cases} ELSE {len(tests)} END", list(self.ports.outputs), context))
