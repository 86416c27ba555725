"""`points_from_xy`: FME's VertexCreator."""

import re
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from orchestrator.crs import Crs, projjson
from orchestrator.errors import NodeError
from orchestrator.faults import unknown_column
from orchestrator.ops._rejected import rejected
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn
from orchestrator.schema import geometry_columns
from orchestrator.sql import literal, names, quote

NUMERIC = re.compile(r'U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)|BIGNUM|VARCHAR|"NULL"')


class Points(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "Rows with their point."]
    rejected: Annotated[Relation, "Rows without usable coordinates; `rejection_code` and `rejection_message` say why."]


class PointsFromXy(Op):
    """Make a point from the coordinates in two or three columns.

    Text that is a number counts as one. A row where a coordinate is null (`missing_coordinate`), no number
    (`not_a_number`), or NaN or infinite (`not_finite`) is rejected.
    """

    title: ClassVar[str] = "Points from X and Y"
    category: ClassVar[str] = "Spatial"
    row_by_row: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"x": "lon", "y": "lat"}

    x: Column = Field(description="Column of the x coordinate, or longitude.", examples=["lon"])
    y: Column = Field(description="Column of the y coordinate, or latitude.", examples=["lat"])
    z: Column | None = Field(None, description="Column of the height; without it points are flat.", examples=["height"])
    crs: Crs = Field("EPSG:4326", description="Coordinate system of the numbers.", examples=["EPSG:4326"])
    geometry: NewColumn = Field("geometry", description="Name of the new column; one of that name is replaced.")
    drop: bool = Field(False, description="Leave out the columns that the coordinates come from.")

    def run(self, table: Annotated[Relation, "Rows with coordinates."]) -> Points:
        """Both outputs are SQL over the input, evaluated as it is read. Doubles keep every bit."""
        for setting, name in self._axes().items():
            check_numeric(names(table), name, f"/config/{setting}")
        usable = " AND ".join(f"isfinite({number(name)})" for name in self._axes().values())
        good = f"coalesce({usable}, false)"
        return Points(
            table.filter(good).project(self._columns(table)),
            rejected(table.filter(f"NOT {good}"), table.columns, *self._reasons()),
        )

    def _axes(self) -> dict[str, str]:
        axes = {"x": self.x, "y": self.y, "z": self.z}
        return {setting: name for setting, name in axes.items() if name is not None}

    def _columns(self, table: Relation) -> str:
        """What comes out: the point goes before any other geometry, so that it is the active one."""
        gone = {self.geometry.lower()} | ({name.lower() for name in self._axes().values()} if self.drop else set())
        kept = [name for name in table.columns if name.lower() not in gone]
        others = set(geometry_columns(table))
        place = next((index for index, name in enumerate(kept) if name in others), len(kept))
        made = [quote(name) for name in kept]
        made.insert(place, f"{self._point()} AS {quote(self.geometry)}")
        return ", ".join(made)

    def _point(self) -> str:
        axes = list(self._axes().values())
        text = f"POINT {'Z ' if len(axes) == 3 else ''}({' '.join(['{}'] * len(axes))})"
        numbers = ", ".join(number(name) for name in axes)
        return f"st_setcrs(format('{text}', {numbers})::GEOMETRY, {literal(projjson(self.crs))})"

    def _reasons(self) -> list[str]:
        """The code and the message, as SQL."""
        cases = self._cases()
        return [f"CASE {' '.join(f'WHEN {each[0]} THEN {each[said]}' for each in cases)} END" for said in (1, 2)]

    def _cases(self) -> list[tuple[str, str, str]]:
        cases = []
        for name in self._axes().values():
            column, said = quote(name), literal(f"'{name}' is ")
            value = f"left({column}::VARCHAR, 100)"
            cases += [
                (f"{column} IS NULL", "'missing_coordinate'", f"{said} || 'null.'"),
                (f"{number(name)} IS NULL", "'not_a_number'", f"{said} || 'no number: ' || {value} || '.'"),
                (f"NOT isfinite({number(name)})", "'not_finite'", f"{said} || 'not finite: ' || {value} || '.'"),
            ]
        return cases


def number(name: str) -> str:
    """SQL for a column as a double; null where it is none."""
    return f"TRY_CAST({quote(name)} AS DOUBLE)"


def check_numeric(kinds: Any, name: str, path: str) -> None:
    """Refuse a column that cannot hold a coordinate.

    Raises:
        NodeError: `unknown_column`, `type_mismatch`.
    """
    found = next((kind for known, kind in kinds.items() if known.lower() == name.lower()), None)
    if found is None:
        error = unknown_column(name, kinds)
        error.path = path
        raise error
    if not NUMERIC.fullmatch(found):
        message = f"Column '{name}' is {found.split('(')[0]}; a coordinate must be a number, or text that is one."
        raise NodeError(message, code="type_mismatch", path=path)
