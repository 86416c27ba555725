"""Columns at every port before anything runs, and mistakes about them."""

import re
import time

import duckdb
import pytest
from compiler.graphs import checked, compute, graph, inferred, keep, node, problems_of, rows, run

from orchestrator.compiler import infer
from orchestrator.settings import settings
from orchestrator.workflows import judge

POINTS = [{"name": "x", "lon": 1.0, "lat": 2.0}]
XY = {"x": "lon", "y": "lat"}


def shape(columns):
    return [(each.name, each.type) for each in columns]


def test_columns_at_every_port():
    made = inferred(graph([rows(), keep("k"), compute("c", "a / 2", "half")], ["in -> k", "k.passed -> c"]))
    assert made.problems == ()
    plain = [("a", "BIGINT"), ("b", "VARCHAR")]
    assert {port: shape(each) for port, each in made.outputs["k"].items()} == {"passed": plain, "failed": plain}
    assert shape(made.inputs["c"]["table"]) == plain
    assert shape(made.outputs["c"]["result"]) == [*plain, ("half", "DOUBLE")]


def test_as_json():
    made = inferred(graph([rows(), node("u", "union")], ["in -> u"])).as_json()
    column = {"name": "a", "type": "BIGINT", "nullable": True}
    assert made["in"] == {"inputs": {}, "outputs": {"result": [column, {**column, "name": "b", "type": "VARCHAR"}]}}
    assert set(made["u"]) == {"inputs", "outputs"}


def test_geometry_keeps_its_coordinate_system():
    nodes = [rows(made=POINTS), node("p", "points_from_xy", XY), node("r", "reproject", {"to": "EPSG:3857"})]
    made = inferred(graph(nodes, ["in -> p", "p.result -> r"])).as_json()
    assert made["p"]["outputs"]["result"][-1] == {
        "name": "geometry", "type": "GEOMETRY", "nullable": True, "crs": "EPSG:4326", "geometry_types": None,
    }  # fmt: skip
    assert made["r"]["outputs"]["result"][-1]["crs"] == "EPSG:3857"


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("[geometry]", "GEOMETRY[]"),
        ("{'g': geometry}", "STRUCT(g GEOMETRY)"),
        ("map {1: [geometry]}", "MAP(INTEGER, GEOMETRY[])"),
    ],
)
def test_geometry_inside_of_a_type_has_no_page_of_json(expression, kind):
    nodes = [rows(made=POINTS), node("p", "points_from_xy", XY), compute("c", expression)]
    made = inferred(graph(nodes, ["in -> p", "p.result -> c"])).as_json()
    assert made["c"]["outputs"]["result"][-1]["type"] == kind


@pytest.mark.parametrize(
    ("type_", "config", "message"),
    [
        ("filter", {"condition": "geometry"}, "The condition gives GEOMETRY, not true or false. Compare it"),
        ("filter", {"condition": "geometry > 1"}, "Cannot compare values of type GEOMETRY and type INTEGER"),
        ("compute", {"columns": [{"name": "c", "expression": "upper(geometry)"}]},
         "No function matches the given name and argument types 'upper(GEOMETRY)'."),
        ("compute", {"columns": [{"name": "c", "expression": "coalesce(geometry, 1)"}]},
         "Cannot mix values of type GEOMETRY and INTEGER"),
        ("sql", {"query": "SELECT sum(geometry) FROM t", "names": ["t"]},
         "No function matches the given name and argument types 'sum(GEOMETRY)'."),
    ],
)  # fmt: skip
def test_a_message_about_geometry_has_no_page_of_json(type_, config, message):
    nodes = [rows(made=POINTS), node("p", "points_from_xy", XY), node("n", type_, config)]
    (problem,) = inferred(graph(nodes, ["in -> p", "p.result -> n"])).problems
    assert problem.code == "type_mismatch"
    assert problem.message.startswith(message)
    assert "{" not in problem.message


def test_the_columns_of_a_file(home):
    (settings().data / "in.csv").write_text("id,name\n1,x\n")
    made = inferred(graph([node("l", "data_loader", {"source_type": "csv", "path": "in.csv"})]))
    assert shape(made.outputs["l"]["result"]) == [("id", "BIGINT"), ("name", "VARCHAR")]


def test_nothing_is_written(home):
    before = sorted(settings().data.iterdir())
    writer = node("w", "data_writer", {"target_type": "csv", "path": "never.csv"})
    assert inferred(graph([rows(), writer], ["in -> w"])).problems == ()
    assert sorted(settings().data.iterdir()) == before


def test_a_mistake_stops_at_its_node_and_the_rest_is_still_told():
    document = graph(
        [rows(), keep("k", "x > 1"), compute("below"), compute("c", "y"), compute("good"), node("u", "union")],
        ["in -> k", "k.passed -> below", "in -> c", "in -> good", "good -> u", "below -> u"],
    )
    made = inferred(document)
    assert [(each.node_id, each.code) for each in made.problems] == [("k", "unknown_column"), ("c", "unknown_column")]
    assert made.outputs["below"] == {"result": None}
    assert made.inputs["below"] == {"table": None}
    assert made.outputs["u"] == {"result": None}
    assert made.outputs["good"]["result"] is not None


