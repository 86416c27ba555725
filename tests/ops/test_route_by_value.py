import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import ROWS, VALUES, by_port, posted, relation, said
from test_against_pandas import quick

TEXTS = ["a", "A", "b ", None, "", "c", "a", "é", "1"]
KINDS = {
    "t": TEXTS,
    "n": [1, 2, None, 3, 1, 0, -1, 5, 1],
    "x": [1.0, 0.5, None, float("nan"), 1.0, 2.0, -0.5, 3.0, 1.5],
    "b": [True, False, None, True, False, True, None, None, True],
    "d": [dt.date(2024, 1, day) for day in range(1, 9)] + [None],
}
TABLE = {"id": list(range(9)), **KINDS}


def ids(made):
    return {port: [row[0] for row in found] for port, found in made.items() if found}


CASES = [
    ("t", ["a", "é"], {}, {"a": [0, 6], "é": [7], "null": [3], "empty": [4], "rest": [1, 2, 5, 8]}),
    ("t", ["a", "b"], {"ignore_case": True}, {"a": [0, 1, 6], "null": [3], "empty": [4], "rest": [2, 5, 7, 8]}),
    ("t", [{"value": "b ", "port": "b"}], {}, {"b": [2], "null": [3], "empty": [4], "rest": [0, 1, 5, 6, 7, 8]}),
    ("t", [1], {}, {"1": [8], "null": [3], "empty": [4], "rest": [0, 1, 2, 5, 6, 7]}),
    ("n", [1, "2", -1], {}, {"1": [0, 4, 8], "2": [1], "-1": [6], "null": [2], "rest": [3, 5, 7]}),
    ("n", [1.0, 0.5], {}, {"1.0": [0, 4, 8], "null": [2], "rest": [1, 3, 5, 6, 7]}),
    ("x", [1, 0.5], {}, {"1": [0, 4], "0.5": [1], "null": [2], "rest": [3, 5, 6, 7, 8]}),
    ("b", [True], {}, {"true": [0, 3, 5, 8], "null": [2, 6, 7], "rest": [1, 4]}),
    ("d", ["2024-01-02"], {}, {"2024-01-02": [1], "null": [8], "rest": [0, 2, 3, 4, 5, 6, 7]}),
    ("t", ["' OR true --"], {}, {"null": [3], "empty": [4], "rest": [0, 1, 2, 5, 6, 7, 8]}),
]


@pytest.mark.parametrize(("column", "values", "more", "expected"), CASES)
def test_a_value_has_a_port(run, column, values, more, expected):
    assert ids(run("route_by_value", {"column": column, "values": values, **more}, table=TABLE)) == expected


def test_all_ports_are_there_without_rows(run):
    made = run(
        "route_by_value",
        {"column": "t", "values": ["a", {"value": "z", "port": "last"}]},
        table="SELECT ''::VARCHAR AS t",
    )
    assert made == {"a": [], "last": [], "null": [], "empty": [("",)], "rest": []}


def test_an_enum_is_compared_as_text(run):
    table = "SELECT v::ENUM('a', 'b', '') AS v FROM (VALUES ('a'), ('b'), (''), (NULL)) t(v)"
    made = run("route_by_value", {"column": "v", "values": ["a", "other"]}, table=table)
    assert made == {"a": [("a",)], "other": [], "null": [(None,)], "empty": [("",)], "rest": [("b",)]}


REFUSED = [
    ({"column": "t", "values": []}, "invalid_config", "/config/values"),
    ({"column": "t", "values": [None]}, "invalid_config", "/config/values/0/value"),
    ({"column": "t", "values": ["a", ""]}, "invalid_config", "/config/values/1/value"),
    ({"column": "t", "values": [["a"]]}, "invalid_config", "/config/values/0/value"),
    ({"column": "t", "values": ["a", "b", "a"]}, "invalid_config", "/config/values/2"),
    ({"column": "t", "values": ["a", "A"]}, "invalid_config", "/config/values/1"),
    ({"column": "t", "values": ["rest"]}, "invalid_config", "/config/values/0"),
    ({"column": "t", "values": [{"value": "a", "port": "null"}]}, "invalid_config", "/config/values/0"),
    ({"column": "t", "values": ["x" * 201]}, "invalid_config", "/config/values/0"),
    ({"column": "t", "values": ["rejected"]}, "invalid_config", "/config/values/0"),
    ({"column": "n", "values": [1, "two"]}, "type_mismatch", "/config/values/1"),
    ({"column": "d", "values": ["soon"]}, "type_mismatch", "/config/values/0"),
    ({"column": "b", "values": [3.5]}, "type_mismatch", "/config/values/0"),
    ({"column": "g", "values": ["POINT (1 2)"]}, "type_mismatch", "/config/column"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = "SELECT 'a' AS t, 1 AS n, true AS b, DATE '2024-01-01' AS d, 'POINT (1 2)'::GEOMETRY AS g"
    assert run.refuses("route_by_value", config, table=table)[:2] == (code, path)


def test_a_value_from_a_parameter_needs_a_port_of_its_own(run):
    from orchestrator.ops.route_by_value import RouteByValue

    made = RouteByValue.configure({"column": "t", "values": [{"value": "${p}", "port": "p"}]}, {"p": "a"})
    assert list(made.ports.outputs) == ["p", "null", "empty", "rest"]
    with pytest.raises(ValueError, match="cannot hold a parameter"):
        RouteByValue.configure({"column": "t", "values": ["${p}"]}, {"p": "a"})


@quick
@given(ROWS, st.sampled_from("ntxcdsb"), st.booleans(), st.data())
def test_as_plain_python(run, rows, column, ignore_case, data):
    told = VALUES[column].filter(lambda value: value != "" and (column != "x" or math.isfinite(value)))
    wanted = data.draw(st.lists(told | st.just(0.5) if column == "n" else told, min_size=1, max_size=5))
    fold = str.lower if ignore_case and column == "t" else lambda value: value
    values = [{"value": posted(value), "port": f"p{number}"} for number, value in enumerate(wanted)]
    expected = {}
    for row in rows:
        value = row[column]
        places = [n for n, each in enumerate(wanted) if value is not None and fold(each) == fold(value)]
        port = "null" if value is None else "empty" if value == "" else f"p{places[0]}" if places else "rest"
        expected.setdefault(port, []).append(row)
    config = {"column": column, "values": values, "ignore_case": ignore_case}
    made = run("route_by_value", config, table=relation(run, rows))
    assert by_port(made) == {port: said(each) for port, each in expected.items()}
