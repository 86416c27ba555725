import math

import duckdb
import pytest
import shapely
from feeds import ROWS
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.ops.points_from_xy import PointsFromXy
from orchestrator.schema import columns

FEED = {"table": f"SELECT * EXCLUDE (geometry) FROM ({ROWS})"}


def wkt(relation, column="geometry"):
    return [row[0] for row in relation.project(f"st_astext({column})").fetchall()]


GOOD = [
    ("1.5::DOUBLE", "2::DOUBLE", "POINT (1.5 2)"),
    ("1::TINYINT", "2::UBIGINT", "POINT (1 2)"),
    ("1.25::DECIMAL(5,2)", "-3::HUGEINT", "POINT (1.25 -3)"),
    ("' 1.5 '", "'2e3'", "POINT (1.5 2000)"),
    ("0.1::DOUBLE", "1e-300::DOUBLE", "POINT (0.1 1e-300)"),
]


@pytest.mark.parametrize(("x", "y", "expected"), GOOD)
def test_makes_points(run, x, y, expected):
    made = run.relations("points_from_xy", {"x": "x", "y": "y"}, table=f"SELECT {x} AS x, {y} AS y")
    assert [shapely.from_wkt(each) for each in wkt(made["result"])] == [shapely.from_wkt(expected)]
    assert made["rejected"].fetchall() == []


BAD = [
    ("NULL::DOUBLE", "1", "missing_coordinate", "'x' is null."),
    ("1", "NULL", "missing_coordinate", "'y' is null."),
    ("'abc'", "1", "not_a_number", "'x' is no number: abc."),
    ("''", "1", "not_a_number", "'x' is no number: ."),
    ("'1,5'", "1", "not_a_number", "'x' is no number: 1,5."),
    ("1", "'NaN'::DOUBLE", "not_finite", "'y' is not finite: nan."),
    ("'-inf'", "1", "not_finite", "'x' is not finite: -inf."),
]


@pytest.mark.parametrize(("x", "y", "code", "message"), BAD)
def test_rejects(run, x, y, code, message):
    made = run.relations("points_from_xy", {"x": "x", "y": "y"}, table=f"SELECT 7 AS id, {x} AS x, {y} AS y")
    assert made["result"].fetchall() == []
    (row,) = made["rejected"].fetchall()
    assert made["rejected"].columns == ["id", "x", "y", "rejection_code", "rejection_message"]
    assert (row[0], *row[-2:]) == (7, code, message)


def test_rejects_without_height(run):
    made = run.relations("points_from_xy", {"x": "x", "y": "y", "z": "z"}, table="SELECT 1 x, 2 y, unnest([3, NULL]) z")
    assert wkt(made["result"]) == ["POINT Z (1 2 3)"]
    assert made["rejected"].fetchall() == [(1, 2, None, "missing_coordinate", "'z' is null.")]


COLUMNS = [
    ({}, "1 a, 1 x, 2 y", ["a", "x", "y", "geometry"]),
    ({"drop": True}, "1 a, 1 x, 2 y, 'b' b", ["a", "b", "geometry"]),
    ({"drop": True, "geometry": "x"}, "1 a, 1 x, 2 y", ["a", "x"]),
    ({"geometry": "A"}, "1 a, 1 x, 2 y", ["x", "y", "A"]),
    ({"geometry": 'p "q"'}, "1 x, 2 y", ["x", "y", 'p "q"']),
    ({}, "1 x, 2 y, 'POINT (9 9)'::GEOMETRY old, 3 b", ["x", "y", "geometry", "old", "b"]),
]


@pytest.mark.parametrize(("config", "table", "expected"), COLUMNS)
def test_columns(run, config, table, expected):
    made = run.relations("points_from_xy", {"x": "x", "y": "y"} | config, table=f"SELECT {table}")
    assert made["result"].columns == expected


SYSTEMS = [("EPSG:4326", "EPSG:4326"), ("wgs84", "EPSG:4326"), ("3857", "EPSG:3857")]


@pytest.mark.parametrize(("written", "crs"), SYSTEMS)
def test_carries_its_coordinate_system(run, session, tmp_path, written, crs):
    made = run.relations("points_from_xy", {"x": "x", "y": "y", "crs": written}, table="SELECT 1 x, 2 y")["result"]
    session.store(made, tmp_path / "a.parquet")
    for table in (made, session.parquet(tmp_path / "a.parquet")):
        assert [each.crs for each in columns(table)] == [None, None, crs]
    assert session.frame(made).crs == crs


@pytest.mark.parametrize("name", ["rejection_code", "Rejection_Message"])
def test_rejected_twice_keeps_the_last_reason(run, name):
    made = run.relations("points_from_xy", {"x": "x", "y": "y"}, table=f"SELECT NULL::INT x, 2 y, 'old' AS {name}")
    assert made["rejected"].columns == ["x", "y", "rejection_code", "rejection_message"]


REFUSED = [
    ({"x": "lon", "y": "y"}, "1 x, 2 y", "unknown_column", "/config/x"),
    ({"x": "x", "y": "y"}, "true x, 2 y", "type_mismatch", "/config/x"),
    ({"x": "x", "y": "y"}, "1 x, DATE '2020-01-01' y", "type_mismatch", "/config/y"),
    ({"x": "x", "y": "y", "z": "z"}, "1 x, 2 y, [1] z", "type_mismatch", "/config/z"),
]


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, table, code, path):
    assert run.refuses("points_from_xy", config, table=f"SELECT {table}")[:2] == (code, path)


def test_names_the_nearest_coordinate_system(run):
    config = {"x": "x", "y": "y", "crs": "ESPG:4326"}
    code, path, message = run.refuses("points_from_xy", config, table="SELECT 1 x, 2 y")
    assert (code, path) == ("invalid_crs", "/config/crs")
    assert message.startswith("'ESPG:4326' is not a known coordinate system. Did you mean EPSG:4326")


INVALID = [{}, {"x": "", "y": "y"}, {"x": "x", "y": "y", "drop": "maybe"}, {"x": "x", "y": "y", "srs": "1"}]


@pytest.mark.parametrize("config", INVALID)
def test_invalid_settings(config):
    with pytest.raises(ValidationError):
        PointsFromXy.configure(config)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats(), st.one_of(st.none(), st.floats())), max_size=20))
def test_every_bit_is_kept(opened, rows):
    """Against Shapely, row by row."""
    opened.connection.execute("CREATE OR REPLACE TABLE t (x DOUBLE, y DOUBLE, z DOUBLE)")
    for row in rows:
        opened.connection.execute("INSERT INTO t VALUES (?, ?, ?)", row)
    made = PointsFromXy(x="x", y="y", z="z").run(opened.connection.table("t"))
    found = [row[0] for row in made.result.project("st_aswkb(geometry)").fetchall()]
    good = [row for row in rows if all(value is not None and math.isfinite(value) for value in row)]
    assert found == [shapely.to_wkb(shapely.Point(row), byte_order=1, flavor="iso") for row in good]
    assert len(made.rejected.fetchall()) == len(rows) - len(good)


def test_is_lazy(run):
    made = run.relations(
        "points_from_xy", {"x": "x", "y": "y"}, table="SELECT i AS x, error('read')::INT AS y FROM range(3) t(i)"
    )
    with pytest.raises(duckdb.Error, match="read"):
        made["result"].fetchall()
