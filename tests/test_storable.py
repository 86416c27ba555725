"""A table's types are the same before a run, handed on, and stored."""

import pytest

from orchestrator.schema import columns
from orchestrator.storable import storable, stored_as
from orchestrator.tables import Session

KEPT = [
    "BOOLEAN", "TINYINT", "INTEGER", "BIGINT", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL(38,10)", "VARCHAR", "BLOB",
    "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "INTERVAL", "UUID",
    "JSON", "VARIANT", "BIGINT[]", "VARCHAR[][]", 'STRUCT("a b" INTEGER, c DATE[])', "MAP(VARCHAR, DOUBLE)", "GEOMETRY",
    "GEOMETRY[]",
]  # fmt: skip
CHANGED = [
    ("HUGEINT", "DECIMAL(38,0)"),
    ("UHUGEINT", "DECIMAL(38,0)"),
    ("BIGNUM", "VARCHAR"),
    ("BIT", "VARCHAR"),
    ("ENUM('a', 'it''s')", "VARCHAR"),
    ("UNION(x INTEGER, y VARCHAR)", "VARCHAR"),
    ("TIMESTAMP_S", "TIMESTAMP"),
    ("TIMESTAMP_MS", "TIMESTAMP"),
    ("BIGINT[3]", "BIGINT[]"),
    ("HUGEINT[]", "DECIMAL(38,0)[]"),
    ("MAP(VARCHAR, HUGEINT)", "MAP(VARCHAR, DECIMAL(38,0))"),
    (
        'STRUCT("a ""b" HUGEINT, c STRUCT(z TIMESTAMP_S)[])',
        'STRUCT("a ""b" DECIMAL(38,0), "c" STRUCT("z" TIMESTAMP)[])',
    ),
    ("ENUM('a')[][]", "VARCHAR[][]"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("inside")


@pytest.fixture(scope="module")
def session(folder):
    with Session([folder]) as made:
        yield made


@pytest.mark.parametrize("kind", KEPT)
def test_kept(session, kind):
    table = session.connection.sql(f"SELECT NULL::{kind} AS v")
    assert stored_as(str(table.types[0])) == str(table.types[0])
    assert storable(table) is table


def test_a_time_with_a_zone_is_that_of_utc_stored_or_not(session, folder):
    table = storable(session.connection.sql("SELECT TIMETZ '01:30:00+02' AS v"))
    assert str(table.types[0]) == "TIME WITH TIME ZONE"
    session.store(table, folder / "zone.parquet")
    said = "v::VARCHAR"
    made = [table.project(said).fetchall(), session.parquet(folder / "zone.parquet").project(said).fetchall()]
    assert made == [[("23:30:00+00",)]] * 2


@pytest.mark.parametrize(("kind", "kept"), CHANGED)
def test_changed(session, kind, kept):
    table = session.connection.sql(f"SELECT NULL::{kind} AS v, 1 AS w")
    assert stored_as(str(table.types[0])) == kept
    assert storable(table).columns == ["v", "w"]


@pytest.mark.parametrize(
    "expression",
    [
        *(f"NULL::{kind}" for kind in KEPT), *(f"NULL::{kind}" for kind, _ in CHANGED),
        "NULL", "[NULL]", "{'a': NULL}", "[]", "MAP {}", "row(1, 'x')", "union_value(x := 1)", "factorial(20)",
        "{'x': [factorial(20)]}", "'101'::BIT", "'a'::ENUM('a', 'b')", "[1, 2]::BIGINT[2]", "'12'::BIGNUM",
        "st_setcrs('POINT (1 2)'::GEOMETRY, 'EPSG:4326')", "'POINT (1 2)'::GEOMETRY",
        "INTERVAL '-1 day'", "INTERVAL '-1 month 40 days 2000 hours 0.123456 seconds'",
        "[INTERVAL '-1 day', NULL]", """{'INTERVAL': 1, 'a "b': MAP {'x': [INTERVAL '-1 second']}}""",
    ],
)  # fmt: skip
def test_what_is_made_storable_is_read_back_the_same(session, folder, expression):
    table = storable(session.connection.sql(f'SELECT {expression} AS "a ""column"'))
    session.store(table, folder / "t.parquet")
    stored = session.parquet(folder / "t.parquet")
    assert columns(stored) == columns(table)
    assert stored.fetchall() == table.fetchall()
    assert stored.project("#1::VARCHAR").fetchall() == table.project("#1::VARCHAR").fetchall()
    assert storable(stored) is stored


def test_a_system_named_by_its_code_becomes_the_whole_system(session):
    table = session.connection.sql("SELECT st_setcrs('POINT (1 2)'::GEOMETRY, 'EPSG:25832') AS g")
    made = storable(table)
    assert columns(made)[0].crs == "EPSG:25832"
    assert "{" in str(made.types[0])
    assert session.frame(made).crs == "EPSG:25832"
