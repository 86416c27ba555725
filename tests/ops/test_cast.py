import datetime as dt

import pytest


def to(type_, format_=None, name="v"):
    return {"columns": [{"name": name, "type": type_, **({"format": format_} if format_ else {})}]}


DAY = dt.date(2024, 2, 29)
GOOD = [
    (to("BIGINT"), ["5", " 6 ", None, "-7"], "BIGINT", [5, 6, None, -7]),
    (to("int"), [1.4, 2.6, None], "INTEGER", [1, 3, None]),
    (to("DOUBLE"), ["1.5", "1e3", "nan"], "DOUBLE", [1.5, 1000.0, "nan"]),
    (to("DECIMAL(5,2)"), ["1.5", None], "DECIMAL(5,2)", ["1.50", None]),
    (to("VARCHAR"), [1, None], "VARCHAR", ["1", None]),
    (to("BOOLEAN"), ["true", "f", "1"], "BOOLEAN", [True, False, True]),
    (to("DATE"), ["2024-02-29", None], "DATE", [DAY, None]),
    (to("DATE", "%d.%m.%Y"), ["29.02.2024", None], "DATE", [DAY, None]),
    (to("TIMESTAMP", "%Y%m%dT%H%M"), ["20240229T1530"], "TIMESTAMP", [dt.datetime(2024, 2, 29, 15, 30)]),
    (to("TIME", "%H.%M"), ["15.30"], "TIME", [dt.time(15, 30)]),
    (to("VARCHAR", "%d/%m/%y"), [DAY, None], "VARCHAR", ["29/02/24", None]),
    (to("HUGEINT"), ["1"], "DECIMAL(38,0)", ["1"]),
    (to("INTEGER[]"), [[1, 2]], "INTEGER[]", [[1, 2]]),
    (to("INTEGER[]"), [["1", None], [], None], "INTEGER[]", [[1, None], [], None]),
    (
        to("STRUCT(a INT, b INT)"),
        [{"b": "1", "c": "x"}, None],
        "STRUCT(a INTEGER, b INTEGER)",
        [{"a": None, "b": 1}, None],
    ),
]


@pytest.mark.parametrize(("config", "values", "kind", "expected"), GOOD)
def test_converts(run, config, values, kind, expected):
    assert run.columns("cast", config, table={"v": values}) == [("v", kind)]
    made = run("cast", config, table={"v": values})
    assert made["rejected"] == []
    assert ["nan" if v != v else v for (v,) in made["result"]] == expected


REJECTED = [
    (to("BIGINT"), ["x", "", "1e99"], "v: {} cannot become BIGINT."),
    (to("DATE"), ["2023-02-29", "soon"], "v: {} cannot become DATE."),
    (to("DATE", "%d.%m.%Y"), ["2024-02-29"], "v: {} does not read as %d.%m.%Y."),
    (to("TINYINT"), [300], "v: {} cannot become TINYINT."),
    (to("BOOLEAN"), ["maybe"], "v: {} cannot become BOOLEAN."),
    (to("INTEGER[]"), ["[1, x]"], "v: {} cannot become INTEGER[]."),
]


@pytest.mark.parametrize(("config", "values", "message"), REJECTED)
def test_rejects(run, config, values, message):
    made = run("cast", config, table={"id": list(range(len(values))), "v": values})
    assert made["result"] == []
    assert made["rejected"] == [(i, v, "cast_failed", message.format(v)) for i, v in enumerate(values)]


INSIDE = [
    ("['1', 'x']", "INTEGER[]", "[1, x]"),
    ("[['1'], ['2.5x']]", "DOUBLE[][]", "[[1], [2.5x]]"),
    ("{'a': 'x'}", "STRUCT(a INTEGER)", "{'a': x}"),
    ("MAP {'a': 300}", "MAP(VARCHAR, TINYINT)", "{a=300}"),
    ("""'[1, "x"]'::JSON""", "INTEGER[]", '[1, "x"]'),
]


@pytest.mark.parametrize(("value", "kind", "said"), INSIDE)
def test_rejects_what_does_not_convert_inside(run, value, kind, said):
    made = run("cast", to(kind), table=f"SELECT {value} AS v")
    assert made["result"] == []
    assert [row[1:] for row in made["rejected"]] == [("cast_failed", f"v: {said} cannot become {kind}.")]


def test_json_may_lack_fields_of_a_struct(run):
    made = run("cast", to("STRUCT(a INTEGER, b INTEGER)"), table="""SELECT '{"a": 1, "c": 2}'::JSON AS v""")
    assert made["result"] == [({"a": 1, "b": None},)]


def test_several_columns_in_place_and_order(run):
    config = {"columns": [{"name": "b", "type": "INT"}, {"name": "a", "type": "DATE"}]}
    table = {"a": ["2024-02-29", "x", None, "2024-02-29"], "b": ["1", "y", None, "z"], "rejection_code": [1, 2, 3, 4]}
    made = run("cast", config, table=table)
    assert made["result"] == [(DAY, 1, 1), (None, None, 3)]
    assert made["rejected"] == [
        ("x", "y", "cast_failed", "b: y cannot become INTEGER."),
        ("2024-02-29", "z", "cast_failed", "b: z cannot become INTEGER."),
    ]


def test_awkward_name(run):
    made = run("cast", to("INT", name="it's {a}"), table={"it's {a}": ["1", "x"]})
    assert made["rejected"] == [("x", "cast_failed", "it's {a}: x cannot become INTEGER.")]


@pytest.mark.parametrize("text", ["infinity", "-Infinity", " epoch "])
def test_a_format_reads_no_special_words(run, text):
    made = run("cast", to("DATE", "%d.%m.%Y"), table={"v": [text, "29.02.2024"]})
    assert made["result"] == [(dt.date(2024, 2, 29),)]
    assert [row[1] for row in made["rejected"]] == ["cast_failed"]


TWICE = {"columns": [*to("INT")["columns"], *to("DATE")["columns"]]}
REFUSED = [
    ({"columns": []}, "SELECT 1 AS v", "invalid_config", "/config/columns"),
    (to("nosuch"), "SELECT 1 AS v", "invalid_config", "/config/columns/0/type"),
    (to("DATE); DROP TABLE x; --"), "SELECT 1 AS v", "invalid_config", "/config/columns/0/type"),
    (TWICE, "SELECT 1 AS v", "invalid_config", "/config/columns/1/name"),
    (to("DATE", "%Q"), "SELECT 'x' AS v", "invalid_value", "/config/columns/0/format"),
    (to("VARCHAR", "%Y"), "SELECT 1 AS v", "invalid_config", "/config/columns/0/format"),
    (to("INTEGER"), "SELECT NULL::GEOMETRY AS v", "type_mismatch", "/config/columns/0/type"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "table", "code", "path"), REFUSED)
def test_refuses(run, config, table, code, path):
    assert run.refuses("cast", config, table=table)[:2] == (code, path)


APART = [("1", "DATE"), ("DATE '2024-01-01'", "INTEGER"), ("true", "TIMESTAMP"), ("NULL::GEOMETRY", "UUID")]


@pytest.mark.parametrize(("value", "kind"), APART)
def test_types_without_a_common_form(run, value, kind):
    code, path, message = run.refuses("cast", to(kind), table=f"SELECT {value} AS v")
    assert (code, path) == ("type_mismatch", "/config/columns/0/type")
    assert f"cannot become {kind}" in message
