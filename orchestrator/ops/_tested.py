"""A condition, or clauses without SQL: the test that `filter` and `route` make of each row."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.expressions import calls
from orchestrator.ops._clauses import Clause
from orchestrator.ops._impossible import check_possible
from orchestrator.ops.base import Relation
from orchestrator.ops.settings import Expression, invalid, refuse
from orchestrator.sql import names, shown

# Asked once for each port, these would send a row to several ports or to none.
VOLATILE = frozenset({"random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "setseed", "setval"})
EXAMPLE = {"column": "region", "operator": "in", "value": ["north", "south"]}


class Tested(BaseModel):
    """A test of a row, in one of two forms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    condition: Expression | None = Field(None, description="True for the rows to pass.", examples=["amount > 100"])
    clauses: list[Clause] | None = Field(
        None, min_length=1, description="Tests in place of a condition.", examples=[[EXAMPLE]]
    )
    match: Literal["all", "any"] = Field("all", description="Whether all clauses must be true, or any of them.")

    @model_validator(mode="after")
    def _one_way(self) -> "Tested":
        if (self.condition is None) == (self.clauses is None):
            raise invalid("Give either 'condition' or 'clauses'.", "condition")
        if self.condition:
            check_steady(self.condition, "condition")
        return self

    def sql(self, table: Relation, place: str = "") -> str:
        """The test as SQL over this table; `place` is the JSON pointer of these settings.

        Raises:
            NodeError: `type_mismatch`, `invalid_expression`, `unknown_column`, on the condition or the clause.
        """
        if self.condition is not None:
            return f"(\n{self.condition}\n)"
        kinds = names(table)
        clauses = enumerate(self.clauses or ())
        made = [f"({each.sql(kinds[each.column], f'{place}/clauses/{index}')})" for index, each in clauses]
        return "(" + (" AND " if self.match == "all" else " OR ").join(made) + ")"

    def checked(self, table: Relation, place: str = "") -> str:
        """The same, after seeing that it gives true or false."""
        with at(f"{place}/condition" if self.condition else f"{place}/clauses"):
            if self.condition:
                check_possible(self.condition, names(table))
            return boolean(self.sql(table, place), table)


def boolean(test: str, table: Relation) -> str:
    """The test in SQL, after seeing that it gives true or false over this table.

    Raises:
        NodeError: `type_mismatch`.
    """
    kind = str(table.project(f"{test} AS test").types[0])
    if kind not in ("BOOLEAN", '"NULL"'):
        message = f"The condition gives {shown(kind)}, not true or false. Compare it with something, such as > 0."
        raise NodeError(message, code="type_mismatch")
    return test


def check_steady(expression: str, *place: str | int) -> None:
    """Refuse, in a validator, what gives another value each time it is asked. Raises pydantic.ValidationError."""
    if volatile := VOLATILE & calls(expression):
        message = f"'{min(volatile)}' gives another value each time: compute it into a column, and test that."
        raise refuse(NodeError(message, code="invalid_expression"), *place)
