"""`fail`: FME's Terminator."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import Field

from orchestrator.errors import NodeError
from orchestrator.faults import unknown_column
from orchestrator.ops._numbered import settled
from orchestrator.ops._tested import Tested
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Expression
from orchestrator.sql import quote

PLACE = re.compile(r"\{([^{}]+)\}")
LONGEST = 200


class Fail(Op):
    """Stop the run when a row comes in, or one for which a condition is true; else hand the rows on.

    The run fails on this node with the message. A condition that is null is not true. In a fused run (`cache: false`)
    the rows are stored for the time of the run unless they are already, so that they are tested before anything after.
    What other nodes have written by then stays.
    """

    category: ClassVar[str] = "Flow"
    watches: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"condition": "amount < 0", "message": "An amount is below zero."}

    message: str = Field(
        "A row came in that should not be there.",
        min_length=1,
        max_length=10_000,
        description="What the run says; `{column}` is a value of the first such row.",
        examples=["Order {id} has no customer."],
    )
    condition: Expression | None = Field(
        None, description="True for the rows to fail at; if empty, any row.", examples=["customer IS NULL"]
    )

    def run(self, table: Annotated[Relation, "The rows to test."], context: Context) -> Relation:
        """Looks for the first row; rows are tested when the node runs, whoever reads them later.

        Raises NodeError: `failed_on_purpose`; `unknown_column` in the message, `type_mismatch` of the test.
        """
        named = PLACE.findall(self.message)
        for name in named:
            if name not in table.columns:
                error = unknown_column(name, table.columns)
                error.path = "/config/message"
                raise error
        test = Tested.model_construct(condition=self.condition).checked(table) if self.condition else "true"
        if context.design:
            return table
        table = settled(table, context)
        said = ", ".join(["true", *(f"coalesce(left({quote(name)}::VARCHAR, {LONGEST}), 'null')" for name in named)])
        if found := table.filter(test).limit(1).project(said).fetchall():
            told = iter(found[0][1:])
            raise NodeError(PLACE.sub(lambda _: next(told), self.message), code="failed_on_purpose")
        return table
