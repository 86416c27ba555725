import dataclasses

import pytest
from compiler.graphs import compute, graph, keep, node, rows, run
from feeds import library
from running import rows as found
from running import shape, table

from orchestrator.errors import NodeError
from orchestrator.ops.for_each import ForEach
from orchestrator.settings import settings
from orchestrator.workflows import judge


def out(name="out", node_id="out"):
    return node(node_id, "output", {"name": name})


TOP = [node("in", "input"), node("s", "sample", {"n": "${first}"}), out("top")]
WORKFLOWS = {
    "topofregion1": graph(
        TOP, ["in -> s", "s.sampled -> out"],
        parameters=[{"name": "first", "type": "integer", "default": 1}, {"name": "name"}],
    )
}  # fmt: skip
COUNT = {"group_by": [], "aggregations": [{"function": "count", "name": "n"}]}
SAVED = {
    **WORKFLOWS,
    "count": graph(
        [node("in", "input"), node("n", "aggregate", COUNT), out()], ["in -> n", "n -> out"], name="Count"
    ),
    "says": graph(
        [node("in", "input"), compute("c", "'${text}' || id", "said"),
         node("p", "select_columns", {"columns": [{"name": "said"}]}), out()],
        ["in -> c", "c -> p", "p -> out"], name="Says",
        parameters=[{"name": "text", "required": True}, {"name": "day", "type": "date"},
                    {"name": "number", "type": "number"}],
    ),
    "fails": graph(
        [node("in", "input"), compute("c", "CAST(region AS INTEGER)"), out()], ["in -> c", "c -> out"], name="Fails"
    ),
    "two": graph([node("in", "input"), node("i2", "input"), out()], ["in -> out"], name="Two"),
    "outs": graph([node("in", "input"), out(), out("more", "o2")], ["in -> out", "in -> o2"], name="Outs"),
    "writes": graph(
        [node("in", "input"), node("w", "data_writer", {"path": "${to}.csv", "target_type": "csv"}), out()],
        ["in -> w", "in -> out"], name="Writes", parameters=[{"name": "to", "required": True}],
    ),
}  # fmt: skip


def each(workflow, **more):
    return {"workflow": workflow, **more}


@pytest.fixture
def call(session, context, tmp_path):
    """Run a for_each node on a table, as a design with an empty one first: columns are the same."""
    context = dataclasses.replace(context, scratch=tmp_path / "scratch")

    def made(config, rows):
        op, given = ForEach.configure(config, find=library(SAVED)), table(session, rows)
        designed = op.call({"table": session.empty(given)}, dataclasses.replace(context, design=True))["result"]
        result = op.call({"table": given}, context)["result"]
        assert shape(designed) == shape(result)
        return result.columns, found(result)

    return made


GOOD = [
    (each("count", group_by=["region"]), ["region", "n"], [("north", 2), ("south", 1), (None, 1), ("", 1)]),
    (each("count", group_by=["region"], keep=["id", "day"]), ["region", "id", "day", "n"], None),
    (each("count"), ["n"], [(1,)] * 5),
    (each("count", keep=["id"]), ["id", "n"], [(n, 1) for n in range(1, 6)]),
    (each("count", group_by=["region", "amount"]), ["region", "amount", "n"],
     [("north", 10.5, 2), ("south", None, 1), (None, 7.0, 1), ("", -1.0, 1)]),
    (each("topofregion1", group_by=["region"], keep=["id"]), ["id", "region", "amount", "day"],
     None),
    (each("topofregion1", group_by=["region"], parameters={"first": {"column": "id"}}),
     ["id", "region", "amount", "day"], None),
    (each("says", parameters={"text": "n", "day": {"column": "day"}, "number": {"column": "amount"}}), ["said"],
     [("n1",), ("n2",), ("n3",), ("n4",), ("n5",)]),
    (each("outs", output="more", input="in", keep=["id"]), ["id", "region", "amount", "day"], None),
    (each("count", group_by=["region"], maximum=4), ["region", "n"], None),
]  # fmt: skip


@pytest.mark.parametrize(("config", "columns", "expected"), GOOD)
def test_runs_for_each_group(call, sales, config, columns, expected):
    names, made = call(config, sales)
    assert names == columns
    assert expected is None or made == expected


def test_groups_come_in_the_order_of_their_first_rows_and_keep_theirs(call):
    config = each("topofregion1", group_by=["g"], parameters={"first": 9})
    _, made = call(config, "SELECT i, 9 - i % 3 AS g FROM range(7) t(i)")
    assert made == [(0, 9), (3, 9), (6, 9), (1, 8), (4, 8), (2, 7), (5, 7)]


def test_without_rows_nothing_runs_and_the_columns_stay(call):
    assert call(each("fails", group_by=["region"]), "SELECT 'x' AS region WHERE false") == (["region", "c"], [])


