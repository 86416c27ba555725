"""Constants that DuckDB would compute while it binds, for minutes, and those that it may."""

import time

import pytest
from compiler.graphs import compute, graph, inferred, node, rows

from orchestrator import expressions
from orchestrator.errors import NodeError
from orchestrator.ops import _query
from orchestrator.workflows import judge

LONG = "levenshtein(repeat('a', 200000), repeat('b', 200000))"
WORDS = ", ".join(f"'some word {number}'" for number in range(2000))
NUMBERS = ", ".join(map(str, range(2000)))

TOO_MUCH = [
    (LONG, "'levenshtein' of constants would take 40,000,020,000 steps; at most 500,000 are allowed."),
    (f"regexp_matches(t, {LONG}::VARCHAR)", "'levenshtein'"),
    (f"strftime(now(), {LONG}::VARCHAR)", "'levenshtein'"),
    (f"CASE WHEN a THEN {LONG} END", "'levenshtein'"),
    (f"a[1:{LONG}]", "'levenshtein'"),
    (f"list_transform(a, lambda x: x + {LONG})", "'levenshtein'"),
    ("array_to_string(range(3000000), ',')", "'array_to_string'"),
    ("list_distinct(range(3000000))", "'list_distinct'"),
    ("range(3000000)::VARCHAR", "'cast' of constants would take"),
    ("md5(" * 30 + "repeat('a', 900000)" + ")" * 30, "'md5'"),
    ("array_to_string(range(20000), repeat('a', 20000))", "'array_to_string'"),
    ("concat_ws(repeat('a', 100000)" + ", 1" * 1000 + ")::JSON", "'concat_ws' of constants would take 100,0"),
    ("replace(repeat('a', 10000), 'a', repeat('b', 10000))", "'replace'"),
    ("repeat(repeat('a', 10000), 10000)", "'repeat' of constants would take 5,000,"),
    ("repeat('a', 1000 * 1000 * 1000)", "'repeat' of constants would take 50,000,0"),
    ("lpad('a', length(repeat('a', 1000)) * 100000, 'b')", "'lpad'"),
    ("format('{:>1000000000}', 'a')", "'format'"),
    ("printf('%' || '1000000000' || 's', 'a')", "'printf'"),
    ("printf(range(9000000))", "'printf'"),
    ("range(range(3000000), 1000000000)", "'range'"),
    ("repeat('a', '1000000000')", "'repeat'"),
    ("bitstring('1', 1000000000)", "'bitstring' would make a value of 1,000,000,000"),
    ("range(now()::TIMESTAMP, now()::TIMESTAMP + INTERVAL 1 YEAR, INTERVAL 1 SECOND)", "'range'"),
    ("list_transform(range(100000), lambda x: list_sum(range(100000)))", "'list_transform'"),
    (f"(j -> {LONG}::VARCHAR) IN ('1', '2')", "'levenshtein'"),
    ("lower('{}'::JSON -> repeat('a', 800000))", "'lambda' of"),
    ("[y * 2 for y in range(1000000)]", "'list_apply'"),
    ("list_transform([9000000], lambda x: repeat('a', x))", "in a lambda over constants 'repeat' needs a whole number"),
    ("[list_sum(range(x, 9)) for x in [-9000000]]", "in a lambda over constants 'range' needs a whole number"),
    ("list_reduce(range(40)::VARCHAR[], lambda x, y: x || x)", "'||'"),
    ("list_reduce(range(40)::VARCHAR[], lambda x, y: replace(x, 'a', 'aa'))", "'replace'"),
]
LEFT_ALONE = [
    "levenshtein(t, repeat('a', 100000))",
    "levenshtein('Straßburg', 'Strasbourg') < 3",
    "DATE '2020-01-01' + INTERVAL 3 DAY < strptime('2020-02-01', '%Y-%m-%d')",
    "list_contains(generate_series(DATE '2020-01-01', DATE '2029-12-31', INTERVAL 1 DAY), d)",
    "list_contains(range(2000, year(current_date) + 1), a)",
    "list_contains(range(1, 100000), a)",
    f"list_contains([{WORDS}], t)",
    f"map([{WORDS}], [{NUMBERS}])[t]",
    f"a IN ({NUMBERS})",
    "[y * 2 for y in range(100) if y > 3]",
    "list_transform(range(300), lambda x: lpad(x::VARCHAR, 5, '0'))",
    "list_reduce(string_split('a b c d e', ' '), lambda x, y: x || '-' || y)",
    "list_reduce(l, lambda x, y: x || repeat(y, y))",
    "regexp_replace(regexp_replace(lower('A long title, to be made short'), '[^a-z]+', '-', 'g'), '^-|-$', '', 'g')",
    "json_extract('" + '{"a": [' + NUMBERS + "]}', '$.a[0]')",
    "lower(j -> '$.a') IN ((j -> 'b'), '{\"a\": 1}'::JSON -> 'a')",
    "lpad('7', length('000'), '0') || repeat('=', 80) || repeat('a', -5) || format('{:>10}', 'x')",
    "repeat('a', 'x')",  # DuckDB says what is wrong with these
    "range('a')",
    "1" + " + 1" * 200,
    "not " * 200 + "a",
]


@pytest.mark.parametrize(("text", "reason"), TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_takes_too_long(text, reason):
    with pytest.raises(NodeError) as told:
        expressions.check(text)
    assert told.value.message.startswith("This expression cannot be used: " + reason)
    assert told.value.position is not None
    with pytest.raises(NodeError) as told:
        _query.tree(f"SELECT * FROM t JOIN t AS u ON t.a = u.a WHERE ({text}) IS NULL")
    assert told.value.message.startswith("This query cannot be used: " + reason)


@pytest.mark.parametrize("text", LEFT_ALONE, ids=range(len(LEFT_ALONE)))
def test_is_left_alone(text):
    assert expressions.check(text) == text
    assert _query.tree(f"SELECT {text} AS v FROM t WHERE a > (SELECT max(b) FROM u) LIMIT 10")


@pytest.mark.parametrize("query", ["SELECT unnest(range(9000000)) AS v", "SELECT count(*) AS n FROM range(100000000)"])
def test_rows_are_no_value(query):
    assert _query.tree(query)


def test_the_position_is_that_of_the_call():
    with pytest.raises(NodeError) as told:
        expressions.check(f"'é' = t AND {LONG} > 1")
    assert told.value.position == len("'é' = t AND ")


@pytest.mark.parametrize("place", [f"LIMIT {LONG}", f"JOIN table1 AS b ON {LONG} > 1", f"WHERE t SIMILAR TO {LONG}"])
def test_a_query_is_judged_at_once(place):
    start = time.process_time()
    found = judge(graph([rows(), node("q", "sql", {"query": f"SELECT * FROM table1 {place}"})], ["in -> q"])).problems
    assert time.process_time() - start < 3
    assert [each.path for each in found] == ["/config/query"]


def test_the_most_that_is_allowed_is_computed_within_seconds():
    start = time.process_time()
    constant = "list_distinct(range(200000))"
    made = inferred(graph([rows(), compute("c", f"{constant}[a]", "v")], ["in -> c"]))
    assert made.problems == ()
    assert time.process_time() - start < 3
