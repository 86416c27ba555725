# ruff: noqa: E501 (tables of cases)
"""Geometry in a real PostGIS, and what is said where there is none."""

import postgis
import psycopg2
import pytest

from orchestrator.crs import projjson
from orchestrator.errors import NodeError
from orchestrator.ops.data_loader import DataLoader
from orchestrator.registry import node_type
from orchestrator.schema import columns
from orchestrator.sql import literal

WGS, MERCATOR = "OGC:CRS84", "EPSG:3857"


@pytest.fixture(scope="module")
def server():
    """The URL of a database with PostGIS in a schema of its own, off the search path."""
    found = postgis.programs()
    if found is None:
        pytest.skip(postgis.SAYS)
    with postgis.server(found) as url:
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis")
        connection.close()
        yield url


@pytest.fixture
def sql(server, monkeypatch):
    monkeypatch.setenv("GRAPHMILL_CONNECTION_MAPS", server)

    def execute(statement):
        connection = psycopg2.connect(server, options="-c search_path=public,gis")
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall() if cursor.description else None
        connection.close()
        return found

    execute("DROP TABLE IF EXISTS g CASCADE")
    return execute


@pytest.fixture
def write(save, sql):
    return lambda query, **config: save(
        query, **{"target_type": "postgresql", "connection": "maps", "table": "g", **config}
    )


@pytest.fixture
def read(load, sql):
    return lambda **config: load(**{"source_type": "postgresql", "connection": "maps", "table": "g", **config})


def point(text, crs):
    shape = f"'{text}'::GEOMETRY"
    return f"SELECT 1 AS id, {f'st_setcrs({shape}, {literal(projjson(crs))})' if crs else shape} AS geometry"


def system(table, name="geometry"):
    return {each.name: each.crs for each in columns(table)}[name]


@pytest.mark.parametrize(
    ("kind", "value", "expected", "crs"),
    [
        ("geometry(Point, 4326)", "SRID=4326;POINT(1 2)", "POINT (1 2)", "EPSG:4326"),
        ("geometry(PointZ, 2056)", "SRID=2056;POINT Z(1 2 3)", "POINT Z (1 2 3)", "EPSG:2056"),
        ("geometry(LineStringZM, 3857)", "SRID=3857;LINESTRING ZM(0 0 1 2,1 1 3 4)", "LINESTRING ZM (0 0 1 2, 1 1 3 4)", "EPSG:3857"),
        ("geometry(MultiPolygonZ, 4326)", "SRID=4326;MULTIPOLYGON Z(((0 0 1,1 0 1,1 1 1,0 0 1)))", "MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 1)))", "EPSG:4326"),
        ("geometry(Geometry, 4326)", "SRID=4326;GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))", "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))", "EPSG:4326"),
        ("geography(Point)", "POINT(3 4)", "POINT (3 4)", "EPSG:4326"), ("geometry(Point, 4326)", "SRID=4326;POINT EMPTY", "POINT EMPTY", "EPSG:4326"),
        ("geometry(Point, 54009)", "SRID=54009;POINT(1 2)", "POINT (1 2)", "ESRI:54009"),
        ("geometry", "SRID=3857;POINT(1 2)", "POINT (1 2)", None), ("geometry(Point)", "POINT(1 2)", "POINT (1 2)", None),
    ],
)  # fmt: skip
def test_reading(read, sql, kind, value, expected, crs):
    sql(f"CREATE TABLE g (id int, geometry {kind}); INSERT INTO g VALUES (1, '{value}'), (2, NULL)")
    made = read()
    assert system(made) == crs
    assert made.project("st_astext(geometry)").fetchall() == [(expected,), (None,)]
    assert read(limit=1, where="id = 1").fetchall() == made.limit(1).fetchall()


def test_a_system_that_the_type_does_not_say(read, sql):
    sql("CREATE TABLE g (a geometry, b geometry(Point, 3857)); INSERT INTO g VALUES ('SRID=2056;POINT(1 2)', NULL)")
    assert system(read(), "a") is None
    made = read(crs="EPSG:2056")
    assert (system(made, "a"), system(made, "b")) == ("EPSG:2056", "EPSG:3857")


def test_a_query(sql, context, design):
    sql("CREATE TABLE g (id int, p geometry(Point, 4326)); INSERT INTO g VALUES (1, 'SRID=4326;POINT(1 2)')")
    config = {
        "connection": "maps",
        "query": "SELECT p, gis.ST_Transform(p, 3857) AS q FROM g WHERE id = ${id}",
        "crs": MERCATOR,
    }
    node = node_type("database_query").configure(config, {"id": 1})
    for where in (design, context):
        made = node.call({}, where)["result"]
        assert (system(made, "p"), system(made, "q")) == ("EPSG:4326", "EPSG:3857")
    assert made.project("st_astext(p), st_astext(q) LIKE 'POINT (111319%'").fetchall() == [("POINT (1 2)", True)]


