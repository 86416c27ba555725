"""Rows in groups, and one or several shapes for each group, beside aggregates of the other columns."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import Field, model_validator

from orchestrator.carried import to_arrow
from orchestrator.errors import NodeError, at
from orchestrator.ops._aggregating import Aggregating
from orchestrator.ops._aggregations import Aggregation
from orchestrator.ops._numbered import listed
from orchestrator.ops._shaped import known
from orchestrator.ops._spatial import finite_shapes, geometry_field, shapes, vectorised, without_measures, wkb
from orchestrator.ops._types import free, storable
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.settings import invalid
from orchestrator.schema import geometry_columns
from orchestrator.sql import names, quote
from orchestrator.tables import Session

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from orchestrator.ops._spatial import Shapes

    Numbers = np.ndarray[Any, np.dtype[np.int64]]


class Grouped(Aggregating):
    """A node type that makes shapes of groups of rows."""

    @model_validator(mode="after")
    def _without_unions(self) -> "Grouped":
        for index, each in enumerate(self.aggregations):
            if each.function == "union_geometry":
                message = "'union_geometry' is for aggregate; here 'first' keeps another geometry column."
                raise invalid(message, "aggregations", index, "function")
        return self

    def needed(self, table: Relation, *others: str) -> list[str]:
        """The columns that matter: those of the groups, of the aggregates, and these.

        Raises:
            NodeError: `unknown_column`.
        """
        wanted = [known(table, name, f"/group_by/{index}") for index, name in enumerate(self.group_by)]
        for index, each in enumerate(self.aggregations):
            if each.column != "*":
                wanted.append(known(table, each.column, f"/aggregations/{index}/column"))
        return list(dict.fromkeys([*wanted, *others]))

    def read(self, table: Relation, *others: str) -> "pa.Table":
        """The columns that matter, and these."""
        return to_arrow(table.project(listed(self.needed(table, *others))))

    def groups(self, rows: "pa.Table", session: Session) -> "Groups":
        """The rows in groups."""
        return Groups(rows, session, self.group_by, self.aggregations)

    def one_each(
        self,
        table: Relation,
        geometry: tuple[str, str | None],
        work: "Callable[[Shapes], Any]",
        context: Context,
        *,
        finite: bool = True,
    ) -> Relation:
        """A row for each group: `work` turns a collection of all its shapes into one. Only nulls give null.

        `geometry` is the column, and its coordinate system (PROJJSON).

        Raises:
            NodeError: `invalid_geometry`, with the row (from 1); if they must be `finite`, of a coordinate that is no
                number, too.
        """
        column, crs = geometry
        rows = self.read(table, column)
        groups = self.groups(rows, context.session)
        given = finite_shapes(rows.column(column)) if finite else shapes(rows.column(column))
        made = groups.worked(groups.collections(given), work)
        return context.session.arrow(groups.table(made, column, crs))


class GroupedOrNot(Grouped):
    """A node type that makes a shape of each row, or of each group of rows."""

    per: Literal["row", "group"] = Field("row", description="One for each row, or one for all shapes of a group.")

    @model_validator(mode="after")
    def _groups_are_wanted(self) -> "GroupedOrNot":
        for name in ("group_by", "aggregations"):
            if self.per == "row" and getattr(self, name):
                raise invalid(f"'{name}' is for groups: set 'per' to 'group'.", name)
        return self


def asked(table: Relation, query: str) -> Relation:
    """A query over this table as `_rows`, which leaves no view behind."""
    return cast(Relation, table.query("_rows", query))


def numbers(table: Relation) -> "Numbers":
    """Those of its only column."""
    found: Numbers = table.to_arrow_table().column(0).to_numpy()
    return found


def _aggregates(made: Sequence[Aggregation], table: Relation, number: str) -> list[str]:
    kinds = {name.lower(): kind for name, kind in names(table).items()}
    found = []
    for index, each in enumerate(made):
        with at(f"/aggregations/{index}/function"):
            found.append(f"{each.sql(kinds.get(each.column.lower(), ''), number)} AS {quote(each.output)}")
    return found


class Groups:
    """Groups of rows in the order in which they appear; null is a group of its own.

    `of` has the number of each row's group, from 0; `firsts` the number of each group's first row.

    Raises:
        NodeError: `type_mismatch`, an aggregate does not take its column.
    """

    def __init__(
        self, rows: "pa.Table", session: Session, group_by: Sequence[str], made: Sequence[Aggregation]
    ) -> None:
        import numpy as np
        import pyarrow as pa

        self._number = free([*rows.column_names, *group_by, *(each.output for each in made)], "_row")
        numbered = session.arrow(rows.append_column(self._number, pa.array(np.arange(len(rows)))))
        number, keys = quote(self._number), [f"t.{quote(name)}" for name in group_by]
        columns = [*keys, *_aggregates(made, numbered, number), f"min(t.{number}) AS {number}"]
        by = f"GROUP BY {', '.join(keys)}" if keys else "HAVING count(*) > 0"
        query = f"SELECT {', '.join(columns)} FROM _rows t {by} ORDER BY min(t.{number})"
        groups = storable(asked(numbered, query))
        self._geometry, self._attributes = geometry_columns(groups), to_arrow(groups)
        self.firsts: Numbers = self._attributes.column(self._number).to_numpy()
        over = f"PARTITION BY {', '.join(keys)}" if keys else ""
        query = f"SELECT min(t.{number}) OVER ({over}) FROM _rows t ORDER BY t.{number}"
        self.of: Numbers = np.searchsorted(self.firsts, numbers(asked(numbered, query)))

    def collections(self, shapes: "Shapes") -> "Shapes":
        """All shapes of each group as one collection, in the order of the rows; None where there is none.

        One geometry cannot have heights in some parts only: they stay where all shapes of a group have them. Measures
        are dropped.
        """
        import numpy as np
        import shapely

        made: Shapes = np.full(len(self.firsts), None, dtype=object)
        there = ~shapely.is_missing(shapes)
        flat = there & ~shapely.has_z(shapes) & ~shapely.is_empty(shapes)
        high = np.bincount(self.of[flat], minlength=len(made)) == 0
        rows = np.flatnonzero(there)
        rows = rows[np.argsort(self.of[rows], kind="stable")]
        parts = without_measures(shapes[rows])
        mixed = ~high[self.of[rows]]
        parts[mixed] = shapely.force_2d(parts[mixed])
        shapely.geometrycollections(parts, indices=self.of[rows], out=made)
        return made

    def worked(self, collections: "Shapes", work: "Callable[[Shapes], Any]") -> "Shapes":
        """`work` on the collections.

        Raises:
            NodeError: `invalid_geometry`, with the first row (from 1) of the group that GEOS cannot do.
        """
        import numpy as np

        try:
            made: Shapes = np.asarray(vectorised(work, collections, rows=self.firsts), dtype=object)
        except NodeError as error:
            reason = error.message.rpartition(": ")[2]
            message = f"The geometry of the group that begins with row {error.row} cannot be used: {reason}"
            raise NodeError(message, code=error.code, port=error.port, row=error.row) from None
        return made

    def table(self, shapes: "Shapes", column: str, crs: str | None, of: "Numbers | None" = None) -> "pa.Table":
        """Columns, aggregates and shape of each group; or a row for each shape, of the groups of these numbers.

        Raises:
            NodeError: `duplicate_column`, an attribute is called like the geometry.
        """
        import pyarrow as pa

        if column.lower() in map(str.lower, self._attributes.column_names):
            message = f"The geometry column is called '{column}', and so is a column of the groups. Rename one of them."
            raise NodeError(message, code="duplicate_column", path="/config/aggregations")
        rows = self._attributes if of is None else self._attributes.take(pa.array(of))
        place = next((i for i, name in enumerate(rows.column_names) if name in self._geometry), rows.num_columns)
        return rows.add_column(place, geometry_field(column, crs), wkb(shapes)).drop_columns([self._number])
