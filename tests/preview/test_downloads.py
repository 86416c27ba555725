import csv
import io
import json

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_shapes import geo

from orchestrator.errors import NodeError
from orchestrator.preview import MEDIA_TYPES, download, downloads
from orchestrator.sql import literal
from orchestrator.tables import Session


def whole(path, kind, **asked):
    return b"".join(download(path, kind, **asked))


EVERYTHING = """SELECT i, 'a,b' x, '' empty, NULL::VARCHAR none, 'q"q' q, E'l\\nm' l,
    E'\\r' r, '#c' c, ' sp ' sp, 1.5 d,
    [1, 2] li, ['a,b'] lt, {'a': 'x,"y'} st, '\\xAA,'::BLOB bl, TIMESTAMPTZ '2020-01-01' ts, DATE '2020-01-01' da,
    'POINT (1 2)'::GEOMETRY g, INTERVAL '1 day' iv, true b, uuid() u, MAP {'a': 'b'} mp, 'nan'::DOUBLE nan,
    i AS "odd, ""name"
    FROM range(20000) t(i)"""


@pytest.mark.parametrize("query", [EVERYTHING, EVERYTHING + " WHERE false", "SELECT 1 AS a"])
def test_csv_is_what_duckdb_writes(stored, tmp_path, query):
    path = stored(query)
    with Session([tmp_path]) as session:
        session.connection.execute(f"COPY (FROM {session.scan(path)}) TO {literal(str(tmp_path / 'a.csv'))} (HEADER)")
    assert whole(path, "csv").decode() == (tmp_path / "a.csv").read_bytes().decode()


def test_csv_of_some_rows(numbers):
    assert whole(numbers, "csv", where="n > 3", sort="-n", limit=2, offset=1) == b"n,letter,rest\n8,c,\n7,b,3\n"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), max_size=10))
def test_csv_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "result.parquet"
    pq.write_table(
        pa.table(
            {"a": [row[0] for row in rows], "b": [row[1] for row in rows]}, pa.schema({"a": "string", "b": "string"})
        ),
        path,
    )
    found = list(csv.reader(io.StringIO(whole(path, "csv").decode(), newline="")))
    assert found == [["a", "b"], *map(list, rows)]


def test_parquet_is_the_stored_file(numbers):
    assert whole(numbers, "parquet") == numbers.read_bytes()


@pytest.mark.parametrize("asked", [{}, {"where": "took < INTERVAL 1 HOUR"}])
def test_parquet_has_as_text_what_it_has_no_form_for(stored, asked):
    path = stored("SELECT INTERVAL '-1 day' AS took, [INTERVAL '0.5 seconds'] AS all, 1 AS n")
    found = pq.read_table(io.BytesIO(whole(path, "parquet", **asked)))
    assert found.to_pylist() == [{"took": "-1 day", "all": ["00:00:00.5"], "n": 1}]


def test_parquet_of_some_rows(stored):
    path = stored(f"SELECT i, {geo('POINT (1 2)', 'EPSG:3857')} AS g FROM range(100) t(i)")
    found = geopandas.read_parquet(io.BytesIO(whole(path, "parquet", where="i % 2 = 1", sort="-i", limit=2)))
    assert list(found["i"]) == [99, 97]
    assert found.crs == "EPSG:3857"
    assert [each.name for each in path.parent.iterdir()] == ["result.parquet"]


@pytest.mark.parametrize("asked", [{}, {"limit": 5}])
@pytest.mark.parametrize(("system", "rows"), [("EPSG:3857", 0), ("EPSG:3857", 3), (None, 3), (None, 0)])
def test_parquet_says_what_is_known_of_geometry(stored, system, rows, asked):
    shape = geo("POINT (1 2)", system) if system else "'POINT (1 2)'::GEOMETRY"
    path = stored(f"SELECT i, {shape} AS g FROM range({rows}) t(i)")
    found = geopandas.read_parquet(io.BytesIO(whole(path, "parquet", **asked)))
    assert (len(found), found.crs) == (rows, system)
    assert list(found.geometry) == [shapely.Point(1, 2)] * rows


def test_arrow_keeps_geometry_and_its_system(stored):
    path = stored(f"SELECT i, {geo('POINT (1 2)', 'EPSG:3857')} AS g FROM range(30000) t(i)")
    pieces = list(download(path, "arrow", offset=1))
    found = pa.ipc.open_stream(b"".join(pieces)).read_all()
    assert found.column("i").to_pylist() == list(range(1, 30000))
    assert geopandas.GeoDataFrame.from_arrow(found).crs == "EPSG:3857"
    assert len(pieces) > 2


def test_arrow_of_no_rows(numbers):
    found = pa.ipc.open_stream(whole(numbers, "arrow", where="false")).read_all()
    assert (found.num_rows, found.column_names) == (0, ["n", "letter", "rest"])


