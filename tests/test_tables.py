"""The data plane: a locked session, and tables to and from Parquet, Arrow and frames."""

import gc
import math

import duckdb
import geopandas
import pandas
import pyarrow as pa
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.schema import columns, crs_of, is_geometry
from orchestrator.sql import literal, names, quote
from orchestrator.tables import Session


@pytest.fixture
def folders(tmp_path):
    inside, outside = tmp_path / "in'side", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text("secret\nxyzzy\n")
    (inside / "ok.csv").write_text("a\n1\n")
    (inside / "link.csv").symlink_to(outside / "secret.csv")
    return inside, outside


@pytest.fixture
def session(folders):
    with Session([folders[0]]) as made:
        yield made


REFUSED = [
    "FROM '/etc/passwd'",
    "FROM read_text('/etc/passwd')",
    "FROM read_csv('{outside}/secret.csv')",
    "FROM '{outside}/secret.csv'",
    "FROM read_csv('{inside}/link.csv')",
    "FROM '{inside}/link.csv'",
    "FROM read_csv('{inside}/../outside/secret.csv')",
    "FROM glob('{outside}/*')",
    "FROM read_blob('{outside}/*')",
    "FROM 'http://127.0.0.1:9/x.csv'",
    "FROM hidden",
    "ATTACH '{outside}/x.db'",
    "ATTACH '{inside}/../x.db' AS y",
    "COPY (SELECT 1) TO '{outside}/out.csv'",
    "COPY (SELECT 1) TO '{inside}/../out.csv'",
    "COPY (SELECT 1) TO '{inside}/link.csv'",
    "EXPORT DATABASE '{outside}/all'",
    "SET memory_limit = '100GB'",
    "SET threads = 64",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET python_enable_replacements = true",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "INSTALL spatial",
    "LOAD spatial",
    "LOAD '{inside}/x.duckdb_extension'",
    "FROM sqlite_scan('{inside}/x.db', 't')",
    "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "SELECT getenv('HOME')",
]


@pytest.mark.parametrize("query", REFUSED)
def test_out_of_reach(session, folders, query):
    hidden = pandas.DataFrame({"secret": ["xyzzy"]})
    inside, outside = (str(each).replace("'", "''") for each in folders)
    with pytest.raises(duckdb.Error) as caught:
        session.connection.execute(query.format(inside=inside, outside=outside)).fetchall()
    assert "xyzzy" not in str(caught.value)
    assert hidden is not None
    assert sorted(each.name for each in folders[1].iterdir()) == ["secret.csv"]


def test_below_its_folders_it_reads_and_writes(session, folders):
    inside = str(folders[0]).replace("'", "''")
    assert session.connection.execute(f"FROM '{inside}/ok.csv'").fetchall() == [(1,)]
    session.connection.execute(f"COPY (SELECT 1 AS x) TO '{inside}/new.csv'")
    assert (folders[0] / "new.csv").read_text() == "x\n1\n"


def test_a_session_spills_below_its_first_folder(folders):
    with Session([folders[0]], memory_limit=60 << 20, threads=1) as session:
        query = "SELECT i, repeat('x', 100) AS t FROM range(2000000) t(i) ORDER BY hash(i)"
        assert session.store(session.connection.sql(query), folders[0] / "big.parquet") == 2_000_000
    assert not list(folders[1].glob("*.tmp"))


@pytest.mark.parametrize("name", ["a", "cust id", 'a"b', "at", "select", "é", "'", "a.b", "", "Ⅷ"])
def test_any_name_is_quoted(session, name):
    if name:
        relation = session.connection.sql(f"SELECT 1 AS {quote(name)}")
        assert relation.columns == [name]
        assert session.connection.sql(f"SELECT {literal(name)}").fetchall() == [(name,)]
    assert literal("it's") == "'it''s'"