@pytest.mark.parametrize(
    ("text", "crs", "kind"),
    [
        ("POINT (1 2)", WGS, "geometry(Geometry,4326)"), ("POINT (1 2)", "EPSG:4326", "geometry(Geometry,4326)"),
        ("POINT Z (1 2 3)", MERCATOR, "geometry(GeometryZ,3857)"), ("POINT M (1 2 3)", MERCATOR, "geometry(GeometryM,3857)"),
        ("LINESTRING ZM (0 0 1 2, 1 1 3 4)", MERCATOR, "geometry(GeometryZM,3857)"), ("POINT EMPTY", WGS, "geometry(Geometry,4326)"),
        ("POINT (1 2)", "ESRI:54009", "geometry(Geometry,54009)"), ("POINT (1 2)", None, "geometry"),
    ],
)  # fmt: skip
def test_writing(write, read, sql, text, crs, kind):
    shape = point(text, crs).removeprefix("SELECT 1 AS id, ").removesuffix(" AS geometry")
    assert write(f"SELECT 1 AS id, {shape} AS geometry UNION ALL SELECT 2, NULL") == 2
    assert sql(
        "SELECT replace(format_type(atttypid, atttypmod), 'gis.', '') FROM pg_attribute WHERE attrelid = 'g'::regclass AND attnum = 2"
    ) == [(kind,)]
    made = read()
    assert made.project("id, st_astext(geometry)").fetchall() == [(1, text), (2, None)]
    assert system(made) == {WGS: "EPSG:4326"}.get(crs, crs)
    assert write(f"SELECT 3 AS id, {shape} AS geometry", mode="append") == 1
    srid = int(kind.partition(",")[2].rstrip(")") or 0)
    assert sql("SELECT DISTINCT ST_SRID(geometry) FROM g WHERE geometry IS NOT NULL") == [(srid,)]


def test_flat_and_high_side_by_side(write, sql):
    assert write(f"{point('POINT (1 2)', MERCATOR)} UNION ALL {point('POINT Z (1 2 3)', MERCATOR)}") == 2
    assert sql("SELECT ST_SRID(geometry), ST_NDims(geometry) FROM g") == [(3857, 2), (3857, 3)]


def test_another_system_is_refused(write, sql):
    write(point("POINT (1 2)", MERCATOR))
    with pytest.raises(NodeError) as error:
        write(point("POINT (1 2)", WGS), mode="append")
    assert (error.value.code, error.value.path) == ("crs_mismatch", "/config/table")
    assert sql("SELECT count(*) FROM g") == [(1,)]


def test_upsert_of_geometry(write, sql):
    sql("CREATE TABLE g (id int PRIMARY KEY, geometry geometry(Point, 3857)); INSERT INTO g VALUES (1, NULL)")
    assert write(point("POINT (1 2)", MERCATOR), mode="upsert", keys=["id"]) == 1
    assert sql("SELECT id, ST_AsEWKT(geometry) FROM g") == [(1, "SRID=3857;POINT(1 2)")]


def test_a_system_that_postgis_does_not_know(write):
    wkt = "+proj=tmerc +lat_0=10 +lon_0=11 +ellps=GRS80 +units=m"
    with pytest.raises(NodeError, match="PostGIS does not know the coordinate system of 'geometry'") as error:
        write(point("POINT (1 2)", wkt))
    assert error.value.code == "invalid_crs"


def test_curves_are_refused_in_a_sentence(sql, context):
    sql("CREATE TABLE g (geometry geometry); INSERT INTO g VALUES ('CIRCULARSTRING(0 0,1 1,2 0)')")
    node = DataLoader.configure({"source_type": "postgresql", "connection": "maps", "table": "g"})
    with pytest.raises(NodeError, match="curve") as error:
        node.call({}, context)
    assert error.value.code == "invalid_geometry"


def test_a_database_without_postgis(save, database_url, monkeypatch):
    monkeypatch.setenv("GRAPHMILL_CONNECTION_MAPS", database_url.replace("+psycopg2", ""))
    with pytest.raises(NodeError, match="has no PostGIS, which geometry needs") as error:
        save(point("POINT (1 2)", WGS), target_type="postgresql", connection="maps", table="g")
    assert (error.value.code, error.value.path) == ("query_failed", "/config/connection")
