import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import rows as rows_of
from test_against_pandas import TABLES, quick, rows
from test_against_pandas import run as call

from orchestrator.crs import projjson
from orchestrator.sql import literal

TABLE = {"id": [2, 1], "a": [1, None], "b": [3, 4]}
CASES = [
    ({"columns": ["a", "b"]}, [(2, "a", 1), (2, "b", 3), (1, "a", None), (1, "b", 4)]),
    ({"columns": ["b", "a"]}, [(2, "b", 3), (2, "a", 1), (1, "b", 4), (1, "a", None)]),
    ({"all_but": ["id"]}, [(2, "a", 1), (2, "b", 3), (1, "a", None), (1, "b", 4)]),
    ({"all_but": ["id"], "nulls": "drop"}, [(2, "a", 1), (2, "b", 3), (1, "b", 4)]),
    ({"columns": ["b"]}, [(2, 1, "b", 3), (1, None, "b", 4)]),
    ({"columns": ["id", "a", "b"]}, [("id", 2), ("a", 1), ("b", 3), ("id", 1), ("a", None), ("b", 4)]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_from_wide_to_long(run, config, expected):
    assert run("unpivot", config, table=TABLE) == expected


def test_new_columns_may_be_called_as_what_is_gone(run):
    config = {"columns": ["a", "b"], "name": "a", "value": "b"}
    assert run("unpivot", config, table=TABLE)[:2] == [(2, "a", 1), (2, "b", 3)]


def test_an_empty_text_is_a_value(run):
    table = {"a": ["", None], "b": ["x", ""]}
    made = run("unpivot", {"columns": ["a", "b"], "nulls": "drop"}, table=table)
    assert made == [("a", ""), ("b", "x"), ("b", "")]


def test_awkward_names(run):
    assert run("unpivot", {"columns": ["it's", '{"x}']}, table={"it's": [1], '{"x}': [2]}) == [("it's", 1), ('{"x}', 2)]


TYPES = [
    ("1::TINYINT AS a, 2::BIGINT AS b", "BIGINT", [1, 2]),
    ("1 AS a, 0.5::DECIMAL(3,1) AS b", "DECIMAL(11,1)", ["1.0", "0.5"]),
    ("1 AS a, 0.5::DOUBLE AS b", "DOUBLE", [1.0, 0.5]),
    ("9007199254740993 AS a, 1.5::DECIMAL(3,1) AS b", "DECIMAL(21,1)", ["9007199254740993.0", "1.5"]),
    ("DATE '2024-01-02' AS a, TIMESTAMP '2024-01-02 03:00:00' AS b", "TIMESTAMP",
     [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 3)]),
    ("NULL AS a, true AS b", "BOOLEAN", [None, True]),
    ("NULL AS a, NULL AS b", "VARCHAR", [None, None]),
    ("'x'::ENUM('x') AS a, 'y' AS b", "VARCHAR", ["x", "y"]),
    ("[1] AS a, [2, 3] AS b", "INTEGER[]", [[1], [2, 3]]),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "kind", "values"), TYPES)
def test_types_are_widened(run, columns, kind, values):
    table = f"SELECT {columns}"
    assert run.columns("unpivot", {"columns": ["a", "b"]}, table=table)[1] == ("value", kind)
    assert [row[1] for row in run("unpivot", {"columns": ["a", "b"]}, table=table)] == values


def test_geometry_keeps_its_system(run):
    point = "st_setcrs('POINT (1 2)'::GEOMETRY, {})"
    table = f"SELECT {point.format(literal('EPSG:4326'))} AS a, {point.format(literal(projjson('EPSG:4326')))} AS b"
    made = run.relations("unpivot", {"columns": ["a", "b"]}, table=table)["result"]
    assert "4326" in str(made.types[1])
    assert rows_of(made.project("st_astext(value)")) == [("POINT (1 2)",)] * 2


def test_an_empty_table(run):
    assert run("unpivot", {"columns": ["a"]}, table="SELECT 1 AS a WHERE false") == []


REFUSED = [
    ({}, "invalid_config", "/config/columns"),
    ({"columns": ["a"], "all_but": ["b"]}, "invalid_config", "/config/columns"),
    ({"columns": ["a", "a"]}, "invalid_config", "/config/columns/1"),
    ({"columns": ["a"], "name": "x", "value": "X"}, "invalid_config", "/config/value"),
    ({"columns": ["a"], "value": "B"}, "duplicate_column", "/config/value"),
    ({"all_but": ["a", "b", "t", "g", "h"]}, "invalid_config", "/config/all_but"),
    ({"columns": ["a", "b", "t"]}, "type_mismatch", "/config/columns/2"),
    ({"all_but": ["a", "b"]}, "type_mismatch", "/config/all_but"),
    ({"columns": ["g", "h"]}, "crs_mismatch", "/config/columns/1"),
    ({"columns": ["g", "a"]}, "type_mismatch", "/config/columns/1"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    point = "st_setcrs('POINT (1 2)'::GEOMETRY, 'EPSG:{}')"
    table = f"SELECT 1 AS a, 2 AS b, 'x' AS t, {point.format(4326)} AS g, {point.format(2056)} AS h"
    assert run.refuses("unpivot", config, table=table)[:2] == (code, path)


def test_decimals_that_are_too_wide(run):
    table = "SELECT 1::DECIMAL(38,0) AS a, 1::DECIMAL(38,10) AS b"
    assert run.refuses("unpivot", {"columns": ["a", "b"]}, table=table)[2] == (
        "'a' is DECIMAL(38,0) and 'b' is DECIMAL(38,10), which together need more than 38 digits: "
        "they cannot be one column. Convert one of them first."
    )


@quick
@given(TABLES, st.booleans())
def test_against_pandas(context, frame, drop):
    made = call(context, "unpivot", {"columns": ["x", "k"], "nulls": "drop" if drop else "keep"}, table=frame)["result"]
    floats = frame.assign(k=frame.k.astype("Float64")).reset_index()
    melted = floats.melt(["index", "t", "id"], ["x", "k"], "name", "value").sort_values("index", kind="stable")
    melted = melted.dropna(subset=["value"]) if drop else melted
    assert made == rows(melted.drop(columns="index"))
