import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import rows as rows_of
from test_against_pandas import TABLES, quick, rows

from orchestrator.registry import node_type

TABLE = {
    "id": [1, 2, 3, 4, 5, 6],
    "t": ["a", "", None, "12", "A ", "é"],
    "n": [5, 0, None, -1, 10, 5],
    "x": [1.0, float("nan"), None, 0.5, 2.0, 1e300],
    "d": [dt.date(2024, 1, day) for day in (1, 2, 3, 1)] + [None, dt.date(2023, 1, 1)],
}


def failed(run, *rules, table=TABLE, **tables):
    """The ids of rows that fail, after seeing that the others pass."""
    made = run("validate", {"rules": list(rules)}, table=table, **tables)
    assert sorted([row[0] for row in made["passed"]] + [row[0] for row in made["failed"]]) == table["id"]
    return [row[0] for row in made["failed"]]


def rule(column, kind, **more):
    return {"column": column, "kind": kind, **more}


CASES = [
    (rule("t", "not_null"), [3]),
    (rule("n", "not_null"), [3]),
    (rule("t", "not_empty"), [2]),
    (rule("n", "not_empty"), []),
    (rule("t", "has_value"), [2, 3]),
    (rule("t", "type", type="INTEGER"), [1, 2, 5, 6]),
    (rule("n", "type", type="UTINYINT"), [4]),
    (rule("n", "range", min=0, max=5), [4, 5]),
    (rule("n", "range", min=0), [4]),
    (rule("n", "range", max="4.5"), [1, 5, 6]),
    (rule("x", "range", min=0.5), [2]),
    (rule("x", "range", max=2), [2, 6]),
    (rule("d", "range", min="2024-01-01", max="2024-01-02"), [3, 6]),
    (rule("t", "length", min=1), [2]),
    (rule("t", "length", max=1), [4, 5]),
    (rule("t", "length", min=2, max=2), [1, 2, 6]),
    (rule("t", "pattern", pattern="^[a-z]"), [2, 4, 5, 6]),
    (rule("n", "pattern", pattern="^[0-9]+$"), [4]),
    (rule("t", "values", values=["a", "A", "12", ""]), [5, 6]),
    (rule("n", "values", values=[5, "0", 10.0]), [4]),
    (rule("d", "values", values=["2024-01-01"]), [2, 3, 6]),
    (rule("d", "unique"), [1, 4]),
    (rule("n", "unique", together_with=["d"]), []),
    (rule("n", "unique"), [1, 6]),
    ({"kind": "expression", "expression": "n > 0 AND id < 6"}, [2, 4, 6]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_rules(run, config, expected):
    assert failed(run, config) == expected


REFERENCES = [
    ("t", {"code": ["a", "12", None]}, [2, 5, 6]),
    ("n", {"code": [5.0, 10.0]}, [2, 4]),
    ("n", "SELECT 1 AS code WHERE false", [1, 2, 4, 5, 6]),
    ("n", {"code": [None, None]}, [1, 2, 4, 5, 6]),
]


@pytest.mark.parametrize(("column", "reference", "expected"), REFERENCES)
def test_references(run, column, reference, expected):
    assert failed(run, rule(column, "reference", reference="code"), reference=reference) == expected


@pytest.mark.parametrize("more", [[], [rule("id", "unique")]])
def test_the_broken_rules_in_their_order(run, more):
    rules = [rule("n", "range", min=0), rule("t", "length", max=1, name="short"), *more]
    config = {"rules": [*rules, {"kind": "expression", "expression": "n <> 5"}], "broken": "why"}
    made = run("validate", config, table={"id": [1, 2, 3], "t": ["abc", "", None], "n": [-1, 5, None]})
    assert made["failed"] == [(1, "abc", -1, ["n range", "short"]), (2, "", 5, ["n <> 5"])]
    assert made["passed"] == [(3, None, None)]
    assert run.columns("validate", config, "failed", table="SELECT 1 AS id, 'x' AS t, 1 AS n")[-1] == (
        "why",
        "VARCHAR[]",
    )


def test_geometry_may_be_there_or_not(run):
    table = "SELECT * FROM (VALUES (1, 'POINT (1 2)'::GEOMETRY), (2, NULL)) t(id, g)"
    rules = [rule("g", "not_null"), rule("g", "has_value")]
    assert [row[-1] for row in run("validate", {"rules": rules}, table=table)["failed"]] == [
        ["g not_null", "g has_value"]
    ]


def test_ports_that_are_read_alone(run, context, tmp_path):
    fused = dataclasses.replace(context, scratch=tmp_path / "scratch", unused=frozenset({"passed"}), keep_order=False)
    made = run("validate", {"rules": [rule("n", "unique")]}, context=fused, table=TABLE)
    assert sorted(row[0] for row in made["failed"]) == [1, 6]


REFUSED = [
    ([], "invalid_config", ""),
    ([rule("t", "type")], "invalid_config", "/0/type"),
    ([rule("t", "not_null", min=1)], "invalid_config", "/0/min"),
    ([rule("n", "range")], "invalid_config", "/0/min"),
    ([rule("n", "range", min=5, max=1)], "invalid_config", "/0/max"),
    ([rule("t", "length", min=5, max=1)], "invalid_config", "/0/max"),
    ([rule("t", "length", min=-1)], "invalid_config", "/0/min"),
    ([rule("t", "length", max="2")], "invalid_config", "/0/max"),
    ([rule("t", "values", values=["a", None])], "invalid_config", "/0/values/1"),
    ([rule(None, "unique")], "invalid_config", "/0/column"),
    ([rule("t", "expression", expression="n > 0")], "invalid_config", "/0/column"),
    ([rule("t", "not_null"), rule("t", "not_null")], "invalid_config", "/1"),
    ([rule("t", "not_null"), rule("t", "range", min=1)], "type_mismatch", "/1"),
    ([rule("n", "range", min="x")], "type_mismatch", "/0/min"),
    ([rule("d", "range", max="soon")], "type_mismatch", "/0/max"),
    ([rule("n", "length", min=1)], "type_mismatch", "/0"),
    ([rule("n", "values", values=[1, "x"])], "type_mismatch", "/0/values/1"),
    ([rule("t", "pattern", pattern="(")], "invalid_config", "/0/pattern"),
    ([rule("d", "type", type="INTEGER")], "type_mismatch", "/0/type"),
    ([rule("t", "type", type="NUMBRE")], "invalid_config", "/0/type"),
    ([rule("g", "unique")], "type_mismatch", "/0"),
    ([{"kind": "expression", "expression": "n + 1"}], "type_mismatch", "/0/expression"),
    ([{"kind": "expression", "expression": "m > 1"}], "unknown_column", "/0/expression"),
    ([{"kind": "expression", "expression": "random() > n"}], "invalid_expression", "/0/expression"),
    ([{"kind": "expression", "expression": "n >"}], "invalid_expression", "/0/expression"),
    ([rule("n", "reference", reference="c")], "input_not_connected", "/0/reference"),
]


@pytest.mark.parametrize(("rules", "code", "path"), REFUSED)
def test_refuses(run, rules, code, path):
    table = "SELECT 't' AS t, 1 AS n, DATE '2024-01-01' AS d, 'POINT (1 2)'::GEOMETRY AS g"
    assert run.refuses("validate", {"rules": rules}, table=table)[:2] == (code, f"/config/rules{path}")


def test_a_reference_of_another_type(run):
    config = {"rules": [rule("n", "reference", reference="c")]}
    found = run.refuses("validate", config, table="SELECT 1 AS n", reference="SELECT 'x' AS c")
    assert found[:2] == ("type_mismatch", "/config/rules/0/reference")
    config["broken"] = "N"
    assert run.refuses("validate", config, table="SELECT 1 AS n")[:2] == ("duplicate_column", "/config/broken")


@quick
@given(TABLES, st.sampled_from(["k", "t"]))
def test_against_pandas(context, frame, column):
    rules = [rule(column, "unique"), rule("x", "range", min=-1, max=1), rule("t", "values", values=["", "a"])]
    op = node_type("validate").configure({"rules": rules})
    made = op.call({"table": context.session.from_frame(frame)}, context)
    broken = [
        frame[column].notna() & frame.duplicated([column], keep=False),
        (frame.x.notna() & ~frame.x.between(-1, 1)).fillna(False),
        frame.t.notna() & ~frame.t.isin(["", "a"]),
    ]
    any_broken = broken[0] | broken[1] | broken[2]
    assert rows_of(made["passed"]) == rows(frame[~any_broken])
    titles = [f"{column} unique", "x range", "t values"]
    lists = [[title for title, each in zip(titles, broken, strict=True) if each[i]] for i in frame.index]
    assert [row[-1] for row in rows_of(made["failed"])] == [each for each in lists if each]


def test_a_list_converts_if_all_of_it_does(run):
    table = {"id": [1, 2, 3], "l": [["1", None], ["1", "x"], None]}
    assert failed(run, rule("l", "type", type="BIGINT[]"), table=table) == [2]
