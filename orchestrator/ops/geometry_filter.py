"""`geometry_filter`: FME's GeometryFilter."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.ops._routed import check_names, with_outputs
from orchestrator.ops._spatial import geometry_of, shapes
from orchestrator.ops.base import Context, Op, Ports, Relation
from orchestrator.ops.settings import PortName, unique

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

Kind = Literal[
    "point", "line", "polygon", "multipoint", "multiline", "multipolygon", "collection", "empty", "null"
]  # fmt: skip
KINDS: dict[Kind, tuple[int, ...]] = {
    "point": (0,), "line": (1, 2), "polygon": (3,), "multipoint": (4,), "multiline": (5,), "multipolygon": (6,),
    "collection": (7,), "empty": (), "null": (-1,),
}  # fmt: skip


class Branch(BaseModel):
    """Kinds of geometry and their port. In a list, a kind alone stands for a port that is called so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: PortName = Field(description="Name of the output port.", examples=["areas"])
    kinds: list[Kind] = Field(
        min_length=1, description="The kinds of geometry that leave by it.", examples=[["polygon", "multipolygon"]]
    )

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, given: Any) -> Any:
        return {"port": given, "kinds": [given]} if isinstance(given, str) else given

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        """Allows both."""
        return {"anyOf": [handler(core), {"type": "string", "enum": list(KINDS)}]}


class Fixed(NamedTuple):
    """What every such node has."""

    rest: Annotated[Relation, "Rows with geometry of any other kind."]


class GeometryFilter(Op):
    """Send each row to the port of the kind of geometry it has: points, lines, polygons, …, else to `rest`.

    Several kinds may share a port. Empty geometry is of kind `empty`, whatever it is empty of; a row without geometry
    is `null`. Each port keeps the order of the input. The first geometry column counts.
    """

    category: ClassVar[str] = "Spatial"
    holds_rows: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {
        "branches": ["point", {"port": "areas", "kinds": ["polygon", "multipolygon"]}, "null"]
    }

    branches: list[Branch] = Field(
        min_length=1,
        description="The ports and the kinds of geometry for each.",
        examples=[["point", "line", {"port": "areas", "kinds": ["polygon", "multipolygon"]}]],
    )

    @model_validator(mode="after")
    def _unique(self) -> "GeometryFilter":
        check_names(type(self), ((each.port, ("branches", n, "port")) for n, each in enumerate(self.branches)))
        named = (
            (kind, ("branches", n, "kinds", m)) for n, e in enumerate(self.branches) for m, kind in enumerate(e.kinds)
        )
        unique(named, "Kind")
        return self

    def own_ports(self) -> Ports:
        """A port for each branch."""
        return with_outputs(self, ((each.port, f"Rows with {' or '.join(each.kinds)}.") for each in self.branches))

    def run(
        self, table: Annotated[Relation, "The rows to send."], context: Context
    ) -> Annotated[dict[str, Relation], Fixed]:
        """Only the kind of each shape is looked at."""
        import numpy as np

        from orchestrator.ops._parted import Part, parted

        ports = list(self.ports.outputs)

        def work(batch: Any, before: int) -> dict[str, Part]:
            places = self._places(shapes(batch, before=before))
            return {port: Part(np.flatnonzero(places == number)) for number, port in enumerate(ports)}

        made = parted(table, geometry_of(table), dict.fromkeys(ports, ()), work, context.unused)
        return {port: context.session.arrow(each) for port, each in made.items()}

    def _places(self, batch: "Shapes") -> Any:
        """The number of each row's port."""
        import numpy as np
        import shapely

        kinds, empty = shapely.get_type_id(batch), shapely.is_empty(batch)
        places = np.full(len(batch), len(self.branches))
        for number, branch in enumerate(self.branches):
            ids = [each for kind in branch.kinds for each in KINDS[kind]]
            places[np.isin(kinds, ids) & ~empty] = number
            if "empty" in branch.kinds:
                places[empty] = number
        return places
