import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import as_node_error
from test_against_pandas import TABLES, quick, rows
from test_against_pandas import run as call

ROWS = {"id": [1, 2, 3, 4, 5], "c": ["CH", "", None, "AT", "ch"]}
CODES = {
    "code": ["AT", None, "CH", "", "CH"],
    "name": ["Austria", "none", None, "empty", "Suisse"],
    "n": [1, 2, 3, 4, 5],
}
KEYS = [{"column": "c", "lookup": "code"}]


def found(run, *columns, **more):
    return run("lookup", {"keys": KEYS, "columns": list(columns), **more}, table=ROWS, reference=CODES)


def test_the_first_row_or_the_default(run):
    made = found(
        run, {"column": "name", "default": "?"}, {"column": "n", "name": "number", "default": -1}, {"column": "n"}
    )
    assert made["result"] == [
        (1, "CH", None, 3, 3), (2, "", "empty", 4, 4), (3, None, "?", -1, None), (4, "AT", "Austria", 1, 1),
        (5, "ch", "?", -1, None),
    ]  # fmt: skip
    assert made["not_found"] == [(3, None), (5, "ch")]


DEFAULTS = [
    ("1::TINYINT", 5, "TINYINT", 5),
    ("1.5::DECIMAL(4,2)", "2.25", "DECIMAL(4,2)", "2.25"),
    ("'a'", 5, "VARCHAR", "5"),
    ("true", False, "BOOLEAN", False),
    ("'a'", "it's", "VARCHAR", "it's"),
]


@pytest.mark.parametrize(("value", "default", "kind", "expected"), DEFAULTS)
def test_a_default_has_the_type_of_the_column(run, value, default, kind, expected):
    config = {"keys": KEYS, "columns": [{"column": "v", "default": default}]}
    tables = {"table": "SELECT 'x' AS c", "reference": f"SELECT 'y' AS code, {value} AS v"}
    assert run.columns("lookup", config, **tables) == [("c", "VARCHAR"), ("v", kind)]
    assert run("lookup", config, **tables)["result"] == [("x", expected)]


def test_duplicates_fail_if_wanted(run):
    with pytest.raises(Exception, match="several rows") as caught:
        found(run, {"column": "n"}, duplicates="fail")
    error = as_node_error(caught.value)
    assert (error.code, error.path, error.port) == ("duplicate_key", "/config/duplicates", "reference")
    assert error.message == "The reference table has several rows with code = CH; 'duplicates' allows one."


def test_nulls_are_no_duplicates(run):
    config = {"keys": KEYS, "columns": [{"column": "n"}], "duplicates": "fail"}
    made = run("lookup", config, table=ROWS, reference={"code": [None, None, "CH"], "n": [1, 2, 3]})
    assert [row[-1] for row in made["result"]] == [3, None, None, None, None]


@pytest.mark.parametrize(("empty", "counts"), [("table", (0, 0)), ("reference", (5, 5))])
def test_one_side_empty(run, empty, counts):
    tables = {"table": ROWS, "reference": CODES} | {empty: "SELECT 1 AS id, '' AS c, '' AS code, 1 AS n WHERE false"}
    made = run("lookup", {"keys": KEYS, "columns": [{"column": "n", "name": "m"}]}, **tables)
    assert (len(made["result"]), len(made["not_found"])) == counts


def test_geometry_may_be_looked_up(run):
    tables = {"table": "SELECT 1 AS c", "reference": "SELECT 1 AS code, 'POINT (1 2)'::GEOMETRY AS g"}
    config = {"keys": KEYS, "columns": [{"column": "g"}]}
    assert run.columns("lookup", config, **tables) == [("c", "INTEGER"), ("g", "GEOMETRY")]


REFUSED = [
    ([], {}, "invalid_config", "/config/columns"),
    ([{"column": "n"}, {"column": "m", "name": "N"}], {}, "invalid_config", "/config/columns/1"),
    ([{"column": "x"}], {}, "unknown_column", "/config/columns/0/column"),
    ([{"column": "id"}], {}, "duplicate_column", "/config/columns/0/column"),
    ([{"column": "n", "name": "C"}], {}, "duplicate_column", "/config/columns/0/name"),
    ([{"column": "n", "default": "x"}], {}, "type_mismatch", "/config/columns/0/default"),
    ([{"column": "n", "default": 1.5}], {}, "type_mismatch", "/config/columns/0/default"),
    ([{"column": "n", "default": 2**40}], {}, "type_mismatch", "/config/columns/0/default"),
    ([{"column": "d", "default": "2024-01-01T12:00:00"}], {}, "type_mismatch", "/config/columns/0/default"),
    ([{"column": "g", "default": "POINT (1 2)"}], {}, "type_mismatch", "/config/columns/0/default"),
    ([{"column": "n"}], {"keys": [{"column": "c", "lookup": "n"}]}, "type_mismatch", "/config/keys/0"),
    ([{"column": "n"}], {"keys": [{"column": "c", "lookup": "x"}]}, "unknown_column", "/config/keys/0"),
]


@pytest.mark.parametrize(("columns", "more", "code", "path"), REFUSED)
def test_refuses(run, columns, more, code, path):
    reference = "SELECT 'a' AS code, 1 AS n, 2 AS m, 3 AS id, 'POINT (1 2)'::GEOMETRY AS g, current_date AS d"
    config = {"keys": KEYS, "columns": columns, **more}
    assert run.refuses("lookup", config, table="SELECT 1 AS id, 'a' AS c", reference=reference)[:2] == (code, path)


@quick
@given(TABLES, TABLES, st.sampled_from([["k"], ["t"], ["k", "t"]]))
def test_against_pandas(context, frame, reference, keys):
    config = {"keys": [{"column": k, "lookup": k} for k in keys], "columns": [{"column": "id", "name": "found"}]}
    made = call(context, "lookup", config, table=frame, reference=reference)
    firsts = reference.dropna(subset=keys).drop_duplicates(keys)[[*keys, "id"]].rename(columns={"id": "found"})
    merged = frame.reset_index().merge(firsts, on=keys, how="left").sort_values("index").drop(columns="index")
    assert made["result"] == rows(merged)
    assert made["not_found"] == rows(frame[merged.found.isna().to_numpy()])
