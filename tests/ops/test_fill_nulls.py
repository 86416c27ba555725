import math

import pytest
from hypothesis import given
from test_against_pandas import TABLES, quick, rows
from test_against_pandas import run as run_on

TABLE = {
    "g": ["a", "b", "a", "b", None, None], "n": [None, 1, 2, None, None, 5],
    "t": [None, "", "x", None, "é", None], "x": [math.inf, None, None, 0.5, None, None],
}  # fmt: skip

CASES = [
    ({"columns": ["n"], "value": 0}, "n", [0, 1, 2, 0, 0, 5]),
    ({"columns": ["t"], "value": "it's"}, "t", ["it's", "", "x", "it's", "é", "it's"]),
    ({"columns": ["t"], "value": 0}, "t", ["0", "", "x", "0", "é", "0"]),
    ({"columns": ["x", "n"], "value": -1}, "x", [math.inf, -1.0, -1.0, 0.5, -1.0, -1.0]),
    ({"columns": ["x"], "value": 0.1}, "x", [math.inf, 0.1, 0.1, 0.5, 0.1, 0.1]),
    ({"columns": ["n"], "method": "previous"}, "n", [None, 1, 2, 2, 2, 5]),
    ({"columns": ["n"], "method": "next"}, "n", [1, 1, 2, 5, 5, 5]),
    ({"columns": ["n"], "method": "previous", "group_by": ["g"]}, "n", [None, 1, 2, 1, None, 5]),
    ({"columns": ["n", "t"], "method": "next", "group_by": ["g"]}, "n", [2, 1, 2, None, 5, 5]),
    ({"columns": ["t"], "method": "next"}, "t", ["", "", "x", "é", "é", None]),
]


@pytest.mark.parametrize(("config", "column", "expected"), CASES)
def test_fills(run, config, column, expected):
    place = list(TABLE).index(column)
    made = run("fill_nulls", config, table=TABLE)
    assert [row[place] for row in made] == expected
    others = [name for name in TABLE if name not in config["columns"]]
    assert all([row[list(TABLE).index(name)] for row in made] == TABLE[name] for name in others)


def test_a_gap_in_geometry_takes_the_one_before(run):
    table = "SELECT * FROM (VALUES (1, st_setcrs('POINT (1 2)'::GEOMETRY, 'OGC:CRS84')), (2, NULL)) v(i, g)"
    config = {"columns": ["g"], "method": "previous"}
    assert run.columns("fill_nulls", config, table=table)[1] == ("g", "GEOMETRY('OGC:CRS84')")
    first, second = run("fill_nulls", config, table=table)
    assert first[1] == second[1] is not None


TYPES = "SELECT 1::TINYINT n, 1.5::DECIMAL(4,1) c, DATE '2024-01-01' d, true b, NULL::GEOMETRY g, 'a' t"
REFUSED = [
    ({"columns": []}, "invalid_config", "/config/columns"),
    ({"columns": ["n"]}, "invalid_config", "/config/value"),
    ({"columns": ["n", "N"], "value": 1}, "invalid_config", "/config/columns/1"),
    ({"columns": ["n"], "method": "next", "value": 1}, "invalid_config", "/config/value"),
    ({"columns": ["n"], "value": 1, "group_by": ["t"]}, "invalid_config", "/config/group_by"),
    ({"columns": ["n"], "method": "next", "group_by": ["n"]}, "invalid_config", "/config/columns/0"),
    ({"columns": ["n"], "value": 300}, "type_mismatch", "/config/value"),
    ({"columns": ["n"], "value": 1.5}, "type_mismatch", "/config/value"),
    ({"columns": ["n"], "value": "x"}, "type_mismatch", "/config/value"),
    ({"columns": ["t", "n"], "value": "x"}, "type_mismatch", "/config/value"),
    ({"columns": ["c"], "value": 0.25}, "type_mismatch", "/config/value"),
    ({"columns": ["d"], "value": "2024-01-01 12:00"}, "type_mismatch", "/config/value"),
    ({"columns": ["b"], "value": "perhaps"}, "type_mismatch", "/config/value"),
    ({"columns": ["g"], "value": "POINT (1 2)"}, "type_mismatch", "/config/value"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("fill_nulls", config, table=TYPES)[:2] == (code, path)


@quick
@given(TABLES)
def test_as_pandas(context, frame):
    for method, fill in (("previous", "ffill"), ("next", "bfill")):
        config = {"columns": ["x", "t"], "method": method, "group_by": ["k"]}
        groups = frame.groupby("k", dropna=False)[["x", "t"]]
        assert run_on(context, "fill_nulls", config, table=frame)["result"] == rows(
            frame.assign(**getattr(groups, fill)())
        )
