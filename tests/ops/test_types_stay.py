"""Types that Arrow has no name for come through the node types whose rows go through Arrow."""

import datetime as dt
import uuid

import numpy as np
import pyarrow as pa
import pytest

from orchestrator.carried import batches, in_pieces, taken, to_arrow
from orchestrator.ops._spatial import shapes
from orchestrator.sql import quote

VALUES = """
    '6c0a9a7e-0f5f-4d7e-9c2e-1f1a5e0c0001'::UUID AS id, '{"a": [1]}'::JSON AS "document 'x'",
    TIMETZ '01:02:03+02' AS at, ['6c0a9a7e-0f5f-4d7e-9c2e-1f1a5e0c0001'::UUID] AS ids, {'j': '[1]'::JSON} AS inside
"""
KINDS = ["UUID", "JSON", "TIME WITH TIME ZONE", "UUID[]", "STRUCT(j JSON)"]
ID = uuid.UUID("6c0a9a7e-0f5f-4d7e-9c2e-1f1a5e0c0001")
ROW = (ID, '{"a": [1]}', dt.time(1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=2))), [ID], {"j": "[1]"})
STORED = (*ROW[:2], dt.time(23, 2, 3, tzinfo=dt.UTC), *ROW[3:])
TABLE = f"SELECT {VALUES}, 'Quadrat' AS t, 'POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))'::GEOMETRY AS geometry"
CENTRES = f"SELECT {VALUES}, 'Quadrat' AS t, 'POINT (0.5 0.5)'::GEOMETRY AS geometry"
GROUP = {"group_by": ["id", "document 'x'", "at", "ids", "inside"]}
NODES = [
    ("simplify", {"tolerance": 0.1}, {"table": TABLE}),
    ("simplify", {"tolerance": 0.1, "method": "coverage"}, {"table": TABLE}),
    ("buffer", {"distance": 1}, {"table": TABLE}),
    ("coordinates", {}, {"table": CENTRES}),
    ("bounding_box", {}, {"table": TABLE}),
    ("explode_parts", {}, {"table": TABLE}),
    ("geometry_from_text", {"column": "t"}, {"table": TABLE.replace("'Quadrat'", "'POINT (1 2)'")}),
    ("voronoi", {}, {"table": CENTRES}),
    ("distance", {}, {"table": TABLE, "other": CENTRES}),
    ("clip", {}, {"table": TABLE, "clipper": TABLE}),
    ("spatial_filter", {}, {"candidate": TABLE, "filter": TABLE}),
    ("dissolve", GROUP, {"table": TABLE}),
    ("combine_parts", GROUP, {"table": TABLE}),
    ("spatial_join", {}, {"left": TABLE, "right": "SELECT 1 AS n, 'POINT (0 0)'::GEOMETRY AS geometry"}),
    ("nearest", {}, {"base": TABLE, "candidate": "SELECT 1 AS n, 'POINT (0 0)'::GEOMETRY AS geometry"}),
    ("geometry_filter", {"branches": ["polygon"]}, {"table": TABLE}),
    ("validate_geometry", {}, {"table": TABLE}),
]


@pytest.mark.parametrize(("name", "config", "tables"), NODES)
def test_types_stay(run, name, config, tables):
    made = run.relations(name, config, **tables)
    table = next(each for each in made.values() if len(each))
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))
    assert [kinds[each] for each in GROUP["group_by"]] == KINDS
    assert table.project(", ".join(map(quote, GROUP["group_by"]))).fetchall() == [STORED]


def test_columns_of_a_second_table(run):
    config = {"columns": ["id", "at"]}
    made = run.relations("spatial_join", config, left="SELECT 'POINT (0 0)'::GEOMETRY AS geometry", right=TABLE)
    assert list(map(str, made["joined"].types))[1:] == ["UUID", "TIME WITH TIME ZONE"]
    assert made["joined"].project('id, "at"').fetchall() == [(STORED[0], STORED[2])]


def test_a_column_that_takes_the_place_of_one(run):
    table = run.relations("geometry_to_text", {"name": "id", "precision": 1}, table=TABLE)["result"]
    assert str(table.types[table.columns.index("id")]) == "VARCHAR"


def test_there_and_back(session):
    table = session.connection.sql(f"SELECT {VALUES} FROM range(5000)")
    with batches(table, 2048) as reader:
        again = session.arrow(reader.read_all())
    for made in (again, session.arrow(to_arrow(table))):
        assert list(map(str, made.types)) == KINDS
        assert made.distinct().fetchall() == [ROW]
    plain = session.connection.sql("SELECT 1 AS a, true AS b, 'x' AS \"JSON\"")
    assert session.arrow(to_arrow(plain)).fetchall() == [(1, True, "x")]


def test_in_pieces_where_a_column_is_too_large_for_one(session):
    table = session.connection.sql(f"SELECT q.*, r FROM ({TABLE}) q, range(100) t(r) ORDER BY r")
    whole, made = to_arrow(table), in_pieces(table, 1_000)
    assert made.column("geometry").num_chunks > whole.column("geometry").num_chunks
    assert made.combine_chunks().equals(whole.combine_chunks(), check_metadata=True)
    assert session.arrow(made).fetchall() == table.fetchall()
    assert (shapes(made.column("geometry")) == shapes(whole.column("geometry"))).all()


@pytest.mark.parametrize(("largest", "rows"), [(10**9, 3584), (10**6, 1024)])
def test_batches_of_large_values_have_fewer_rows(session, largest, rows):
    table = session.connection.sql("SELECT i, repeat('x', 800) AS t FROM range(9000) r(i) ORDER BY i")
    with batches(table, 4000, largest) as reader:
        made = [batch.column("i").to_pylist() for batch in reader]
    assert [number for each in made for number in each] == list(range(9000))
    assert max(map(len, made)) == rows


@pytest.mark.parametrize(("largest", "pieces"), [(100, 1), (30, 3), (10, 4), (1, 4)])
@pytest.mark.parametrize("column", [pa.array([b"x" * 20, None, b""]), pa.chunked_array([["x" * 20], [None, ""]])])
def test_rows_that_are_taken_are_in_pieces_of_few_bytes(column, largest, pieces):
    made = taken(column, np.array([0, 1, 0, 0, 2, 0]), largest)
    first = column[0].as_py()
    assert made.to_pylist() == [first, None, first, first, first[:0], first]
    assert sum(len(each) > 0 for each in made.chunks) == pieces


@pytest.mark.parametrize("column", [pa.array([1, 2]), pa.array(["x", "y"]), pa.array([["x"], None])])
def test_no_row_may_be_taken(column):
    assert taken(column, np.array([], dtype=int)).to_pylist() == []
