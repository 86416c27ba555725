"""Curves in files: read as lines; what cannot be read is told with the feature."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.formats.gdal import gdal
from orchestrator.formats.vector import quietly
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
DRIVERS = {"geopackage": ("GPKG", ".gpkg"), "flatgeobuf": ("FlatGeobuf", ".fgb"), "gml": ("GML", ".gml")}
LINE = shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)]))


def wkb(kind: int, *points: tuple[float, float]) -> bytes:
    return struct.pack("<BII", 1, kind, len(points)) + b"".join(struct.pack("<dd", *each) for each in points)


def around(kind: int, shape: bytes) -> bytes:
    return struct.pack("<BII", 1, kind, 1) + shape


ARC = wkb(8, (0, 0), (1, 1), (2, 0))
DISC = around(10, wkb(8, (0, 0), (1, 1), (2, 0), (1, -1), (0, 0)))
LENGTHS = {
    "arc": (ARC, 3.14),
    "compound": (around(9, ARC), 3.14),
    "disc": (DISC, 6.28),
    "discs": (around(12, DISC), 6.28),
}
TRIANGLE = around(17, struct.pack("<I8d", 4, 0, 0, 1, 0, 1, 1, 0, 0))
UNREAD = {"a collection with curves": around(7, ARC), "a collection with curves ": around(7, around(7, ARC)),
          "a triangle": TRIANGLE}  # fmt: skip


def made(root: Path, kind: str, shapes: list[bytes | None]) -> str:
    driver, ending = DRIVERS[kind]
    options = {"FORMAT": "GML3.2"} if kind == "gml" else {}
    layer = {"SPATIAL_INDEX": "NO"} if kind == "flatgeobuf" else {}
    with quietly():
        gdal().raw.write(
            str(root / f"a{ending}"), numpy.array(shapes, dtype=object), [numpy.arange(len(shapes))], ["n"],
            driver=driver, geometry_type="Unknown", crs="EPSG:25832", dataset_options=options, layer_options=layer,
        )  # fmt: skip
    return f"a{ending}"


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("shape", LENGTHS)
def test_a_curve_is_read_as_a_line(context: Context, load: Load, kind: str, shape: str) -> None:
    curve, length = LENGTHS[shape]
    table = load(source_type=kind, path=made(context.root, kind, [LINE, curve, None, curve, LINE]))
    name = next(each for each, type_ in zip(table.columns, table.types, strict=True) if "GEOMETRY" in str(type_))
    rows = table.project(f"n, ST_AsWKB({name})::BLOB").fetchall()
    found = [None if each is None else shapely.from_wkb(bytes(each)) for _, each in rows]
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4]
    assert [each and round(each.length, 2) for each in found] == [1.41, length, None, length, 1.41]
    assert found[1].is_valid


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("what", UNREAD)
def test_what_is_not_read_is_told_with_its_feature(context: Context, load: Load, kind: str, what: str) -> None:
    path = made(context.root, kind, [LINE, None, UNREAD[what]])
    said = "a TIN" if (kind, what) == ("gml", "a triangle") else what.strip()
    with pytest.raises(NodeError, match=f"'{path}' has a shape that is not read: feature 3 is {said}") as error:
        load(source_type=kind, path=path)
    assert (error.value.code, error.value.path, error.value.row) == ("invalid_geometry", "/config/path", 3)


def test_curves_in_a_file_that_is_read_in_parts(context: Context, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.formats.vector_reading.IN_MEMORY", 0)
    path = made(context.root, "geopackage", [LINE] * 66_000 + [ARC] * 3)
    table = load(source_type="geopackage", path=path).project("n, octet_length(ST_AsWKB(geom)::BLOB) AS bytes")
    assert table.filter("bytes > 41").order("n").fetchall() == [(66_000 + each, 9 + 46 * 16) for each in range(3)]
    made(context.root, "geopackage", [LINE] * 66_000 + [TRIANGLE])
    with pytest.raises(NodeError, match="feature 66,001 is a triangle"):
        load(source_type="geopackage", path=path)
