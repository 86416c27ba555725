"""What node types share that hold the geometry of a table against that of another."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from orchestrator.ops._in_groups import InGroups
from orchestrator.ops.settings import invalid

if TYPE_CHECKING:
    from orchestrator.ops._pairs import Index
    from orchestrator.ops._spatial import Shapes


class Related(InGroups):
    """A node type with a predicate between two tables; it says itself which predicates it has."""

    predicate: str = "intersects"
    distance: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="For `dwithin`: how far apart at most.", examples=[500]
    )
    unit: Literal["crs", "metre"] = Field(
        "crs",
        description="Unit of the distance: that of the coordinate system, or metres; between geometry in degrees "
        "these are geodesic, and for points alone.",
    )

    @model_validator(mode="after")
    def _distance_is_for_dwithin(self) -> "Related":
        if (self.distance is not None) != (self.predicate == "dwithin"):
            raise invalid("'dwithin' needs a 'distance', and no other predicate takes one.", "distance")
        return self

    def index(self, others: "Shapes", crs: str | None, ports: tuple[str, str]) -> "Index":
        """What finds among `others` those that belong to a shape; `ports` are that of the shapes, and the others'."""
        from orchestrator.ops._near import Near, space
        from orchestrator.ops._pairs import Index, NearIndex

        own, their = ports
        if self.distance is not None:
            return NearIndex(Near(others, space(self.unit, crs, own), their, own), self.distance, own)
        return Index(others, "intersects" if self.predicate == "disjoint" else self.predicate, own)