TYPES = {
    "BOOLEAN": "TRUE", "TINYINT": "1", "BIGINT": "9223372036854775807", "DOUBLE": "0.1", "FLOAT": "1.5",
    "DECIMAL(18,3)": "1.125", "VARCHAR": "'it''s'", "DATE": "'2024-02-29'", "TIME": "'12:34:56.789'",
    "TIMESTAMP": "'2024-01-01 12:00:00.000001'", "TIMESTAMP WITH TIME ZONE": "'2024-01-01 12:00:00+02'",
    "INTERVAL": "'3 days'", "BLOB": "'\\xAA'", "UUID": "'123e4567-e89b-12d3-a456-426614174000'",
    "INTEGER[]": "[1, NULL]", "STRUCT(a INTEGER, b VARCHAR)": "{'a': 1, 'b': 'x'}",
    "MAP(VARCHAR, INTEGER)": "MAP {'x': 1}", "JSON": "'{\"a\": 1}'", "UBIGINT": "18446744073709551615",
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_a_stored_table_is_the_same(session, folders, kind):
    table = session.connection.sql(f"SELECT ({TYPES[kind]})::{kind} AS v UNION ALL SELECT NULL")
    path = folders[0] / "deep" / "er" / "t.parquet"
    assert session.store(table, path) == 2
    stored = session.parquet(path)
    assert names(stored) == names(table)
    assert stored.fetchall() == table.fetchall()
    assert [each.name for each in path.parent.iterdir()] == ["t.parquet"]


def test_a_failed_store_leaves_the_old_table(session, folders):
    path = folders[0] / "t.parquet"
    session.store(session.connection.sql("SELECT 1 AS a"), path)
    with pytest.raises(duckdb.Error):
        session.store(session.connection.sql("SELECT CAST('x' || range AS INT) AS a FROM range(10)"), path)
    assert session.parquet(path).fetchall() == [(1,)]
    assert [each.name for each in folders[0].glob("t*")] == ["t.parquet"]


def test_an_empty_table_keeps_its_columns(session):
    table = session.connection.sql("SELECT 1 AS \"a b\", 'x' AS t, [1.5] AS l, {'k': DATE '2024-01-01'} AS s")
    empty = session.empty(table)
    assert columns(empty) == columns(table)
    assert empty.fetchall() == []


def test_sql_over_relations(session):
    left, right = session.connection.sql("SELECT 1 AS a"), session.connection.sql("SELECT 1 AS a, 'x' AS b")
    joined = session.sql("SELECT * FROM {left} JOIN {right} USING (a)", left=left, right=right)
    assert joined.fetchall() == [(1, "x")]


def test_a_relation_has_one_view(session):
    one, other = session.connection.sql("SELECT 1 AS a"), session.connection.sql("SELECT 1 AS a")
    assert session.view(one) == session.view(one) != session.view(other)


def test_rows_from_python_live_as_long_as_what_reads_them(session):
    made = session.sql("SELECT a + 1 AS b FROM {rows}", rows=session.arrow(pa.table({"a": [1, 2]})).filter("a > 1"))
    gc.collect()
    assert made.fetchall() == [(3,)]


def test_naming_a_relation_leaves_the_others_bound(session):
    """A view would make DuckDB bind every relation again."""
    from duckdb import _seam

    table = session.connection.sql("SELECT 1 AS a -- a comment")
    before = _seam.catalog_version(session.connection)
    assert session.connection.sql(f"FROM {session.name(table)}").fetchall() == [(1,)]
    assert _seam.catalog_version(session.connection) == before


def test_order_does_not_depend_on_threads(folders):
    found = []
    for threads in (1, 4):
        with Session([folders[0]], threads=threads) as session:
            table = session.connection.sql("SELECT i, i % 7 AS k FROM range(300000) t(i)").filter("k <> 3")
            session.store(table, folders[0] / f"{threads}.parquet")
            found.append(session.parquet(folders[0] / f"{threads}.parquet").fetchall())
    assert found[0] == found[1] == sorted(found[0])


SQUARE = shapely.box(0, 0, 1, 1)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:25832", None])
def test_geometry_keeps_its_coordinate_system_all_the_way(session, folders, crs):
    frame = geopandas.GeoDataFrame({"n": [1, 2]}, geometry=[SQUARE, None], crs=crs)
    table = session.from_frame(frame)
    assert [(each.name, each.type, each.crs) for each in columns(table)] == [
        ("n", "BIGINT", None), ("geometry", "GEOMETRY", crs),
    ]  # fmt: skip
    path = folders[0] / "g.parquet"
    session.store(table, path)
    stored = session.parquet(path)
    assert columns(stored) == columns(table)
    assert columns(session.empty(stored)) == columns(table)
    back = session.frame(stored)
    assert back.crs == frame.crs
    assert back.geometry.to_list() == [SQUARE, None]
    assert back["n"].to_list() == [1, 2]
    read = geopandas.read_parquet(path)
    assert read.crs == (frame.crs if crs else read.crs)
    assert read.geometry.to_list() == [SQUARE, None]


def test_two_geometries_each_with_its_own(session):
    frame = geopandas.GeoDataFrame({"a": [SQUARE]}, geometry="a", crs="EPSG:4326")
    frame["b"] = geopandas.GeoSeries([SQUARE], crs="EPSG:3857")
    table = session.from_frame(frame)
    assert [each.crs for each in columns(table)] == ["EPSG:4326", "EPSG:3857"]
    back = session.frame(table)
    assert back.active_geometry_name == "a"
    assert back["b"].crs == "EPSG:3857"


def test_an_empty_geometry_table_keeps_its_coordinate_system(session):
    frame = geopandas.GeoDataFrame({"n": []}, geometry=[], crs="EPSG:4326")
    table = session.from_frame(frame)
    assert columns(table)[-1].crs == "EPSG:4326"
    assert session.frame(session.empty(table)).crs == "EPSG:4326"


def test_a_frame_has_arrow_types_and_tells_null_from_nan(session):
    table = session.connection.sql("SELECT * FROM (VALUES (1, 'x', 'nan'::DOUBLE), (NULL, NULL, NULL)) t(i, s, d)")
    frame = session.frame(table)
    assert isinstance(frame, pandas.DataFrame)
    assert [str(kind) for kind in frame.dtypes] == ["int32[pyarrow]", "string[pyarrow]", "double[pyarrow]"]
    (one, two) = session.from_frame(frame).fetchall()
    assert (one[:2], math.isnan(one[2]), two) == ((1, "x"), True, (None, None, None))


def test_a_column_of_several_kinds_is_refused(session):
    with pytest.raises(NodeError) as caught:
        session.from_frame(pandas.DataFrame({"a": [1, "x", None]}, dtype=object))
    assert caught.value.code == "mixed_types"


def test_an_index_is_left_out(session):
    frame = pandas.DataFrame({"a": [1, 2]}, index=pandas.Index([7, 8], name="i"))
    assert session.from_frame(frame).columns == ["a"]


def test_arrow(session):
    table = session.arrow(pa.table({"a": [1, None]}))
    assert table.fetchall() == [(1,), (None,)]


@pytest.mark.parametrize(
    ("kind", "geometry", "crs"),
    [
        ("GEOMETRY", True, None),
        ("GEOMETRY('EPSG:4326')", True, "EPSG:4326"),
        ('GEOMETRY(\'{"id": {"authority": "EPSG", "code": 4326}}\')', True, "EPSG:4326"),
        ('GEOMETRY(\'{"id": {"code": 4326}, "name": "mine"}\')', True, "mine"),
        ("GEOMETRY('{\"id\": 5}')", True, '{"id": 5}'),
        ("GEOMETRY('4326')", True, "4326"),
        ("GEOMETRY[]", False, None),
        ("VARCHAR", False, None),
    ],
)
def test_types_of_geometry(kind, geometry, crs):
    assert is_geometry(kind) == geometry
    assert not geometry or crs_of(kind) == crs
