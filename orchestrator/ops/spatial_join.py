"""`spatial_join`: FME's PointOnAreaOverlayer, SpatialFilter and SpatialRelator."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, WithJsonSchema

from orchestrator.crs import same, title, written_in
from orchestrator.errors import NodeError, at
from orchestrator.faults import unknown_column
from orchestrator.ops._spatial import BATCH, geometry_of, kind_of, missing_crs, shapes
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import InPort
from orchestrator.tables import quote

if TYPE_CHECKING:
    import pyarrow as pa

    from orchestrator.ops._pairs import Index

RightColumn = Annotated[
    str,
    Field(min_length=1),
    InPort("right"),
    WithJsonSchema({"type": "string", "minLength": 1, "x-ui": {"widget": "column", "port": "right"}}),
]


class SpatialJoined(NamedTuple):
    """Pairs, and the rows without one."""

    joined: Annotated[Relation, "One row for each pair: the left row, its geometry, and the right row's columns."]
    left_only: Annotated[Relation, "Left rows that match nothing, also those without geometry."]


class SpatialJoin(Op):
    """Match rows of two tables by where they are.

    The predicate reads left to right: a left point is `within` a right area. Rows come in the order of the left
    table, the matches of one row in the order of the right. A null or empty geometry matches nothing.
    """

    category: ClassVar[str] = "Spatial"
    example: ClassVar[dict[str, Any]] = {"predicate": "within", "columns": ["country"]}

    predicate: Literal["intersects", "within", "contains", "touches", "crosses", "overlaps", "covers"] = Field(
        "intersects", description="What the left geometry must do to the right one."
    )
    columns: list[RightColumn] | None = Field(
        None, description="Columns to take from the right table; without it all but its geometry.", examples=[["name"]]
    )
    multiple: Literal["all", "first"] = Field(
        "all", description="A row for every match, or for the first one in the order of the right table."
    )
    suffix: str = Field("_right", description="Appended to a right column's name that the left table has too.")

    def run(
        self,
        left: Annotated[Relation, "Rows to keep, with their geometry."],
        right: Annotated[Relation, "Rows to look for."],
        context: Context,
    ) -> SpatialJoined:
        """The left is read in batches; attributes are never looked at, only taken by row number."""
        from orchestrator.ops._pairs import Index

        where, against = geometry_of(left, "left"), geometry_of(right, "right")
        check_systems(kind_of(left, where), kind_of(right, against))
        names = self._names(left, right, against)
        found = right.project(", ".join(map(quote, [*names, against]))).to_arrow_table()
        index = Index(shapes(found.column(len(names)), "right"), self.predicate, first=self.multiple == "first")
        taken = found.select(range(len(names))).rename_columns(list(names.values()))
        joined, alone = matched(left, where, taken, index)
        return SpatialJoined(context.session.arrow(joined), context.session.arrow(alone))

    def _names(self, left: Relation, right: Relation, geometry: str) -> dict[str, str]:
        """The right's columns to take, with what they are called afterwards."""
        known = {name.lower(): name for name in right.columns}
        wanted = [name for name in right.columns if name != geometry] if self.columns is None else self.columns
        used = {name.lower() for name in left.columns}
        names: dict[str, str] = {}
        for number, name in enumerate(dict.fromkeys(wanted)):
            if name.lower() not in known:
                with at(f"/columns/{number}"):
                    raise unknown_column(name, right.columns, "right")
            called = name + self.suffix if name.lower() in used else name
            if called.lower() in used:
                message = f"Both tables have a column '{called}'; another suffix keeps them apart."
                raise NodeError(message, code="duplicate_column", path="/config/suffix")
            used.add(called.lower())
            names[known[name.lower()]] = called
        return names


def check_systems(left: str, right: str) -> None:
    """Refuse geometry that cannot be compared; `left` and `right` are DuckDB types. Both unknown is taken as the same.

    Raises:
        NodeError: `crs_mismatch`, or `missing_crs` where one side is unknown.
    """
    one, other = written_in(left), written_in(right)
    if one == other or (one and other and same(one, other)):
        return
    if one is None or other is None:
        port = "left" if one is None else "right"
        raise missing_crs(port, "A reproject node with the same 'from' and 'to' says which it is.")
    target = title(one)
    message = f"The left table is in {target}, the right one in {title(other)}. They must be in the same system."
    hint = f'reproject the right table first: {{"to": "{target}"}}'
    raise NodeError(message, code="crs_mismatch", port="right", hint=hint)


def matched(left: Relation, where: str, right: "pa.Table", index: "Index") -> "tuple[pa.Table, pa.Table]":
    """The pairs of rows side by side, and the left rows without one. `right` has the rows of the index."""
    import numpy as np
    import pyarrow as pa

    with left.to_arrow_reader(BATCH) as reader:
        schema = pa.schema([*reader.schema, *right.schema])
        joined, alone, before = [schema.empty_table()], [reader.schema.empty_table()], 0
        for batch in reader:
            ours, theirs = index.pairs(shapes(batch.column(where), "left", before), before)
            columns = [*batch.take(pa.array(ours)).columns, *(each.take(pa.array(theirs)) for each in right.columns)]
            joined.append(pa.Table.from_arrays(columns, schema=schema))
            rest = np.ones(batch.num_rows, dtype=bool)
            rest[ours] = False
            alone.append(pa.Table.from_batches([batch.filter(pa.array(rest))], reader.schema))
            before += batch.num_rows
    return pa.concat_tables(joined), pa.concat_tables(alone)
