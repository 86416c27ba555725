"""`combine_parts`: FME's Aggregator."""

from typing import Annotated, Any, ClassVar

from orchestrator.ops._grouped import Grouped
from orchestrator.ops._shaped import GeometryColumn, active
from orchestrator.ops.base import Context, Relation


class CombineParts(Grouped):
    """Collect the shapes of each group in one geometry of several parts; nothing is merged or cut.

    Points give a multipoint, lines a multiline, areas a multipolygon, several kinds a collection; what had parts comes
    part by part, in the order of the rows. Groups come in the order in which they appear, null is a group of its own; a
    row has the columns of the group, the aggregates, and the geometry. Null and empty shapes are skipped: only nulls
    give null, else there is an empty collection. Heights stay where all shapes of a group have
    them; measures are dropped. Areas of a multipolygon may overlap, which makes it invalid: `dissolve` merges them.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"group_by": ["region"], "aggregations": [{"function": "count"}]}

    geometry: GeometryColumn = None

    def run(self, table: Annotated[Relation, "Rows with geometry."], context: Context) -> Relation:
        """Geometry in the same coordinate system."""
        from orchestrator.ops._parts import multiple

        return self.one_each(table, active(table, self.geometry), multiple, context, finite=False)
