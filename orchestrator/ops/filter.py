"""`filter`: FME's Tester."""

import json
import re
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.expressions import tree
from orchestrator.ops._clauses import Clause
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import Expression, invalid, refuse
from orchestrator.tables import names

# Asked once for `passed` and once for `failed`, these would send a row to both ports or to none.
VOLATILE = frozenset({"random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "setseed", "setval"})


class Split(NamedTuple):
    """Where a row goes."""

    passed: Annotated[Relation, "Rows for which the condition is true."]
    failed: Annotated[Relation, "All other rows, also those where it is null."]


class Filter(Op):
    """Send each row to `passed` or `failed` by a condition, or by clauses without SQL.

    A comparison with null is never true: such a row fails, also for `!=`, `not_in` and `not_contains`.
    """

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {"condition": "amount > 100"}

    condition: Expression | None = Field(None, description="True for the rows to pass.", examples=["amount > 100"])
    clauses: list[Clause] | None = Field(
        None,
        min_length=1,
        description="Tests in place of a condition.",
        examples=[[{"column": "region", "operator": "in", "value": ["north", "south"]}]],
    )
    match: Literal["all", "any"] = Field("all", description="Whether all clauses must be true, or any of them.")

    @model_validator(mode="after")
    def _one_way(self) -> "Filter":
        if (self.condition is None) == (self.clauses is None):
            raise invalid("Give either 'condition' or 'clauses'.", "condition")
        if self.condition and (volatile := VOLATILE & _functions(self.condition)):
            message = f"'{min(volatile)}' gives another value each time: compute it into a column, and test that."
            raise refuse(NodeError(message, code="invalid_expression"), "condition")
        return self

    def run(self, table: Annotated[Relation, "The rows to test."], context: Context) -> Split:
        """Both outputs keep the order of the input."""
        with at("/condition" if self.condition else "/clauses"):
            test = self._test(table)
            if context.design:
                _check_boolean(table, test)
                return Split(table, table)
            return Split(table.filter(test), table.filter(f"NOT coalesce({test}, false)"))

    def _test(self, table: Relation) -> str:
        if self.condition is not None:
            return f"(\n{self.condition}\n)"
        kinds, made = names(table), []
        for index, clause in enumerate(self.clauses or ()):
            made.append(f"({clause.sql(kinds[clause.column], f'/clauses/{index}')})")
        return "(" + (" AND " if self.match == "all" else " OR ").join(made) + ")"


def _functions(expression: str) -> frozenset[str]:
    return frozenset(re.findall(r'"function_name": "([^"]*)"', json.dumps(tree(expression)).lower()))


def _check_boolean(table: Relation, test: str) -> None:
    kind = str(table.project(f"{test} AS test").types[0])
    if kind not in ("BOOLEAN", '"NULL"'):
        message = f"The condition gives {kind}, not true or false. Compare it with something, such as > 0."
        raise NodeError(message, code="type_mismatch")
