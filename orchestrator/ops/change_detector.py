"""`change_detector`: FME's ChangeDetector."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from orchestrator.errors import NodeError
from orchestrator.ops._comparable import check_comparable
from orchestrator.ops._lenient import Lenient, alike
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._taken import Source, held
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, column_of, invalid, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, names, quote


class Changes(NamedTuple):
    """What has become of the rows."""

    inserted: Annotated[Relation, "Rows of `revised` whose key is not in `original`."]
    updated: Annotated[Relation, "Rows of `revised` that differ from the original of their key, and in which columns."]
    deleted: Annotated[Relation, "Rows of `original` whose key is not in `revised`."]
    unchanged: Annotated[Relation, "Rows of `revised` that are equal to the original of their key."]


class ChangeDetector(Op):
    """Compare two states of a table: what was inserted, updated, deleted, and what is unchanged.

    Rows belong together when all key columns are equal. Null is equal to null, in keys and in what is compared; an
    empty text is not null; geometry is compared vertex by vertex, unless `lenient_geometry`. Of several rows of one
    key, the first of `original` belongs to the first of `revised`, the second to the second, and so on; those that are
    left over are deleted, or inserted. Without keys whole rows are compared: what changed is deleted and inserted, and
    nothing is updated. Columns that only one of the tables has are not compared.
    """

    category: ClassVar[str] = "Join"
    example: ClassVar[dict[str, Any]] = {"keys": ["id"], "compare": ["amount", "region"]}

    keys: list[column_of("original")] = Field(  # type: ignore[valid-type]
        [], description="Columns that tell which rows belong together; both tables have them.", examples=[["id"]]
    )
    compare: list[column_of("original")] = Field(  # type: ignore[valid-type]
        [], description="Columns in which a change counts; if empty, all that both tables have.", examples=[["name"]]
    )
    changed: NewColumn = Field(
        "changed_columns", description="New column of `updated`: a list of the compared columns that differ."
    )
    previous: NewColumn | None = Field(
        None,
        description="New column of `updated`: an object of the former values of the compared columns but geometry.",
        examples=["previous"],
    )
    lenient_geometry: Lenient = False

    @model_validator(mode="after")
    def _unique(self) -> "ChangeDetector":
        for field in ("keys", "compare"):
            unique((name, (field, index)) for index, name in enumerate(getattr(self, field)))
        if self.previous and self.previous.lower() == self.changed.lower():
            raise invalid(f"'{self.changed}' is there already.", "previous")
        return self

    def run(
        self,
        original: Annotated[Relation, "The former state."],
        revised: Annotated[Relation, "The new state."],
        context: Context,
    ) -> Changes:
        """The numbers of the rows that belong together are found first, then rows are taken by them."""
        compared = self._compared(names(original), names(revised))
        check_new(revised.columns, [(self.changed, "/changed"), (self.previous, "/previous")])
        before, after = Source(original, context), Source(revised, context)
        pairs = held(context.session.connection.sql(self._pairs(before, after, compared, context)), context)
        both = "w.o IS NOT NULL AND"
        added = {self.changed: "w.changed"}
        if self.previous:
            added[self.previous] = "w.previous"
        return Changes(
            inserted=after.taken(pairs, "r", "w.o IS NULL"),
            updated=after.taken(pairs, "r", f"{both} len(w.changed) > 0", added),
            deleted=before.taken(pairs, "o", "w.r IS NULL"),
            unchanged=after.taken(pairs, "r", f"{both} len(w.changed) = 0"),
        )

    def _compared(self, original: Mapping[str, str], revised: Mapping[str, str]) -> list[str]:
        """The columns to compare.

        Raises:
            NodeError: `unknown_column`, `type_mismatch`, `crs_mismatch`: the tables do not have the same.
        """
        tables = {"original": original, "revised": revised}
        for field in ("keys", "compare"):
            for index, name in enumerate(getattr(self, field)):
                check_comparable((name, name), tables, f"/config/{field}/{index}")
        if self.compare:
            return [name for name in self.compare if name not in self.keys]
        compared = [name for name in original if name in revised and name not in self.keys]
        self._check_case(original, revised)
        if not compared and not self.keys:
            message = "The tables have no column in common."
            raise NodeError(message, code="invalid_config", path="/config/compare")
        for name in compared:
            check_comparable((name, name), tables, "/config/compare")
        return compared

    def _check_case(self, original: Mapping[str, str], revised: Mapping[str, str]) -> None:
        folded = {name.lower(): name for name in revised}
        for name in original:
            if name not in revised and (other := folded.get(name.lower())):
                message = f"Column '{name}' of 'original' is called '{other}' in 'revised': rename one of them."
                raise NodeError(message, code="unknown_column", path="/config/compare", port="revised")

    def _pairs(self, before: Source, after: Source, compared: list[str], context: Context) -> str:
        """The row numbers of each pair, `o` and `r`, and what differs."""
        keys = self.keys or compared
        on = "".join(f" AND a.k{n} IS NOT DISTINCT FROM b.k{n}" for n in range(len(keys)))
        tests = [f"CASE WHEN a.c{n} IS DISTINCT FROM b.c{n} THEN {literal(x)} END" for n, x in enumerate(compared)]
        if not self.keys or not tests:
            tests = ["NULL::VARCHAR"]
        changed = f"list_filter([{', '.join(tests)}], lambda each: each IS NOT NULL)"
        kinds = names(before.table)
        former = [f"{quote(x)} := a.c{n}" for n, x in enumerate(compared) if not is_geometry(kinds[x])]
        previous = f", struct_pack({', '.join(former)}) AS previous" if former else ", NULL::VARCHAR AS previous"
        old, new = (self._keyed(source, keys, compared, context) for source in (before, after))
        return (
            f"SELECT a.n AS o, b.n AS r, {changed} AS changed{previous} "
            f"FROM {old} a FULL JOIN {new} b ON a.nth = b.nth{on}"
        )

    def _keyed(self, source: Source, keys: list[str], compared: list[str], context: Context) -> str:
        """Row numbers, which of its key a row is, keys and compared columns."""
        kinds = names(source.table)
        columns = [f"{_bare(name, kinds[name])} AS k{n}" for n, name in enumerate(keys)]
        columns += [f"{_bare(name, kinds[name])} AS c{n}" for n, name in enumerate(compared)]
        by = f"PARTITION BY {', '.join(map(quote, keys))} ORDER BY {source.number}"
        used = dict.fromkeys([*keys, *compared])
        rows = alike(source, used, context) if self.lenient_geometry else source.sql
        return f"(SELECT {source.number} AS n, row_number() OVER ({by}) AS nth, {', '.join(columns)} FROM {rows})"


def _bare(name: str, kind: str) -> str:
    """A column without its coordinate system, which may be written in two ways."""
    return f"st_setcrs({quote(name)}, '')" if is_geometry(kind) else quote(name)
