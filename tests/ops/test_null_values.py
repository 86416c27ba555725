import pytest

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


REFUSED = [
    ({}, "invalid_config", "/config/states"),
    ({"states": ["missing"]}, "invalid_config", "/config/states/0"),
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