@pytest.mark.parametrize(
    ("expression", "code", "message"),
    [
        ("x", "unknown_column", "Column 'x' is not in this table."),
        ("A + aa", "unknown_column", "Column 'aa' is not in this table. Did you mean 'a'?"),
        ("foo.a", "unknown_column", None),
        ("b + 1", "type_mismatch", None),
        ("a::MONEY", "invalid_expression", None),
        ("upper(a, b)", "type_mismatch", None),
        ("CAST('x' AS BIGINT)", "type_mismatch", "'x' is no BIGINT."),
        ("[1, 2] + a", "type_mismatch", None),
    ],
)
def test_mistakes_in_expressions(expression, code, message):
    problems = inferred(graph([rows(), compute("c", expression)], ["in -> c"])).problems
    assert [each.code for each in problems] == ([code] if code else [])
    for each in problems:
        assert (each.node_id, each.path) == ("c", "/config/columns/0/expression")
        assert message is None or each.message == message
        assert "_t" not in each.message
        assert "LINE" not in each.message


OPEN = [{"name": "n", "type": "integer"}, {"name": "t"}, {"name": "f", "type": "file"}, {"name": "d", "type": "date"}]


@pytest.mark.parametrize(
    "waiting",
    [
        keep("k", "a > ${n} AND b = ${t}"),
        keep("k", "b = '${t}' OR b LIKE '%${t}'"),
        keep("k", '"${t}" = 1'),
        keep("k", "a::DATE > ${d}"),
        compute("k", "${n}", "${t}"),
        node("k", "sort", {"by": [{"column": "${t}"}]}),
        node("k", "sort", {"by": [{"column": "a", "nulls": "${t}"}]}),
        node("k", "sample", {"method": "${t}", "n": "${n}"}),
        node("k", "sample", {"method": "random", "fraction": "${n}"}),
        node("k", "aggregate", {"group_by": ["${t}"], "aggregations": [{"function": "${t}", "column": "${t}"}]}),
        node("k", "cast", {"columns": [{"name": "a", "type": "${t}"}]}),
        node("k", "select_columns", {"columns": [{"name": "${t}"}]}),
        node("k", "data_writer", {"target_type": "${t}", "path": "x.csv"}),
        node("k", "data_writer", {"target_type": "csv", "path": "${f}"}),
        node("k", "transformer", {"operation": "${t}", "params": {"columns": []}}),
        node("k", "transformer", {"operation": "filter", "params": {"condition": "a > ${n}"}}),
        node("k", "transformer", {"operation": "map", "params": {"columns": "${t}"}}),
        node("k", "sql", {"query": "SELECT ${n} AS n FROM t", "names": ["${t}"]}),
        node("k", "filter", {"clauses": [{"column": "${t}", "operator": "${t}", "value": "${n}"}]}),
    ],
)  # fmt: skip
def test_parameters_without_default_make_no_false_problems(waiting):
    document = graph([rows(), waiting, node("u", "union")], ["in -> k"], parameters=OPEN)
    port = next(
        iter({"filter": ["passed"], "sample": ["sampled"], "cast": ["result"]}.get(waiting["type"], ["result"]))
    )
    document["edges"].append({"source": "k", "target": "u", "sourceHandle": port})
    judged = judge(document)
    assert judged.valid, judged.problems
    assert set(judged.nodes) == {"in", "k", "u"}


def test_a_file_of_a_parameter_is_not_looked_for():
    document = graph([node("l", "data_loader", {"source_type": "csv", "path": "${f}"})], parameters=OPEN)
    assert judge(document).problems == ()


def test_a_mistake_beside_an_open_parameter_is_told():
    document = graph([rows(), node("s", "sample", {"method": "first", "n": "${n}", "colour": 1})], ["in -> s"],
                     parameters=OPEN)  # fmt: skip
    assert [(each.code, each.path) for each in problems_of(document)] == [("invalid_config", "/config/colour")]


COMPUTED = [
    {"name": "c0", "expression": "aa.b + ${n} + cc"},
    {"name": "c1", "expression": '"${t}" + dd'},
    {"name": "c2", "expression": "c0 + ee + list_sum([1])"},
    {"name": "c3", "expression": "list_transform([1], lambda x: x + gg)"},
]


