"""`validate`: FME's AttributeValidator."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from orchestrator.errors import NodeError, at
from orchestrator.ops._comparable import check_comparable
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._rules import Rule
from orchestrator.ops._taken import Source, held
from orchestrator.ops._types import free
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, invalid
from orchestrator.sql import literal, names, quote


class Validated(NamedTuple):
    """Where a row goes."""

    passed: Annotated[Relation, "Rows that break no rule."]
    failed: Annotated[Relation, "Rows that break a rule, and a list of those they break."]


class Validate(Op):
    """Check rows by rules: for nulls, types, ranges, lengths, patterns, lists of values, duplicates, references.

    Every rule is looked at for every row; `failed` lists those that are broken, in the order of the rules. Null breaks
    `not_null` and `has_value` only: nothing else is said of a value that is not there. An empty text is a value. NaN is
    in no range. Text is compared letter by letter, blanks too. Of rows that should be unique and are not, all fail.
    Both ports keep the order of the input.
    """

    category: ClassVar[str] = "Filter"
    example: ClassVar[dict[str, Any]] = {
        "rules": [
            {"column": "region", "kind": "pattern", "pattern": "^[a-z]+$"},
            {"column": "amount", "kind": "range", "min": 10, "max": 200, "name": "amount is sensible"},
            {"column": "id", "kind": "unique"},
        ]
    }

    rules: list[Rule] = Field(
        min_length=1,
        max_length=500,
        description="What must be so in every row.",
        examples=[[{"column": "amount", "kind": "range", "min": 0}]],
    )
    broken: NewColumn = Field("broken_rules", description="New column of `failed`: a list of the broken rules.")

    @model_validator(mode="after")
    def _told_apart(self) -> "Validate":
        seen: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.title in seen:
                raise invalid(f"Two rules are called '{rule.title}': give this one another name.", "rules", index)
            seen.add(rule.title)
        return self

    def run(
        self,
        table: Annotated[Relation, "The rows to check."],
        reference: Annotated[Relation | None, "The table that rules of kind `reference` look into."],
        context: Context,
    ) -> Validated:
        """The broken rules of each row are found once; both ports are taken from that."""
        check_new(table.columns, [(self.broken, "/broken")])
        self._check_references(table, reference)
        known = "" if reference is None else context.session.name(held(reference, context))
        tests = []
        for index, rule in enumerate(self.rules):
            with at(f"/rules/{index}"):
                test = rule.sql(table, f"/rules/{index}", known)
                tests.append(f"CASE WHEN NOT ({test}) THEN {literal(rule.title)} END")
        broken = f"list_filter([{', '.join(tests)}], lambda each: each IS NOT NULL)"
        if any(rule.kind in ("unique", "reference") for rule in self.rules):
            return self._by_number(table, broken, context)
        name = quote(free(table.columns, "_broken"))
        checked, columns = held(table, context).project(f"*, {broken} AS {name}"), ", ".join(map(quote, table.columns))
        return Validated(
            passed=checked.filter(f"len({name}) = 0").project(columns),
            failed=checked.filter(f"len({name}) > 0").project(f"{columns}, {name} AS {quote(self.broken)}"),
        )

    def _by_number(self, table: Relation, broken: str, context: Context) -> Validated:
        """Rules that look at other rows lose the order: rows are taken by number."""
        rows = Source(table, context)
        query = f"SELECT {rows.number} AS n, {broken} AS broken FROM {rows.sql}"
        checked = held(context.session.connection.sql(query), context)
        return Validated(
            passed=rows.taken(checked, "n", "len(w.broken) = 0"),
            failed=rows.taken(checked, "n", "len(w.broken) > 0", {self.broken: "w.broken"}),
        )

    def _check_references(self, table: Relation, reference: Relation | None) -> None:
        for index, rule in enumerate(self.rules):
            if rule.column is None or rule.reference is None:
                continue
            path = f"/config/rules/{index}/reference"
            if reference is None:
                message = "The rule needs a table at 'reference' to look into."
                raise NodeError(message, code="input_not_connected", path=path, port="reference")
            tables = {"table": names(table), "reference": names(reference)}
            check_comparable((rule.column, rule.reference), tables, path)
