"""Adding rows to a layer of a GeoPackage: its feature ids, indexes, constraints and triggers stay."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import NodeError
from orchestrator.formats import vector
from orchestrator.formats.base import Relation
from orchestrator.schema import geometry_columns, is_geometry
from orchestrator.sql import names, quote

DECLARED = {
    "INTEGER": "MEDIUMINT", "BIGINT": "INTEGER", "DOUBLE": "REAL", "BOOLEAN": "BOOLEAN", "DATE": "DATE", "BLOB": "BLOB",
    "TIMESTAMP": "DATETIME", "TIMESTAMP WITH TIME ZONE": "DATETIME",
}  # fmt: skip
HEIGHTS_NEVER, HEIGHTS_ALWAYS = 0, 1


@dataclass(frozen=True)
class Shapes:
    """What geometry a layer may have: its kind in large letters, `GEOMETRY` for any, and whether with heights."""

    kind: str
    heights: int

    def takes(self, rows: Relation) -> bool:
        """Whether all geometry of these rows is of the kind."""
        found = vector.kinds(rows)
        kinds = {kind.upper() for kind, _ in found}
        heights = {high for _, high in found}
        return (self.kind == "GEOMETRY" or kinds <= {self.kind}) and not (
            (self.heights == HEIGHTS_NEVER and True in heights) or (self.heights == HEIGHTS_ALWAYS and False in heights)
        )


def fits(old: Relation, together: Relation) -> bool:
    """Whether the columns of a layer hold new rows as they are; `together` are both."""
    after = names(together)
    return all(is_geometry(kind) or after[name] == kind for name, kind in names(old).items())


def shapes_of(path: Path, layer: str) -> Shapes | None:
    """What geometry a layer may have; None where it has none."""
    query = "SELECT geometry_type_name, z FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)"
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(query, (layer,)).fetchone()
    return Shapes(str(found[0]).upper(), int(found[1])) if found else None


def add_columns(path: Path, layer: str, old: Relation, new: Relation) -> None:
    """Give the layer the columns that it has not."""
    there = {name.lower() for name in old.columns}
    with closing(sqlite3.connect(path)) as connection:
        for name, kind in names(new).items():
            if name.lower() not in there:
                declared = DECLARED.get(kind, "TEXT")
                connection.execute(f"ALTER TABLE {quote(layer)} ADD COLUMN {quote(name)} {declared}")
        connection.commit()


def add_rows(path: Path, layer: str, rows: Relation) -> int:
    """Write the rows behind those of the layer, whose columns they are of.

    Raises:
        NodeError: `query_failed`.
    """
    kind = "Unknown" if geometry_columns(rows) else None  # the layer has its own
    try:
        return vector.write(rows, path, driver="GPKG", layer=layer, append=True, geometry_type=kind)
    except NodeError as error:
        if error.code != "invalid_geometry":  # what is said where GDAL does not say why
            raise
        message = f"Layer '{layer}' does not take all of these rows: a constraint, an index or a trigger refuses one."
        raise NodeError(message, code="query_failed", port="table") from None