@pytest.mark.parametrize(
    ("mistaken", "expected"),
    [
        (keep("k", "aa > ${n} AND bb = ${t}"), ["unknown_column 'aa'", "unknown_column 'bb'"]),
        (keep("k", "a > ${n} AND (SELECT 1) = 1"), ["invalid_expression"]),
        (keep("k", "a > ${n} AND"), ["invalid_expression"]),
        (keep("k", "nosuch(${n}) > 1"), ["invalid_expression"]),
        (node("k", "compute", {"columns": COMPUTED}), [f"unknown_column '{each}'" for each in ("aa", "cc", "ee")]),
    ],
)
def test_an_expression_that_is_wrong_with_any_value_is_told(mistaken, expected):
    found = judge(graph([rows(), mistaken], ["in -> k"], parameters=OPEN)).problems
    named = [re.search("'.*?'", each.message) if each.code == "unknown_column" else None for each in found]
    assert [
        f"{each.code} {name[0]}" if name else each.code for each, name in zip(found, named, strict=True)
    ] == expected
    assert all(each.port == ("table" if name else None) for each, name in zip(found, named, strict=True))


def test_the_default_of_a_secret_is_in_no_problem():
    hidden = [{"name": "s", "type": "secret", "default": "hunter2"}]
    wrong = [compute("c", "CAST(${s} AS DATE) + a"), compute("d", '"${s}"', "b"), node("o", "sort", {"by": "${s}"})]
    document = graph([rows(), *wrong], ["in -> c", "in -> d", "in -> o"], parameters=hidden)
    assert "hunter2" not in str(judge(document).problems)


def test_defaults_are_looked_at():
    document = graph([rows(), keep("k", '"${t}" = 1')], ["in -> k"], parameters=[{"name": "t", "default": "zz"}])
    assert [each.code for each in judge(document).problems] == ["unknown_column"]


def test_inferred_columns_are_those_of_the_run():
    document = graph(
        [
            rows("l", [{"id": 1, "d": "2024-01-01", "lon": 1.0, "lat": 2.0}]),
            rows("r", [{"id": 1, "v": 2.5, "d": "x"}]),
            node("j", "join", {"how": "left", "keys": [{"left": "id", "right": "id"}]}),
            node("c", "cast", {"columns": [{"name": "d", "type": "DATE"}]}),
            node("g", "aggregate", {"group_by": ["d"], "aggregations": [
                {"column": "v", "function": f, "name": f} for f in ("sum", "mean", "min", "first", "count_distinct")]}),
            node("i", "aggregate", {"aggregations": [{"column": "id", "function": "sum"}, {"function": "count"}]}),
            node("p", "points_from_xy", {"x": "lon", "y": "lat"}),
            node("b", "buffer", {"distance": 100, "unit": "metre"}),
        ],
        ["l -> c", "c.result -> j.left", "r -> j.right", "j.joined -> g", "j.joined -> i", "j.joined -> p",
         "p.result -> b"],
        settings={"on_rejected": "continue"},
    )  # fmt: skip
    expected = infer(checked(document), settings().data).as_json()
    ran = run(document)
    assert ran.success, ran.error
    for node_id, ports in expected.items():
        for port, columns in ports["outputs"].items():
            assert ran.columns(node_id, port) == columns


def test_a_constant_that_takes_long_is_not_computed():
    """It takes less than to compute it once; in time of the processor, for the machine may be busy."""
    long = "regexp_matches(repeat('a', 40000), '(a?){999}b')::INTEGER"
    query = node("q", "sql", {"query": f"SELECT a FROM t WHERE {long} > a", "names": ["t"]})
    document = graph([rows(), compute("c", long), keep("k", f"{long} > a"), query], ["in -> c", "in -> k", "in -> q"])
    inferred(graph([rows(), keep("k")], ["in -> k"]))  # what is imported for the first one is not counted
    began = time.process_time()
    duckdb.sql(f"SELECT {long}").fetchall()
    computed = time.process_time()
    made = inferred(document)
    assert time.process_time() - computed < computed - began
    assert shape(made.outputs["c"]["result"])[-1] == ("c", "INTEGER")
    assert not made.problems


def test_a_mismatch_hides_no_unknown_column():
    made = inferred(graph([rows(), keep("k", "a = 'abc' OR bb = 1")], ["in -> k"]))
    assert [(each.code, each.path) for each in made.problems] == [
        ("type_mismatch", "/config/condition"), ("unknown_column", "/config/condition"),
    ]  # fmt: skip


def test_every_mismatch_is_told_but_of_columns_that_are_made_anew():
    made = [
        {"name": "c", "expression": "a = 'x' OR a > 'y'"}, {"name": "d", "expression": "a = 'z'"},
        {"name": "b", "expression": "1"}, {"name": "e", "expression": "b = a AND NOT b"},
    ]  # fmt: skip
    found = inferred(graph([rows(), node("c", "compute", {"columns": made})], ["in -> c"])).problems
    assert [(each.path, each.message) for each in found] == [
        ("/config/columns/0/expression", "'x' is no BIGINT, which 'a' is: they cannot be compared."),
        ("/config/columns/0/expression", "'y' is no BIGINT, which 'a' is: they cannot be compared."),
        ("/config/columns/1/expression", "'z' is no BIGINT, which 'a' is: they cannot be compared."),
    ]
