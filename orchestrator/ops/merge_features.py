"""`merge_features`: FME's FeatureMerger."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError
from orchestrator.ops._comparable import check_keys
from orchestrator.ops._first_match import FirstMatch
from orchestrator.ops._new_columns import beside, check_new
from orchestrator.ops._taken import Source
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import NewColumn, column_of
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, names, quote


class Key(BaseModel):
    """A pair of columns that must be equal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requestor: column_of("requestor") = Field(description="Column of the requestors.", examples=["cust_id"])  # type: ignore[valid-type]
    supplier: column_of("supplier") = Field(description="Column of the suppliers.", examples=["id"])  # type: ignore[valid-type]


class Merged(NamedTuple):
    """What was found, and what was not."""

    merged: Annotated[Relation, "Requestors with the columns of their supplier."]
    unmerged_requestor: Annotated[Relation, "Requestors without a supplier."]
    used_supplier: Annotated[Relation, "Suppliers that a requestor was given."]
    unused_supplier: Annotated[Relation, "All other suppliers, also those of a key whose first one was given."]
    rejected: Annotated[Relation, "Requestors with a null in their keys, if `null_keys` says so."]


class MergeFeatures(Op):
    """Give each row of one table the columns of the row of another that has the same keys.

    A requestor comes out once: it is given the first supplier of its keys, in the order of the suppliers, and with
    `suppliers` a list of all of them. Null is equal to nothing; an empty text is a value, and text is compared letter
    by letter. Keys come out once, under the requestor's names. A supplier's geometry is given only where `columns`
    names it. Where the supplier's value wins it does so also where it is null. Requestors and suppliers keep their
    order.
    """

    category: ClassVar[str] = "Join"
    example: ClassVar[dict[str, Any]] = {
        "keys": [{"requestor": "region", "supplier": "region"}],
        "columns": ["amount", "day"],
        "conflict": "supplier",
    }

    keys: list[Key] = Field(
        min_length=1, description="What must be equal.", examples=[[{"requestor": "cust_id", "supplier": "id"}]]
    )
    columns: list[column_of("supplier")] | None = Field(  # type: ignore[valid-type]
        None,
        description="Columns to take from the supplier; without it all but its keys and its geometry.",
        examples=[["name", "city"]],
    )
    conflict: Literal["requestor", "supplier", "suffix"] = Field(
        "requestor", description="Whose value a column of both tables has; or both, the supplier's with the suffix."
    )
    suffix: str = Field("_supplier", min_length=1, max_length=100, description="For names that both tables have.")
    suppliers: NewColumn | None = Field(
        None,
        description="New column of `merged`: a list of all suppliers of the keys, as objects without geometry.",
        examples=["suppliers"],
    )
    null_keys: Literal["unmerged", "reject"] = Field(
        "unmerged", description="Where requestors go that have a null in their keys."
    )

    def run(
        self,
        requestor: Annotated[Relation, "Rows to be completed."],
        supplier: Annotated[Relation, "Rows to be looked up."],
        context: Context,
    ) -> Merged:
        """Row numbers that belong together are found first, then rows are taken by them."""
        keys = [(key.requestor, key.supplier) for key in self.keys]
        check_keys(keys, {"requestor": names(requestor), "supplier": names(supplier)})
        taken = self._taken(requestor, supplier)
        ours, theirs = Source(requestor, context), Source(supplier, context)
        match = FirstMatch(ours, theirs, keys, context)
        found = match.found(theirs, list(taken), *(self._lists(match, theirs) if self.suppliers else ()))
        added = {name: f"w.c{place}" for place, name in enumerate(taken.values())}
        if self.suppliers:
            check_new([*requestor.columns, *taken.values()], [(self.suppliers, "/suppliers")])
            added[self.suppliers] = "w.suppliers"
        used, connection = self._used(match), context.session.connection
        rest = f"SELECT {theirs.number} AS n FROM {theirs.sql} WHERE {theirs.number} NOT IN (SELECT n FROM ({used}))"
        reject = self.null_keys == "reject"
        reasons = {"rejection_code": "'null_key'", "rejection_message": f"{literal(self._message())}"}
        return Merged(
            merged=ours.taken(found, "r", "w.s IS NOT NULL", added),
            unmerged_requestor=ours.taken(match.pairs, "r", f"w.s IS NULL{' AND NOT w.missing' if reject else ''}"),
            used_supplier=theirs.taken(connection.sql(used), "n"),
            unused_supplier=theirs.taken(connection.sql(rest), "n"),
            rejected=ours.taken(match.pairs, "r", "w.missing" if reject else "false", reasons),
        )

    def _taken(self, requestor: Relation, supplier: Relation) -> dict[str, str]:
        """The supplier's columns to take, and what they are called afterwards."""
        keys = {key.supplier for key in self.keys}
        kinds = names(supplier)
        wanted = self.columns
        if wanted is None:
            wanted = [name for name, kind in kinds.items() if name not in keys and not is_geometry(kind)]
        if self.conflict == "suffix":
            return beside(requestor.columns, wanted, self.suffix)
        own = {name.lower(): name for name in requestor.columns}
        if self.conflict == "requestor":
            return {name: name for name in wanted if name.lower() not in own}
        return {name: own.get(name.lower(), name) for name in wanted}

    def _lists(self, match: FirstMatch, theirs: Source) -> tuple[str, str]:
        """A column and a join that add the lists of suppliers."""
        kinds = names(theirs.table)
        columns = [name for name in self.columns or kinds if not is_geometry(kinds[name])]
        if not columns:
            message = "An object needs a column that is no geometry."
            raise NodeError(message, code="invalid_config", path="/config/suppliers")
        packed = ", ".join(f"{quote(name)} := y.{quote(name)}" for name in columns)
        source = f"{match.names(match.theirs)} t JOIN {theirs.sql} y ON t.n = y.{theirs.number}"
        lists = f"SELECT t.first, list(struct_pack({packed}) ORDER BY t.n) AS suppliers FROM {source} GROUP BY t.first"
        return ", z.suppliers", f"LEFT JOIN ({lists}) z ON p.s = z.first"

    def _used(self, match: FirstMatch) -> str:
        first = f"SELECT DISTINCT s AS n FROM {match.names(match.pairs)} WHERE s IS NOT NULL"
        if self.suppliers is None:
            return first
        return f"SELECT t.n FROM {match.names(match.theirs)} t JOIN ({first}) u ON t.first = u.n"

    def _message(self) -> str:
        return f"A key is null: {' or '.join(key.requestor for key in self.keys)}."
