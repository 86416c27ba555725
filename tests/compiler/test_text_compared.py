"""Text that is compared with what is none: a warning, and the run that it warns of."""

import pytest
from compiler.advised import line, out
from compiler.graphs import graph, node, rows, run

from orchestrator.workflows import judge

ROW = {"s": "x", "i": 1, "f": 1.5, "b": True}
NUMBER = "'s' is text and is compared with a number: the run fails at the first text that is none."
TRUTH = "'s' is text and is taken for true or false: the run fails at the first text that is neither."
CASES = {
    "s = 3": NUMBER,
    "3 = S": NUMBER,
    "s <> 1.5": NUMBER,
    "i > 0 AND s IN (1, 2)": NUMBER,
    "s IN ('1', 2)": NUMBER,
    "s IS DISTINCT FROM 3": NUMBER,
    "s = i": NUMBER.replace("a number", "'i', which is BIGINT"),
    "b = s": NUMBER.replace("a number", "'b', which is BOOLEAN"),
    "NOT s": TRUTH,
    "b AND (S OR i > 1)": TRUTH,
    "CASE WHEN s THEN b END": TRUTH,
    "CASE s WHEN 3 THEN b END": NUMBER,
    "if(s > '' AND s = 3, b, NULL)": NUMBER,
    "s = NULL::BIGINT": None,
    "NOT s::BOOLEAN": None,
    "NOT (TRY_CAST(s AS BOOLEAN))": None,
    "NOT b AND s IS NULL": None,
    "s = '3'": None,
    "s = s": None,
    "i = 3": None,
    "length(s) = 3": None,
    "TRY_CAST(s AS BIGINT) = 3": None,
    "TRY(s = 3)": None,
    "CASE WHEN i > 1 THEN s = 3 END": None,
    "CASE WHEN TRY_CAST(s AS INT) IS NULL THEN b WHEN s = 3 THEN b END": None,
}


def told(*nodes):
    judged = judge(graph(*line(rows("in", [ROW]), *nodes, out())))
    assert judged.valid, judged.problems
    found = [each for each in judged.problems if each.code == "type_mismatch"]
    assert all(each.severity == "warning" and each.hint for each in found)
    return [(each.node_id, each.path, each.message) for each in found]


@pytest.mark.parametrize("condition", CASES)
def test_of(condition):
    wanted = [("k", "/config/condition", CASES[condition])] if CASES[condition] else []
    assert told(node("k", "filter", {"condition": condition})) == wanted


@pytest.mark.parametrize("condition", [each for each, said in CASES.items() if said])
def test_such_a_run_fails(condition):
    ran = run(graph(*line(rows("in", [ROW]), node("k", "filter", {"condition": condition}), out())))
    assert (ran.error.node_id, ran.error.path) == ("k", "/config/condition")


def test_a_column_that_is_made_anew_is_left_alone():
    made = [{"name": "s", "expression": "1"}, {"name": "t", "expression": "s = 3"}]
    assert told(node("c", "compute", {"columns": made})) == []
    assert told(node("c", "compute", {"columns": made[1:]})) == [("c", "/config/columns/0/expression", NUMBER)]


QUERIES = {
    "SELECT * FROM table1 WHERE s = 3": [NUMBER],
    "SELECT * FROM table1 WHERE NOT s OR s = 3": [TRUTH, NUMBER],
    "SELECT a.* FROM table1 AS a JOIN table1 AS b ON a.s = b.i": [CASES["s = i"]],
    "SELECT i, count(*) FILTER (s = i) AS n FROM table1 GROUP BY i": [CASES["s = i"]],
    "SELECT table1.i FROM table1 JOIN (SELECT f AS t FROM table1) ON s = t": [
        "'s' is text and is compared with 't', which is DOUBLE: the run fails at the first text that is none."
    ],
    "SELECT * FROM (SELECT i::VARCHAR AS s FROM table1) WHERE s = 3": [],
    "WITH t(s) AS (SELECT i::VARCHAR FROM table1) SELECT * FROM t WHERE s = 3": [],
    "SELECT * FROM table1 WHERE TRY_CAST(s AS BIGINT) = 3 AND NOT s::BOOLEAN AND s = '3'": [],
}


@pytest.mark.parametrize("query", QUERIES)
def test_in_a_query(query):
    assert told(node("q", "sql", {"query": query})) == [("q", "/config/query", said) for said in QUERIES[query]]


@pytest.mark.parametrize("query", [each for each, said in QUERIES.items() if said])
def test_such_a_query_fails(query):
    ran = run(graph(*line(rows("in", [ROW]), node("q", "sql", {"query": query}), out())))
    assert (ran.error.node_id, ran.error.code) == ("q", "conversion_failed")


def test_in_a_transformer_with_a_parameter():
    params = {"condition": "s = 3 OR s = ${t}"}
    document = graph(
        *line(rows("in", [ROW]), node("t", "transformer", {"operation": "filter", "params": params}), out())
    )
    judged = judge({**document, "parameters": [{"name": "t", "default": "it's"}]})
    assert [(each.path, each.message) for each in judged.problems] == [("/config/params/condition", NUMBER)]


@pytest.mark.parametrize("name", ["condition", "expression"])
def test_what_is_only_called_so_is_no_expression(name):
    config = {"url": "https://example.org/", "params": {name: "it's", "q": "s = 3"}, "headers": {name: "s = 3"}}
    judged = judge(graph(*line(rows("in", [ROW]), node("h", "http_request", config))))
    assert judged.problems == ()
