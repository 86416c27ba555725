import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import ROWS, VALUES, posted, relation, said
from test_against_pandas import quick

TABLE = {
    "t": ["a", "A", "", None, "it's"], "n": [1, 2, None, 4, 1], "x": [1.0, 1.5, None, float("inf"), 2.0],
    "b": [True, False, None, True, True], "d": [dt.date(2024, 1, day) for day in range(1, 6)],
}  # fmt: skip


def to(mapping, default="null", **more):
    return {"mapping": [{"from": a, "to": b} for a, b in mapping], "default": default, "name": "r", **more}


CASES = [
    ("t", to([("a", "1"), ("it's", "{x}")]), "VARCHAR", ["1", None, None, None, "{x}"]),
    ("t", to([("a", 1), (None, 0)]), "BIGINT", [1, None, None, 0, None]),
    ("t", to([("a", 1), ("", 0.5)]), "DOUBLE", [1.0, None, 0.5, None, None]),
    ("t", to([("a", True)], "value", default_value=False), "BOOLEAN", [True, False, False, False, False]),
    ("t", to([("a", 1)], "value", default_value="?"), "VARCHAR", ["1", "?", "?", "?", "?"]),
    ("t", to([("a", None), (None, "n")], "keep"), "VARCHAR", [None, "A", "", "n", "it's"]),
    ("t", to([("a", "x")], "keep", ignore_case=True), "VARCHAR", ["x", "x", "", None, "it's"]),
    ("t", to([("a", "2024-01-01")], result_type="DATE"), "DATE", [dt.date(2024, 1, 1), None, None, None, None]),
    ("n", to([(1, 10), (2, None)], "keep"), "BIGINT", [10, None, None, 4, 10]),
    ("n", to([("1", "one"), (4.0, "f")], "keep", result_type="VARCHAR"), "VARCHAR", ["one", "2", None, "f", "one"]),
    ("n", to([(1, 0.5)], "keep", result_type="DOUBLE"), "DOUBLE", [0.5, 2.0, None, 4.0, 0.5]),
    ("x", to([(1, "one"), (None, "none")], "value", default_value="?"), "VARCHAR", ["one", "?", "none", "?", "?"]),
    ("b", to([(True, "yes"), ("false", "no")]), "VARCHAR", ["yes", "no", None, "yes", "yes"]),
    ("d", to([("2024-01-02", "two")]), "VARCHAR", [None, "two", None, None, None]),
]  # fmt: skip


@pytest.mark.parametrize(("column", "config", "kind", "expected"), CASES)
def test_looks_up(run, column, config, kind, expected):
    config = {"column": column, **config}
    assert run.columns("map_values", config, table=TABLE)[-1] == ("r", kind)
    assert [row[-1] for row in run("map_values", config, table=TABLE)] == expected


def test_a_column_may_change_in_its_place(run):
    config = {"column": "a", "mapping": [{"from": 1, "to": "one"}], "default": "null"}
    assert run("map_values", config, table={"a": [1, 2], "b": [3, 4]}) == [("one", 3), (None, 4)]


def test_only_nulls_that_come_in_are_text(run):
    config = {"column": "a", "mapping": [{"from": None, "to": "x"}]}
    assert run.columns("map_values", config, table="SELECT NULL AS a") == [("a", "VARCHAR")]


REFUSED = [
    ("t", to([]), "invalid_config", "/config/mapping"),
    ("t", to([("a", 1), ("a", 2)]), "invalid_config", "/config/mapping/1/from"),
    ("t", to([("a", 1), ("A", 2)], ignore_case=True), "invalid_config", "/config/mapping/1/from"),
    ("t", to([(None, 1), (None, 2)]), "invalid_config", "/config/mapping/1/from"),
    ("t", to([(["a"], 1)]), "invalid_config", "/config/mapping/0/from"),
    ("t", to([("a", 1)], "value"), "invalid_config", "/config/default_value"),
    ("t", to([("a", 1)], "keep", default_value=1), "invalid_config", "/config/default_value"),
    ("n", to([("a", 1)]), "type_mismatch", "/config/mapping/0/from"),
    ("n", to([(1, "one")], "keep"), "type_mismatch", "/config/mapping/0/to"),
    ("n", to([(1, 0.5)], "keep"), "type_mismatch", "/config/mapping/0/to"),
    ("t", to([("a", 300)], result_type="TINYINT"), "type_mismatch", "/config/mapping/0/to"),
    ("t", to([("a", 1)], "value", default_value="x", result_type="INT"), "type_mismatch", "/config/default_value"),
    ("t", to([("a", 1)], "keep", result_type="INT"), "type_mismatch", "/config/result_type"),
    ("x", to([(1, 2)], "keep", result_type="BIGINT"), "type_mismatch", "/config/result_type"),
    ("g", to([("a", 1)]), "type_mismatch", "/config/column"),
    ("t", to([("a", 1)], name="N"), "duplicate_column", "/config/name"),
]


@pytest.mark.parametrize(("column", "config", "code", "path"), REFUSED)
def test_refuses(run, column, config, code, path):
    table = "SELECT 'a' AS t, 1 AS n, 0.5 AS x, NULL::GEOMETRY AS g"
    assert run.refuses("map_values", {"column": column, **config}, table=table)[:2] == (code, path)


FROM = {**VALUES, "x": VALUES["x"].filter(math.isfinite), "n": VALUES["n"] | st.sampled_from([0.5, 1.0, 1e300])}
TO = [VALUES["t"], st.sampled_from([0.5, -2.25]), st.integers(-3, 3)]


@quick
@given(ROWS, st.sampled_from("ntxcdsb"), st.sampled_from(["keep", "null", "value"]), st.booleans(), st.data())
def test_as_plain_python(run, rows, column, default, ignore_case, data):
    made = data.draw(
        st.sampled_from([FROM[column].filter(lambda v: v != 0.5 and v != 1e300)] if default == "keep" else TO)
    )
    entry = st.tuples(st.none() | FROM[column], made)
    mapping = data.draw(st.lists(entry, min_size=1, max_size=5, unique_by=lambda each: str(each[0]).lower()))
    default_value = data.draw(made) if default == "value" else None

    def folded(value):
        return value.lower() if ignore_case and isinstance(value, str) else value

    def looked_up(value):
        found = (after for before, after in mapping if folded(before) == folded(value))
        return next(found, value if default == "keep" else default_value)

    config = to([(posted(a), posted(b)) for a, b in mapping], default, ignore_case=ignore_case)
    config = {"column": column, **config, **({"default_value": default_value} if default == "value" else {})}
    expected = [[*row.values(), like(row, looked_up(row[column]), column, default)] for row in rows]
    assert said(run("map_values", config, table=relation(run, rows))) == said(expected)


def like(row, value, column, default):
    """A value that stands in the column's place is of its type."""
    return int(value) if default == "keep" and column == "n" and value is not None else value
