import dataclasses
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_rows import ROWS, VALUES, posted, relation, said
from running import table
from test_against_pandas import quick

from orchestrator.ops.null_values import NullValues

TABLE = {
    "t": ["a", "", None, "  ", "n/a", "N/A", "\u00a0\t"], "n": [1, 0, None, -999, 5, 6, 7],
    "x": [1.0, 0.0, None, -999.0, 0.5, 6.0, 7.0],
}  # fmt: skip
CASES = [
    ({"states": ["empty"]}, "t", ["a", None, None, "  ", "n/a", "N/A", "\u00a0\t"]),
    ({"states": ["blank"]}, "t", ["a", None, None, None, "n/a", "N/A", None]),
    ({"values": ["n/a"]}, "t", ["a", "", None, "  ", None, "N/A", "\u00a0\t"]),
    ({"values": ["n/a"], "ignore_case": True}, "t", ["a", "", None, "  ", None, None, "\u00a0\t"]),
    ({"states": ["null", "blank"], "to": "empty"}, "t", ["a", "", "", "", "n/a", "N/A", ""]),
    ({"states": ["null", "empty"], "to": "value", "value": "?"}, "t", ["a", "?", "?", "  ", "n/a", "N/A", "\u00a0\t"]),
    ({"values": ["n/a", -999]}, "n", [1, 0, None, None, 5, 6, 7]),
    ({"values": ["-999", 0.5], "columns": ["x", "t"]}, "x", [1.0, 0.0, None, None, None, 6.0, 7.0]),
    ({"values": [0.5], "columns": ["n"]}, "n", TABLE["n"]),
    ({"values": [-999], "states": ["null"], "to": "value", "value": 0, "columns": ["n"]}, "n", [1, 0, 0, 0, 5, 6, 7]),
    ({"states": ["empty"], "columns": ["n"]}, "n", TABLE["n"]),
]


@pytest.mark.parametrize(("config", "column", "expected"), CASES)
def test_replaces(run, config, column, expected):
    assert [row[list(TABLE).index(column)] for row in run("null_values", config, table=TABLE)] == expected


UNABLE = [
    ({"states": ["null"], "to": "empty"}, [("", None, None)]),
    ({"states": ["null"], "to": "value", "value": "x"}, [("x", None, None)]),
    ({"states": ["null"], "to": "value", "value": 0.5}, [("0.5", 0.5, None)]),
]


@pytest.mark.parametrize(("config", "expected"), UNABLE)
def test_columns_that_cannot_hold_the_value_stay_where_none_are_named(run, config, expected):
    table = "SELECT NULL::VARCHAR AS t, NULL::DOUBLE AS x, NULL::GEOMETRY AS g"
    assert run("null_values", config, table=table) == expected
    assert [kind for _, kind in run.columns("null_values", config, table=table)] == ["VARCHAR", "DOUBLE", "GEOMETRY"]


MISSING = [
    ({"columns": ["b", "t", "a b"]}, [("b", "VARCHAR"), ("a b", "VARCHAR")], (None, None)),
    ({"columns": ["b", "n"], "to": "empty"}, [("b", "VARCHAR")], ("",)),
    ({"columns": ["b"], "to": "value", "value": "it's"}, [("b", "VARCHAR")], ("it's",)),
    ({"columns": ["b", "g"], "to": "value", "value": 0}, [("b", "BIGINT")], (0,)),
    ({"columns": ["b"], "to": "value", "value": 0.5}, [("b", "DOUBLE")], (0.5,)),
    ({"columns": ["b"], "to": "value", "value": False}, [("b", "BOOLEAN")], (False,)),
    ({"columns": ["t", "n", "g"], "to": "value", "value": "x"}, [], ()),
]  # fmt: skip


@pytest.mark.parametrize(("config", "columns", "values"), MISSING)
def test_a_missing_column_is_added(run, config, columns, values):
    config = {"states": ["missing"], **config}
    given = "SELECT NULL::VARCHAR AS t, 1 AS n, NULL::GEOMETRY AS g"
    kept = [("t", "VARCHAR"), ("n", "INTEGER"), ("g", "GEOMETRY")]
    assert run.columns("null_values", config, table=given) == [*kept, *columns]
    assert run("null_values", config, table=given) == [(None, 1, None, *values)]
    assert run("null_values", config, table=f"{given} LIMIT 0") == []


def test_null_and_missing_take_the_same_value(run):
    config = {"states": ["null", "missing"], "columns": ["n", "m"], "to": "value", "value": 0}
    assert run("null_values", config, table={"n": [1, None]}) == [(1, 0), (0, 0)]