def test_geojson(stored):
    query = f"""SELECT 1 AS id, {geo("POINT (10 50)")} AS g, 9007199254740993 AS big, 'nan'::DOUBLE AS nan,
        0.1::DOUBLE AS d, [TIMESTAMPTZ '2024-01-01'] AS l, 12345678901234567.5::DECIMAL(20,1) AS dec,
        'a"é' AS "odd ""n", '{{"a": 9007199254740993}}'::JSON AS j
        UNION ALL SELECT 2, NULL, 1, 1, 1, NULL, 1, NULL, NULL"""
    found = json.loads(whole(stored(query), "geojson"))
    first, second = found["features"]
    assert found["type"] == "FeatureCollection"
    assert first == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [10, 50]},
        "properties": {
            "id": 1, "big": "9007199254740993", "nan": "NaN", "d": 0.1, "l": ["2024-01-01T00:00:00Z"],
            "dec": "12345678901234567.5", 'odd "n': 'a"é', "j": {"a": "9007199254740993"},
        },
    }  # fmt: skip
    assert second["geometry"] is None
    assert second["properties"]["big"] == 1


SHAPES = [
    ("POINT (1113194.9079327357 6446275.841017161)", "EPSG:3857", [10.0, 50.0]),
    ("POINT Z (10 50 7)", "OGC:CRS84", [10.0, 50.0, 7.0]),
    ("POLYGON ((0 0, 0 1, 1 1, 0 0))", "EPSG:4326", [[[0, 0], [1, 1], [0, 1], [0, 0]]]),
    ("POINT EMPTY", "EPSG:4326", []),
]


@pytest.mark.parametrize(("wkt", "crs", "coordinates"), SHAPES)
def test_geojson_is_in_wgs84_and_counter_clockwise(stored, wkt, crs, coordinates):
    (found,) = json.loads(whole(stored(f"SELECT {geo(wkt, crs)} AS g"), "geojson"))["features"]
    one, other = shapely.from_geojson(json.dumps(found["geometry"])), found["geometry"] | {"coordinates": coordinates}
    assert one.equals_exact(shapely.from_geojson(json.dumps(other)), 1e-9)
    assert found["properties"] == {}


@pytest.mark.parametrize("wkt", ["POINT (1e30 1e30)", "LINESTRING (0 0, inf 1)", "POLYGON ((0 0, 1 1))"])
def test_geojson_of_what_cannot_be_drawn(stored, wkt):
    path = stored(f"SELECT 1 AS id, {geo(wkt, 'EPSG:3035')} AS g")
    (found,) = json.loads(whole(path, "geojson"))["features"]
    assert found == {"type": "Feature", "geometry": None, "properties": {"id": 1}}


@pytest.mark.parametrize(("count", "pieces"), [(0, 1), (1, 2), (50_000, 6)])
def test_geojson_comes_in_pieces(stored, count, pieces):
    path = stored(f"SELECT i, {geo('POINT (1 2)')} AS g FROM range(50000) t(i)")
    made = list(download(path, "geojson", where=f"i < {count}"))
    assert [each["properties"]["i"] for each in json.loads(b"".join(made))["features"]] == list(range(count))
    assert len(made) >= pieces


CANNOT = [
    ("geojson", {}, "missing_geometry"),
    ("xlsx", {}, "unknown_format"),
    ("csv", {"where": "lettre = 1"}, "unknown_column"),
    ("arrow", {"sort": "nothing"}, "unknown_column"),
    ("parquet", {"limit": -1}, "invalid_request"),
    ("parquet", {"where": "n = error('stop')"}, None),
]


@pytest.mark.parametrize(("kind", "asked", "code"), CANNOT)
def test_what_is_wrong_is_said_before_the_first_piece(numbers, kind, asked, code):
    with pytest.raises(NodeError) as caught:
        download(numbers, kind, **asked)
    assert code in {None, caught.value.code}
    assert [each.name for each in numbers.parent.iterdir()] == ["result.parquet"]


@pytest.mark.parametrize("kind", MEDIA_TYPES.values())
def test_stopping_early_leaves_nothing(stored, kind):
    path = stored(f"SELECT i, repeat('x', 1000) AS t, {geo('POINT (1 2)')} AS g FROM range(30000) t(i)")
    pieces = download(path, kind, where="i > 1")
    assert next(pieces)
    del pieces
    assert [each.name for each in path.parent.iterdir()] == ["result.parquet"]


@pytest.mark.parametrize("kind", ["csv", "arrow", "parquet"])
def test_the_first_piece_does_not_take_for_ever(numbers, monkeypatch, kind):
    monkeypatch.setattr(downloads, "LONGEST_S", 0.2)
    slow = "list_sum(list_transform(range(n + 5000000), lambda x: x * 2)) > 0 AND " * 30 + "true"
    with pytest.raises(NodeError, match="longer than") as caught:
        whole(numbers, kind, where=slow)
    assert (caught.value.code, caught.value.path) == ("too_slow", "/query/where")
    assert not [each for each in numbers.parent.iterdir() if each.name.startswith(".download")]