def test_values_keep_their_types(call):
    kinds = "1.50::DECIMAL(5,2) AS d, TIMESTAMPTZ '2024-01-01 12:00:00+00' AS t, [1, 2] AS l, 'x'::BLOB AS b, 'é' AS s"
    names, made = call(each("count", group_by=["d", "l"], keep=["t", "b", "s"]), f"SELECT {kinds} FROM range(2)")
    assert names == ["d", "l", "t", "b", "s", "n"]
    assert made[0][:2] == ("1.50", [1, 2])
    assert made[0][3:] == (b"x", "é", 2)


@pytest.mark.parametrize(
    "value",
    [
        "INTERVAL '1 month 3 days'", "TIMESTAMP_NS '2024-01-01 00:00:00.123456789'", "TIME_NS '10:00:00.123456789'",
        "'infinity'::DATE", "'-infinity'::TIMESTAMP", "'infinity'::TIMESTAMPTZ", "DATE '0044-03-15 (BC)'",
        "TIMESTAMPTZ '2024-01-01 12:00:00+02'", "NULL::INTERVAL", "'nan'::DOUBLE",
    ],
)  # fmt: skip
def test_a_value_that_python_would_round_comes_back_whole(session, context, tmp_path, value):
    op = ForEach.configure(each("count", group_by=["v"]), find=library(SAVED))
    context = dataclasses.replace(context, scratch=tmp_path / "scratch")
    made = op.call({"table": table(session, f"SELECT {value} AS v")}, context)["result"]
    assert len(made.filter(f"v IS NOT DISTINCT FROM {value}")) == 1


FAILS = [
    (each("count", maximum=4), "too_many_groups", "/config/maximum",
     "There are more than 4 rows, and the workflow would run for each."),
    (each("count", group_by=["region"], maximum=3), "too_many_groups", "/config/maximum",
     "There are more than 3 groups, and the workflow would run for each."),
    (each("fails", group_by=["region"]), "conversion_failed", "/config/workflow",
     "Group region = 'north': In node 'c' of 'Fails': Could not convert"),
    (each("fails"), "conversion_failed", "/config/workflow", "Row 1: In node 'c' of 'Fails': Could not convert"),
    (each("says", parameters={"text": {"column": "region"}}), "missing_parameter", "/config/parameters/text",
     "Row 3: Parameter 'text' needs a value."),
    (each("says", parameters={"text": {"column": "id"}}), "invalid_parameter", "/config/parameters/text",
     "Row 1: Parameter 'text' takes text; 1 is not."),
]  # fmt: skip


@pytest.mark.parametrize(("config", "code", "path", "message"), FAILS)
def test_fails_with_a_sentence(call, sales, config, code, path, message):
    with pytest.raises(NodeError) as caught:
        call(config, sales)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.message.startswith(message)


REFUSED = [
    (each("nowhere"), "unknown_workflow", "/config/workflow", "Workflow 'nowhere' is not there."),
    (each("two"), "invalid_config", "/config/input", "'Two' has several inputs: name one."),
    (each("two", input="in"), "invalid_config", "/config/workflow",
     "Input 'i2' of 'Two' has no columns and no sample, and gets no rows here."),
    (each("outs"), "invalid_config", "/config/output", "'Outs' has several outputs: name one."),
    (each("outs", output="mor"), "invalid_config", "/config/output",
     "'Outs' has no output 'mor'. Did you mean 'more'?"),
    (each("says"), "missing_parameter", "/config/parameters/text", "Parameter 'text' needs a value."),
    (each("count", parameters={"x": {"column": "a"}}), "unknown_parameter", "/config/parameters/x",
     "Parameter 'x' is not in this workflow."),
    (each("says", parameters={"text": {"column": "c"}}), "unknown_column", "/config/parameters/text/column",
     "Column 'c' is not in this table."),
    (each("count", group_by=["aa"]), "unknown_column", "/config/group_by/0", "Column 'aa' is not in this table."),
]  # fmt: skip


@pytest.mark.parametrize(("config", "code", "path", "message"), REFUSED)
def test_refuses(config, code, path, message):
    problem = judge(graph([rows(), node("f", "for_each", config)], ["in -> f"]), library(SAVED)).problems[0]
    assert (problem.code, problem.path, problem.node_id) == (code, path, "f")
    assert problem.message.startswith(message)


def test_geometry_is_no_group(call):
    with pytest.raises(NodeError) as caught:
        call(each("count", group_by=["g"]), "SELECT 'POINT (1 2)'::GEOMETRY AS g")
    assert (caught.value.code, caught.value.path) == ("type_mismatch", "/config/group_by/0")


@pytest.mark.parametrize("cache", [True, False])
def test_inside_a_run(home, cache):
    config = each("writes", group_by=["b"], parameters={"to": {"column": "b"}})
    document = graph(
        [rows(made=[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": "x"}]), node("f", "for_each", config),
         keep("k", "a > 1")],
        ["in -> f", "f -> k"],
    )  # fmt: skip
    ran = run(document, cache=cache, find=library(SAVED))
    assert ran.success, ran.error
    assert ran.rows("k", "passed") == [(3, "x"), (2, "y")]
    assert (settings().data / "x.csv").read_text() == "a,b\n1,x\n3,x\n"
    assert not (ran.folder / "scratch").exists()