DOUBTED = [
    (["regoin"], ["Column 'regoin' is not in this table, and is added. Did you mean 'region'?"]),
    (["height", "region"], []),
    (["region", "region_2"], []),
    (["region_2"], ["Column 'region_2' is not in this table, and is added. Did you mean 'region'?"]),
]


@pytest.mark.parametrize(("columns", "messages"), DOUBTED)
def test_a_name_that_may_be_a_slip_is_warned_of(session, context, columns, messages):
    config = {"states": ["missing"], "columns": columns}
    for design, expected in ((True, messages), (False, [])):
        heard = dataclasses.replace(context, design=design, warnings=[])
        NullValues.configure(config).call({"table": table(session, {"region": ["a"]})}, heard)
        assert [each.message for each in heard.warnings] == expected
        assert {(each.code, each.path) for each in heard.warnings} <= {("unknown_column", "/config/columns/0")}


REFUSED = [
    ({}, "invalid_config", "/config/states"),
    ({"states": ["null"], "to": "missing"}, "invalid_config", "/config/to"),
    ({"states": ["null"], "to": "absent"}, "invalid_config", "/config/to"),
    ({"states": ["absent"]}, "invalid_config", "/config/states/0"),
    ({"states": ["missing"]}, "invalid_config", "/config/columns"),
    ({"states": ["missing"], "columns": ["a", "A"]}, "invalid_config", "/config/columns/1"),
    ({"states": ["missing"], "columns": ["N"]}, "duplicate_column", "/config/columns/0"),
    ({"states": ["missing"], "columns": ["t", "x" * 1001]}, "invalid_name", "/config/columns/1"),
    ({"states": ["missing"], "to": "value", "value": 2**63, "columns": ["a"]}, "type_mismatch", "/config/value"),
    ({"states": ["missing", "null"], "to": "empty", "columns": ["a", "n"]}, "type_mismatch", "/config/to"),
    ({"states": ["missing", "null"], "columns": ["a", "g"]}, "type_mismatch", "/config/columns/1"),
    ({"values": [None]}, "invalid_config", "/config/values/0"),
    ({"states": ["null"], "to": "value"}, "invalid_config", "/config/value"),
    ({"states": ["null"], "to": "empty", "value": "x"}, "invalid_config", "/config/value"),
    ({"states": ["null"], "columns": ["t", "T"]}, "invalid_config", "/config/columns/1"),
    ({"states": ["null"], "to": "empty", "columns": ["t", "n"]}, "type_mismatch", "/config/to"),
    ({"states": ["null"], "to": "value", "value": 0.5, "columns": ["n"]}, "type_mismatch", "/config/value"),
    ({"values": [1, "n/a"], "columns": ["n"]}, "type_mismatch", "/config/values/1"),
    ({"states": ["null"], "columns": ["g"]}, "type_mismatch", "/config/columns/0"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = "SELECT 'a' AS t, 1 AS n, NULL::GEOMETRY AS g"
    assert run.refuses("null_values", config, table=table)[:2] == (code, path)


def test_no_value_becomes_missing(run):
    message = run.refuses("null_values", {"states": ["null"], "to": "missing"}, table=TABLE)[2]
    assert message.startswith("No value can become 'missing': a column is there for all rows or for none. Use 'null'")


def is_blank(text):
    return all(letter in " \t\n\r\f" or unicodedata.category(letter).startswith("Z") for letter in text)


STATES = {
    "null": lambda value: value is None,
    "empty": lambda value: value == "",
    "blank": lambda value: isinstance(value, str) and is_blank(value),
}


@quick
@given(
    ROWS, st.sets(st.sampled_from(list(STATES))), st.lists(VALUES["t"].filter(bool) | VALUES["d"], max_size=2),
    st.sampled_from(["null", "empty", "value"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_as_plain_python(run, rows, states, values, to, ignore_case, missing):
    assume(states or values or missing)
    new = {"null": None, "empty": "", "value": "new"}[to]
    able = ("t", "d") if to == "null" else ("t",)
    config = {
        "states": [*sorted(states), *["missing"] * missing],
        "values": [posted(each) for each in values],
        "to": to,
    }
    config = {**config, "ignore_case": ignore_case, **({"value": new} if to == "value" else {})}
    config["columns"] = [*able, *["日"] * missing]

    def folded(value):
        return value.lower() if isinstance(value, str) and ignore_case else value

    def changed(name, value):
        wanted = {folded(posted(each)) if name == "t" else each for each in values}
        alike = value is not None and folded(value) in wanted
        return new if name in able and (alike or any(STATES[each](value) for each in states)) else value

    expected = [[*(changed(name, value) for name, value in row.items()), *[new] * missing] for row in rows]
    assert said(run("null_values", config, table=relation(run, rows))) == said(expected)
