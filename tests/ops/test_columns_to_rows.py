import datetime as dt

import pytest
from hypothesis import given
from test_against_pandas import TABLES, plain, quick
from test_against_pandas import run as run_on

TABLE = {"id": [1, 2], "a": ["x", None], "b": ["", "y"], "n": [1.5, None]}
CASES = [
    ({"columns": ["a", "b"]}, [(1, 1.5, "a", "x"), (1, 1.5, "b", ""), (2, None, "a", None), (2, None, "b", "y")]),
    ({"columns": ["b", "a"], "others": "drop"}, [("b", ""), ("a", "x"), ("b", "y"), ("a", None)]),
    ({"columns": ["a", "b"], "others": "drop", "nulls": "drop"}, [("a", "x"), ("b", ""), ("b", "y")]),
    ({"columns": ["n", "id"], "nulls": "drop"}, [("x", "", "n", "1.5"), ("x", "", "id", "1"), (None, "y", "id", "2")]),
    ({"nulls": "drop"}, [("id", "1"), ("a", "x"), ("b", ""), ("n", "1.5"), ("id", "2"), ("b", "y")]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_takes_apart(run, config, expected):
    assert run("columns_to_rows", config, table=TABLE) == expected


KINDS = [
    ("DATE '2024-01-01' AS a, DATE '2024-01-02' AS b", "DATE", [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]),
    ("1 AS a, 2::BIGINT AS b", "VARCHAR", ["1", "2"]),
    ("[1] AS a, [2] AS b", "INTEGER[]", [[1], [2]]),
    ("true AS a, [2] AS b", "VARCHAR", ["true", "[2]"]),
    ("NULL AS a, 1 AS b", "VARCHAR", [None, "1"]),
]


@pytest.mark.parametrize(("columns", "kind", "expected"), KINDS)
def test_types(run, columns, kind, expected):
    assert run.columns("columns_to_rows", {}, table=f"SELECT {columns}") == [("name", "VARCHAR"), ("value", kind)]
    assert [value for _, value in run("columns_to_rows", {}, table=f"SELECT {columns}")] == expected


def test_geometry_stays_beside_them(run):
    table = "SELECT 1 AS a, st_setcrs('POINT (1 2)'::GEOMETRY, 'OGC:CRS84') AS g, 2 AS b"
    made = run.columns("columns_to_rows", {"name": "b"}, table=table)
    assert made == [("g", "GEOMETRY('OGC:CRS84')"), ("b", "VARCHAR"), ("value", "INTEGER")]
    assert run.columns("columns_to_rows", {"columns": ["g"]}, table=table)[-1] == ("value", "GEOMETRY('OGC:CRS84')")


@pytest.mark.parametrize("name", ["name", "value", "it's", 'a"b', "{x}"])
def test_any_name(run, name):
    assert run("columns_to_rows", {}, table={name: [1], "z": [2]}) == [(name, 1), ("z", 2)]


REFUSED = [
    ({"columns": ["a", "a"]}, "invalid_config", "/config/columns/1"),
    ({"name": "x", "value": "X"}, "invalid_config", "/config/value"),
    ({"columns": ["a"], "name": "B"}, "duplicate_column", "/config/name"),
    ({"columns": ["a"], "value": "b"}, "duplicate_column", "/config/value"),
    ({"columns": ["a", "g"]}, "type_mismatch", "/config/columns/1"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("columns_to_rows", config, table="SELECT 1 AS a, 2 AS b, NULL::GEOMETRY AS g")[:2] == (
        code,
        path,
    )


def test_refuses_a_table_of_geometry_alone(run):
    assert run.refuses("columns_to_rows", {}, table="SELECT NULL::GEOMETRY AS g")[:2] == (
        "invalid_config",
        "/config/columns",
    )


@quick
@given(TABLES)
def test_as_pandas(context, frame):
    made = run_on(context, "columns_to_rows", {"columns": ["k", "id"]}, table=frame)["result"]
    melted = frame.melt(["t", "x"], ["k", "id"], "name", ignore_index=False).sort_index(kind="stable")
    assert made == [plain(row) for row in melted.astype(object).itertuples(index=False)]
