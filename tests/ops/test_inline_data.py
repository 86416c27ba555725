import datetime as dt

import pytest


def typed(name, kind, *values):
    return {"rows": [{name: value} for value in values], "columns": [{"name": name, "type": kind}]}


GOOD = [
    ({"rows": [{"a": 1}, {"a": 2}]}, [("a", "BIGINT")], [(1,), (2,)]),
    ({"rows": [{"a": 1}, {"b": "x"}]}, [("a", "BIGINT"), ("b", "VARCHAR")], [(1, None), (None, "x")]),
    ({"rows": [{"a": 1}, {"a": 2.5}]}, [("a", "DOUBLE")], [(1.0,), (2.5,)]),
    ({"rows": [{"a": 2.5}, {"a": 1}, {"a": None}]}, [("a", "DOUBLE")], [(2.5,), (1.0,), (None,)]),
    ({"rows": [{"a": True}, {"a": None}]}, [("a", "BOOLEAN")], [(True,), (None,)]),
    ({"rows": [{"a": None}]}, [("a", "VARCHAR")], [(None,)]),
    ({"rows": [{"a": ""}]}, [("a", "VARCHAR")], [("",)]),
    ({"rows": [{"a": [1, 2]}, {"a": []}]}, [("a", "BIGINT[]")], [([1, 2],), ([],)]),
    ({"rows": [{"a": {"b": 1}}]}, [("a", "STRUCT(b BIGINT)")], [({"b": 1},)]),
    ({"rows": [], "columns": [{"name": "a", "type": "int"}]}, [("a", "INTEGER")], []),
    (typed("a", "BIGINT", "5"), [("a", "BIGINT")], [(5,)]),
    (typed("a", "text", 5), [("a", "VARCHAR")], [("5",)]),
    (typed("a", "VARCHAR", 5, "x"), [("a", "VARCHAR")], [("5",), ("x",)]),
    (typed("a", "DATE", "2024-02-29"), [("a", "DATE")], [(dt.date(2024, 2, 29),)]),
    ({"rows": [{"a": 1}], "columns": [{"name": "b", "type": "DATE"}]}, [("b", "DATE"), ("a", "BIGINT")], [(None, 1)]),
    (typed("a", "HUGEINT", 2**64), [("a", "DECIMAL(38,0)")], [(str(2**64),)]),
    (typed("a", "INTEGER[]", "[1, 2]", [3]), [("a", "INTEGER[]")], [([1, 2],), ([3],)]),
    ({"rows": [{"größe": "日本", 'a"b': "{x}"}]}, [("größe", "VARCHAR"), ('a"b', "VARCHAR")], [("日本", "{x}")]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "columns", "expected"), GOOD)
def test_gives_the_rows(run, config, columns, expected):
    assert run.columns("inline_data", config) == columns
    assert run("inline_data", config) == expected


def test_geometry_from_text(run):
    config = {"rows": [{"g": "POINT (1 2)"}, {"g": None}], "columns": [{"name": "g", "type": "GEOMETRY"}]}
    made = run.relations("inline_data", config)["result"]
    assert made.project("st_astext(g)").fetchall() == [("POINT (1 2)",), (None,)]


REFUSED = [
    ({"rows": []}, "invalid_config", "/config/rows"),
    ({"rows": [{}]}, "invalid_config", "/config/rows"),
    ({"rows": [{"a": 1}, {"a": "x"}]}, "mixed_types", "/config/rows/1/a"),
    ({"rows": [{"a": True}, {"a": 1}]}, "mixed_types", "/config/rows/1/a"),
    ({"rows": [{"a": 1}, {"a": None}, {"a": [1]}]}, "mixed_types", "/config/rows/2/a"),
    ({"rows": [{"a": [1]}, {"a": ["x"]}]}, "mixed_types", "/config/rows/1/a"),
    ({"rows": [{"a": 1}, {"a": 2**70}]}, "mixed_types", "/config/rows/1/a"),
    ({"rows": [{"a": "\ud800"}]}, "mixed_types", "/config/rows/0/a"),
    (typed("a", "VARCHAR", "x", "\ud800"), "type_mismatch", "/config/rows/1/a"),
    (typed("a", "BIGINT[]", [1], [2, "x"]), "type_mismatch", "/config/rows/1/a"),
    ({"rows": [{"a/b~": 1}, {"a/b~": "x"}]}, "mixed_types", "/config/rows/1/a~1b~0"),
    ({"rows": [{"a": 1, "A": 2}]}, "invalid_config", "/config/rows/0"),
    ({"rows": [{"a": 1}, {"a" * 10_000: 1}]}, "invalid_name", "/config/rows/1"),
    ({"rows": [{"": 1}]}, "invalid_config", "/config/rows/0"),
    ({"rows": 3}, "invalid_config", "/config/rows"),
    (typed("a", "BIGINT", "x"), "type_mismatch", "/config/rows/0/a"),
    (typed("a", "BIGINT[]", [1], [2, 2.5]), "type_mismatch", "/config/rows/1/a"),
    (typed("a", "INT[][]", [[1, None]], [[1], [0.5]]), "type_mismatch", "/config/rows/1/a"),
    (typed("a", "BIGINT", 1.5), "type_mismatch", "/config/rows/0/a"),
    (typed("a", "BIGINT", "1.5"), "type_mismatch", "/config/rows/0/a"),
    (typed("a", "bigit", 1), "invalid_config", "/config/columns/0/type"),
    (typed("a", "INT), (1", 1), "invalid_config", "/config/columns/0/type"),
    (
        {"rows": [], "columns": [{"name": "a", "type": "INT"}, {"name": "A", "type": "INT"}]},
        "invalid_config",
        "/config/columns/1/name",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("inline_data", config)[:2] == (code, path)


def test_messages_name_row_column_and_way_out(run):
    assert run.refuses("inline_data", {"rows": [{"a": 1}, {"a": "x"}]})[2] == (
        "Column 'a' holds whole numbers and, in row 2, text: 'x'. Give its type in 'columns'."
    )
    columns = [{"name": "a", "type": "bigit"}]
    assert run.refuses("inline_data", {"rows": [], "columns": columns})[2] == (
        "There is no type 'bigit'. Did you mean 'BIGINT'?"
    )
