"""Expressions: what is one, what is not, and that what is accepted can do nothing but compute."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import expressions
from orchestrator.elsewhere import NODES
from orchestrator.errors import NodeError
from orchestrator.expressions import check, columns
from orchestrator.registry import node_types
from orchestrator.tables import Session

ALLOWED = [
    "a", "1", "a > 100", "amount * 1.2 + 3", '"cust id" = \'x\'', "a IS NOT NULL AND NOT b", "a IN (1, 2)",
    "a BETWEEN 1 AND 2", "CASE WHEN a > 1 THEN 'x' ELSE 'y' END", "coalesce(a, 0)", "upper(trim(b))", "a::DOUBLE",
    "CAST(a AS DATE)", "TRY_CAST(a AS INTEGER)", "TRY(1 / a)", "b LIKE '%x%' ESCAPE '\\'", "b ILIKE 'X'", "b ~ '^x'",
    "extract(year FROM d)", "DATE '2024-01-01' + INTERVAL 3 DAY", "d AT TIME ZONE 'UTC'", "now()", "current_date",
    "current_timestamp", "[1, a, 3][2]", "{'x': a}.x", "MAP {'x': a}['x']", "list_transform([a], x -> x + 1)",
    "list_filter([1, 2], lambda x: x > a)", "[x + 1 FOR x IN [1, 2] IF x > 1]", "list_sum([a, 2])",
    "list_aggregate([a], 'max')", "j->'$.x'", "json_extract_string(j, '$.a')", "row(a, b)", "a -- a comment",
    "a /* ; SELECT */ + 1", "b || ';' || 'SELECT 1'", "a\n+\n1", "regexp_replace(b, 'x', 'y', 'g')", "NULL", "TRUE",
    "if(a > 1, 'x', 'y')", "a // 2", "a % 2", "2 ** a", "hash(a)", "b COLLATE NOCASE", "b[1:2]", "position('x' IN b)",
    "split_part(b, ',', 1)", "strftime(d, '%Y')", "geometry", "st_astext(g)", "greatest(a, 1)", "nullif(a, 0)",
    "a" + " || a" * 200, "(" * 300 + "a" + ")" * 300, "é + 日本", "a -- :)",
    "b ~ b", "regexp_matches(b, '(', 'l')", r"e'\')' || b", "$$)$$ || b", "')' || \"a)\"",
]  # fmt: skip

NOT_ALLOWED = [
    ("", "an expression is needed"),
    ("  \n", "an expression is needed"),
    ("-- a comment", None),
    ("a;", "syntax error"),
    ("1; SELECT 2", "syntax error"),
    ("1) ; (2", None),
    ("a, b", "','"),
    ("(a, b)", "','"),
    ("a) , (b", "no second expression"),
    ("a) UNION SELECT 1 FROM (SELECT 1", "it must be one scalar expression"),
    ("a) EXCEPT (SELECT 1", "it must be one scalar expression"),
    ("1) FROM t --", "a ')' too many"),
    ("a = 1) or (a = 2", "a ')' too many"),
    ("'(' = s) OR (true", "a ')' too many"),
    ("1) + (2 -- (", "a ')' too many"),
    ("1)\nFROM read_csv('x') WHERE (true", None),
    ("a AS b", "syntax error"),
    ("repeat('a', 10000001)", "'repeat' would make a value of 10,000,001; at most 10,000,000 are allowed"),
    ("list_sum(range(100000000))", "'range' would make a value of 100,000,000; at most 10,000,000 are allowed"),
    ("generate_series(1, 10000001)", "'generate_series' would make a value of 10,000,001"),
    ("generate_series(-5, 99999999999, 3)", "'generate_series' would make a value of 33,333,333,335"),
    ("range(0, -10000001, -1)", "'range' would make a value of 10,000,001"),
    ("lpad(a, 2000000000::BIGINT, ' ')", "'lpad' would make a value of 2,000,000,000"),
    ("a > 100000000000000000000000000000000000001", "a whole number has at most 38 digits"),
    ("SELECT 1", "a subquery is not allowed"),
    ("(SELECT 1)", "a subquery is not allowed"),
    ("a IN (SELECT 1)", "a subquery is not allowed"),
    ("EXISTS (SELECT 1)", "a subquery is not allowed"),
    ("ARRAY(SELECT 1)", "a subquery is not allowed"),
    ("a = ANY (SELECT 1)", "a subquery is not allowed"),
    ("FROM t", "a subquery is not allowed"),
    ("list_transform([1], x -> (SELECT x))", "a subquery is not allowed"),
    ("CASE WHEN a THEN (SELECT 1) END", "a subquery is not allowed"),
    ("*", None),
    ("t.*", "'*' is not allowed"),
    ("COLUMNS('a.*')", "'*' is not allowed"),
    ("COLUMNS(*) + 1", "'*' is not allowed"),
    ("#1", "is not allowed"),
    ("?", "use ${name}"),
    ("$1", "use ${name}"),
    ("$name", "use ${name}"),
    ("DEFAULT", "DEFAULT is not allowed"),
    ("sum(a)", "works on many rows (aggregate)"),
    ("count(*)", "works on many rows (aggregate)"),
    ("max(a) FILTER (a > 1)", "works on many rows (aggregate)"),
    ("sum(a) OVER ()", "a window function is not allowed"),
    ("row_number() OVER (ORDER BY a)", "a window function is not allowed"),
    ("unnest([1, 2])", "works on many rows"),
    ("geomean(a)", "works on many rows"),
    ("geometric_mean(a)", "works on many rows"),
    ("wavg(a, b)", "works on many rows"),
    ("json_group_array(a)", "works on many rows"),
    ("regexp_split_to_table(b, ',')", "works on many rows"),
    ("generate_subscripts([1], 1)", "works on many rows"),
    ("read_csv('/etc/passwd')", "function 'read_csv' is not allowed"),
    ("read_text('/etc/passwd')", "function 'read_text' is not allowed"),
    ("READ_BLOB('x')", "function 'read_blob' is not allowed"),
    ("glob('*')", "function 'glob' is not allowed"),
    ("parquet_scan('x')", "function 'parquet_scan' is not allowed"),
    ("getenv('HOME')", "function 'getenv' is not allowed"),
    ("current_setting('memory_limit')", "function 'current_setting' is not allowed"),
    ("version()", "function 'version' is not allowed"),
    ("current_user()", "function 'current_user' is not allowed"),
    ("sleep_ms(1000)", "function 'sleep_ms' is not allowed"),
    ("pg_sleep(1)", "function 'pg_sleep' is not allowed"),
    ("nextval('s')", "function 'nextval' is not allowed"),
    ("setval('s', 1)", "function 'setval' is not allowed"),
    ("query('SELECT 1')", "function 'query' is not allowed"),
    ("json_execute_serialized_sql('x')", "function 'json_execute_serialized_sql' is not allowed"),
    ("json_serialize_sql('SELECT 1')", "function 'json_serialize_sql' is not allowed"),
    ("__internal_compress_string_hugeint('x')", "is not allowed"),
    ("getvariable('x')", "function 'getvariable' is not allowed"),
    ("get_block_size('x')", "is not allowed"),
    ("main.upper(b)", "is not allowed"),
    ("system.main.upper(b)", "is not allowed"),
    ("uper(b)", "function 'uper' does not exist. Did you mean 'upper'?"),
    ("@Value(b) * 2", "function 'value' does not exist. Of FME's @Value(a), write the column's name: a."),
    ("ST_Area(b) / 10000", "function 'st_area' does not exist. The node type 'measure' does that."),
    ("st_astxt(b)", "function 'st_astxt' does not exist. Did you mean 'st_astext'?"),
    ("st_subdivide(b)", "function 'st_subdivide' does not exist. Node types of the category"),
    ("b.to_csv('x')", "function 'to_csv' is not allowed"),
    ("__import__('os')", "is not allowed"),
    ("a ORDER BY a", "syntax error"),
    ("a LIMIT 1", "syntax error"),
    ("a UNION SELECT 1", "syntax error"),
    ("(1", "it is not complete"),
    ("'x", "unterminated"),
    ("1 /* x", "unterminated"),
    ("COPY t TO 'x'", "syntax error"),
    ("ATTACH 'x' AS y", "syntax error"),
    ("a\0b", "no text"),
    ("'\ud800'", "no text"),
    ("1" + " + 1" * 1000, "nested too deeply"),
    ("(" * 10_000 + "1" + ")" * 10_000, "nested too deeply"),
    ("NOT " * 5_000 + "a", "nested too deeply"),
    ("CASE WHEN a THEN " * 600 + "1" + " END" * 600, "nested too deeply"),
    ("a" * 100_001, "longer than 100,000"),
    ("b ~ '('", "the regular expression '(' is not valid: a ')' is missing."),
    ("list_filter([b], lambda x: x ~* '*')", "is not valid: there is nothing before '*'"),
]


@pytest.mark.parametrize("text", ALLOWED, ids=range(len(ALLOWED)))
def test_allowed(text):
    assert check(text) == text


@pytest.mark.parametrize(("text", "reason"), NOT_ALLOWED, ids=range(len(NOT_ALLOWED)))
def test_not_allowed(text, reason):
    with pytest.raises(NodeError) as caught:
        check(text)
    assert caught.value.code == "invalid_expression"
    assert caught.value.message.startswith("This expression cannot be used: ")
    assert reason is None or reason in caught.value.message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a + b * a", ("a", "b")),
        ('"cust id" || t."x"', ("cust id", "x")),
        ("1", ()),
        ("upper(b) = 'a'", ("b",)),
        ("CASE WHEN c THEN d ELSE e END", ("c", "d", "e")),
    ],
)
def test_columns(text, found):
    assert columns(text) == found


def test_every_function_is_scalar_or_refused():
    refused = 0
    for name, kinds in expressions.functions().items():
        if not name.replace("_", "").isalnum():
            continue
        try:
            check(f'"{name}"(a)')
        except NodeError:
            refused += 1
            continue
        assert kinds & {"scalar", "macro"}, name
    assert refused > 300


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """A folder out of reach, with a secret in it."""
    made = tmp_path_factory.mktemp("outside")
    (made / "secret.csv").write_text("secret\nxyzzy\n")
    return made


@pytest.fixture(scope="module")
def locked(tmp_path_factory, outside):
    with Session([tmp_path_factory.mktemp("inside")]) as session:
        yield session


def pieces(outside):
    file = str(outside / "secret.csv")
    return st.sampled_from([
        "a", "b", "1", "'x'", "NULL", "(", ")", ",", ";", "--", "/*", "*/", "\n", "'", '"', "||", "+", ".", "::", "[",
        "]", "SELECT", "FROM", "WHERE", "UNION", "WITH", "t", "*", "AS", "IN", "x", "->", "lambda", ":", "COLUMNS",
        "unnest", f"'{file}'", f'"{file}"', "read_csv", "read_text", "read_blob", "glob", "query",
        "query_table", "COPY", "TO",
        "ATTACH", "SET", "PRAGMA", "INSTALL", "LOAD", "getenv", "('HOME')", "current_setting", "TABLE", "VALUES",
        "CASE", "WHEN", "THEN", "END", "CAST", "TRY", "list_transform", "json_execute_serialized_sql", "$$", "E'",
        "\\", "#1", "?", "${p}", "DESCRIBE", "SHOW", "FILTER", "OVER", "ORDER BY", "LIMIT", "EXISTS", "ARRAY", "ROW",
        f"(SELECT secret FROM '{file}')", f"(FROM read_csv('{file}'))", "(a)", "+ 1", "upper(b)", "IS NULL", "AND",
        "{", "}",
    ])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_is_accepted_computes_on_the_row_and_nothing_else(data, locked, outside):
    text = " ".join(data.draw(st.lists(pieces(outside), min_size=1, max_size=9)))
    try:
        check(text)
    except NodeError:
        return
    table = locked.connection.sql("SELECT 1 AS a, 'b' AS b UNION ALL SELECT 2, NULL")
    found = said = None
    try:
        found = table.project(f"(\n{text}\n)").fetchall()
    except duckdb.Error as error:
        said = str(error)
    assert said is not None or len(found) == 2
    assert "xyzzy" not in f"{found}{said}"


def test_what_is_found_elsewhere_is_there():
    assert set(NODES.values()) <= set(node_types())
    assert not {f"st_{name}" for name in NODES} & set(expressions.functions())
