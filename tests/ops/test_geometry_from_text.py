import pytest
import shapely
from feeds import ROWS
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import shapes

from orchestrator.ops.base import Context
from orchestrator.ops.geometry_from_text import GeometryFromText
from orchestrator.schema import columns

FEED = {"table": f"SELECT * EXCLUDE (geometry), st_astext(geometry) AS wkt FROM ({ROWS})"}
POINT = shapely.Point(1, 2)
HEX = shapely.to_wkb(POINT, hex=True)
GOOD = [
    ("'POINT (1 2)'", POINT),
    ("'  point(1 2) '", POINT),
    ("'POINT Z (1 2 3)'", shapely.Point(1, 2, 3)),
    ("'SRID=3857;POINT (1 2)'", POINT),
    (f"'{HEX}'", POINT),
    (f"'{HEX.lower()}'", POINT),
    (f"'{shapely.to_wkb(shapely.set_srid(POINT, 3857), hex=True, include_srid=True)}'", POINT),
    ("st_aswkb('POINT (1 2)'::GEOMETRY)", POINT),
    ("""'{"type": "Point", "coordinates": [1, 2]}'""", POINT),
    ("""'{"type": "Point", "coordinates": [1, 2]}'::JSON""", POINT),
    ("""'{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}'""", POINT),
    ("""'{"type": "Feature", "properties": {}, "geometry": null}'""", None),
    ("'POINT EMPTY'", shapely.Point()),
    ("'POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))'", shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])),
    ("NULL::VARCHAR", None),
    ("NULL", None),
    ("NULL::BLOB", None),
]


@pytest.mark.parametrize(("value", "expected"), GOOD)
def test_makes_geometry(run, value, expected):
    made = run.relations("geometry_from_text", {"column": "t"}, table=f"SELECT 7 AS id, {value} AS t")
    assert shapes(made["result"]) == [expected]
    assert made["result"].columns == ["id", "t", "geometry"]
    assert made["rejected"].fetchall() == []


BAD = [
    ("''", "invalid_geometry", "It cannot be read: Expected word but encountered end of stream."),
    ("""'{"type": "Feature", "geometry": null'""", "invalid_geometry", None),
    ("""'{"type": "Point", "geometry": null, "coordinates": [1, "2"]}'""", "invalid_geometry",
     "It cannot be read: type must be number, but is string."),
    ("'POINT (1 2'", "invalid_geometry", "It cannot be read: Expected word but encountered end of stream."),
    ("'POINT (1)'", "invalid_geometry", "It cannot be read: Expected number but encountered ')'."),
    ("'POLYGON ((0 0, 1 1))'", "invalid_geometry", None),
    ("'LINESTRING (0 0)'", "invalid_geometry", "It cannot be read: point array must contain 0 or >1 elements."),
    ("'CIRCULARSTRING (0 0, 1 1, 2 0)'", "invalid_geometry", "Curves are not supported; draw them as lines first."),
    ("'GEOMETRYCOLLECTION (POINT Z (1 1 1), POINT (2 2))'", "invalid_geometry",
     "Some of its parts have heights or measures, and others have not."),
    ("""'{"type": "MultiPoint", "coordinates": [[1, 2], [1, 2, 3]]}'""", "invalid_geometry",
     "Some of its parts have heights or measures, and others have not."),
    ("'beef'", "invalid_geometry", None),
    ("'\\x01'::BLOB", "invalid_geometry", None),
    ("'{}'", "invalid_geometry", None),
    ("'POINT (NaN 1)'", "not_finite", "A coordinate is NaN or infinite."),
    ("'LINESTRING (0 0, inf 1)'", "not_finite", "A coordinate is NaN or infinite."),
]  # fmt: skip


@pytest.mark.parametrize(("value", "code", "message"), BAD)
def test_rejects(run, value, code, message):
    made = run.relations("geometry_from_text", {"column": "t"}, table=f"SELECT 7 AS id, {value} AS t")
    assert made["result"].fetchall() == []
    (row,) = made["rejected"].fetchall()
    assert made["rejected"].columns == ["id", "t", "rejection_code", "rejection_message"]
    assert (row[0], row[2]) == (7, code)
    assert row[3] == message or message is None


def test_good_and_bad_side_by_side(run):
    values = ["'POINT (1 2)'", "'CIRCULARSTRING (0 0, 1 1, 2 0)'", "'?'", f"'{HEX}'", "NULL", "'POINT (nan 1)'"]
    table = f"SELECT unnest(range({len(values)})) AS id, unnest([{', '.join(values)}]) AS t"
    made = run.relations("geometry_from_text", {"column": "t"}, table=table)
    assert made["result"].project("id").fetchall() == [(0,), (3,), (4,)]
    assert shapes(made["result"]) == [POINT, POINT, None]
    assert made["rejected"].project("id").fetchall() == [(1,), (2,), (5,)]


COLUMNS = [
    ({}, "1 a, 'POINT (1 2)' t", ["a", "t", "geometry"]),
    ({"drop": True}, "1 a, 'POINT (1 2)' t, 2 b", ["a", "b", "geometry"]),
    ({"geometry": "T"}, "1 a, 'POINT (1 2)' t", ["a", "T"]),
    ({"geometry": 'g "q"'}, "'POINT (1 2)' t", ["t", 'g "q"']),
    ({}, "'POINT (1 2)' t, 'POINT (9 9)'::GEOMETRY old, 3 b", ["t", "geometry", "old", "b"]),
]


@pytest.mark.parametrize(("config", "table", "expected"), COLUMNS)
def test_columns(run, config, table, expected):
    made = run.relations("geometry_from_text", {"column": "t"} | config, table=f"SELECT {table}")
    assert made["result"].columns == expected
    assert len(made["result"].fetchall()) == 1


SYSTEMS = [({}, "EPSG:4326"), ({"crs": "EPSG:25832"}, "EPSG:25832"), ({"crs": None}, None)]


@pytest.mark.parametrize(("config", "crs"), SYSTEMS)
def test_carries_its_coordinate_system(run, config, crs):
    made = run.relations("geometry_from_text", {"column": "t"} | config, table="SELECT 'POINT (1 2)' AS t")
    assert columns(made["result"])[1].crs == crs


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=2, max_size=5),
    st.sampled_from(["hex", "geojson"]),
)
def test_every_bit_is_kept(opened, points, form):
    line = shapely.LineString(points)
    text = shapely.to_wkb(line, hex=True) if form == "hex" else shapely.to_geojson(line)
    table = opened.connection.sql(f"SELECT '{text}' AS t")
    made = GeometryFromText(column="t").call({"table": table}, Context(opened, None))
    assert shapes(made["result"]) == [line]


REFUSED = [
    ({"column": "tt"}, "'x' t", "unknown_column", "/config/column"),
    ({"column": "t"}, "1 t", "type_mismatch", "/config/column"),
    ({"column": "t"}, "'POINT (1 2)'::GEOMETRY t", "type_mismatch", "/config/column"),
    ({"column": "t", "format": "wkt"}, "'x'::BLOB t", "type_mismatch", "/config/format"),
    ({"column": "t", "crs": "EPSG:0"}, "'x' t", "invalid_crs", "/config/crs"),
    ({"column": "t", "format": "kml"}, "'x' t", "invalid_config", "/config/format"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("geometry_from_text", config, table=f"SELECT {table}")[:2] == (code, path)
