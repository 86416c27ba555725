"""What no row can be compared with is told before it runs; what some rows can is left alone."""

from dataclasses import replace

import duckdb
import pytest

from orchestrator.errors import NodeError
from orchestrator.ops._impossible import check_possible
from orchestrator.ops.compute import Compute
from orchestrator.ops.filter import Filter
from orchestrator.ops.validate import Validate
from orchestrator.sql import names
from orchestrator.tables import Session

ROW = """SELECT 1::INTEGER AS i, [1] AS l, DATE '2024-01-01' AS d, TIME '01:00' AS t, true AS b, 'x' AS s,
    TIMESTAMPTZ '2024-01-01 00:00:00+00' AS z, {'a': 1} AS st, 'x'::ENUM('x', 'y') AS e, '{}'::JSON AS j,
    '00000000-0000-0000-0000-000000000000'::UUID AS u, 1.5::DECIMAL(4,2) AS de, INTERVAL 1 DAY AS iv, 5 AS "A b",
    '101'::BIT AS bi"""

IMPOSSIBLE = [  # what is in later tests of a CASE is so by its type, whatever an earlier one sees to
    ("i = 'abc'", "'abc' is no INTEGER, which 'i' is: they cannot be compared.", 4),
    ("(b OR i > 1)::DATE", "b OR i > 1 is BOOLEAN, which cannot become DATE.", 12),
    ("d = 2.50", "'d' is DATE and 2.50 is DECIMAL(3,2): they cannot be compared.", 4),
    ("iv IN (TRUE, iv)", "'iv' is INTERVAL and TRUE is BOOLEAN: they cannot be compared.", 7),
    ("'abc' <> I", "'abc' is no INTEGER, which 'i' is: they cannot be compared.", 0),
    ("i > 0 AND i IN (1, 'x')", "'x' is no INTEGER, which 'i' is: they cannot be compared.", 19),
    ("i NOT IN ('1', 'x')", "'x' is no INTEGER, which 'i' is: they cannot be compared.", 15),
    ("i BETWEEN 'a' AND 3", "'a' is no INTEGER, which 'i' is: they cannot be compared.", 10),
    ("i IS DISTINCT FROM 'abc'", "'abc' is no INTEGER, which 'i' is: they cannot be compared.", 19),
    ("i = '999999999999'", "'999999999999' is no INTEGER, which 'i' is: they cannot be compared.", 4),
    ("\"A b\" = 'é'", "'é' is no INTEGER, which 'A b' is: they cannot be compared.", 8),
    ("d = '2024-13-01'", "'2024-13-01' is no DATE, which 'd' is: they cannot be compared.", 4),
    ("d = 5", "5 is no DATE, which 'd' is: they cannot be compared.", 4),
    ("d = i", "'d' is DATE and 'i' is INTEGER: they cannot be compared.", 4),
    ("b = 'maybe'", "'maybe' is no BOOLEAN, which 'b' is: they cannot be compared.", 4),
    ("u = 'abc'", "'abc' is no UUID, which 'u' is: they cannot be compared.", 4),
    ("l = 1", "1 is no INTEGER[], which 'l' is: they cannot be compared.", 4),
    ("de = 'abc'", "'abc' is no DECIMAL(4,2), which 'de' is: they cannot be compared.", 5),
    ("iv = 1", "1 is no INTERVAL, which 'iv' is: they cannot be compared.", 5),
    ("j <> ''", "'' is no JSON, which 'j' is: they cannot be compared.", 5),
    ("j IN ('[1]', 'abc')", "'abc' is no JSON, which 'j' is: they cannot be compared.", 13),
    ("'abc'::INT = i", "'abc' is no INTEGER.", 5),
    ("DATE '2024-02-30' > d", "'2024-02-30' is no DATE.", 0),
    ("1 + D::INT", "'d' is DATE, which cannot become INTEGER.", 5),
    ("CAST(z AS REAL)", "'z' is TIMESTAMP WITH TIME ZONE, which cannot become FLOAT.", 0),
    ("year(i::timestamptz)", "'i' is INTEGER, which cannot become TIMESTAMP WITH TIME ZONE.", 6),
    ("t::BIGINT", "'t' is TIME, which cannot become BIGINT.", 1),
    ("b::DATE", "'b' is BOOLEAN, which cannot become DATE.", 1),
    ("u::INT8", "'u' is UUID, which cannot become BIGINT.", 1),
    ("DATE(20240101)", "20240101 cannot become DATE.", 0),
    ("z::TIME", "'z' is TIMESTAMP WITH TIME ZONE, which cannot become TIME.", 1),
    ("i::INTERVAL", "'i' is INTEGER, which cannot become INTERVAL.", 1),
    ("l::INT", "'l' is INTEGER[], which cannot become INTEGER.", 1),
    ("20240101::DATE < d", "20240101 cannot become DATE.", 8),
    ("NOT d", "'d' is DATE, which cannot become BOOLEAN.", 4),
    ("b OR t", "'t' is TIME, which cannot become BOOLEAN.", 5),
    ("i = DATE '2024-01-01'", "'i' is INTEGER and DATE '2024-01-01' is DATE: they cannot be compared.", 0),
    ("i = iv", "'i' is INTEGER and 'iv' is INTERVAL: they cannot be compared.", 0),
    ("l = i", "'l' is INTEGER[] and 'i' is INTEGER: they cannot be compared.", 4),
    ("st = 1", "1 is no STRUCT(a INTEGER), which 'st' is: they cannot be compared.", 5),
    ("d + 1 = 5", "5 is no DATE: they cannot be compared.", 8),
    ("st.a = d", "st.a is INTEGER and 'd' is DATE: they cannot be compared.", 0),
    ("abs(i) IN (1, d)", "abs(i) is INTEGER and 'd' is DATE: they cannot be compared.", 0),
    ("'é' <> s AND \"A b\" = d", "'A b' is INTEGER and 'd' is DATE: they cannot be compared.", 13),
    ("i = 1 AND 256::TINYINT = 1", "256 is no TINYINT.", 13),
    ("(i + 1)::DATE = d", "a value here is INTEGER, which cannot become DATE.", 7),
    ("st::INT[]", "'st' is STRUCT(a INTEGER), which cannot become INTEGER[].", 2),
    ("l = {'a': 1}", "'l' is INTEGER[] and {'a': 1} is STRUCT(a INTEGER): they cannot be compared.", 4),
    ("(i::INT8)::DATE = d", "a value here is BIGINT, which cannot become DATE.", 9),
    ("(u = 5)::INT", "5 is no UUID, which 'u' is: they cannot be compared.", 5),
    ("CASE t WHEN '01:00' THEN 2 END = 'abc'", "'abc' is no INTEGER: they cannot be compared.", 33),
    ("CASE d WHEN 1 THEN 2 END", "1 is no DATE, which 'd' is: they cannot be compared.", 12),
    ("CASE WHEN d THEN 1 WHEN b THEN 2 END", "'d' is DATE, which cannot become BOOLEAN.", 10),
    ("CASE WHEN b AND i = 'abc' THEN 1 END", "'abc' is no INTEGER, which 'i' is: they cannot be compared.", 20),
    ("CASE WHEN NOT b THEN 1 WHEN i = d THEN 2 END", "'i' is INTEGER and 'd' is DATE: they cannot be compared.", 28),
    ("CASE d WHEN '2020-01-01' THEN 1 WHEN 5 THEN 2 END", "5 is no DATE, which 'd' is: they cannot be compared.", 37),
    ("CASE WHEN NOT b THEN 1 WHEN CASE WHEN d THEN b END THEN 2 END", "'d' is DATE, which cannot become BOOLEAN.", 38),
    (
        "CASE WHEN NOT b THEN 1 WHEN s = 'y' THEN 2 WHEN d::INT > 1 THEN 3 END",
        "'d' is DATE, which cannot become INTEGER.",
        49,
    ),
    ("if(i = 'abc', 1, 2)", "'abc' is no INTEGER, which 'i' is: they cannot be compared.", 7),
    ("'abc'::INT = NULL::DATE", "'abc' is no INTEGER.", 5),
    ("d > '2020-01-01' AND s IN (5, d)", "5 is no DATE, which 'd' is: they cannot be compared.", 27),
    ("s IN (5, NULL::DATE)", "5 is no DATE: they cannot be compared.", 6),
    ("i IN (NULL::DATE, d)", "'i' is INTEGER and 'd' is DATE: they cannot be compared.", 0),
]
LEFT_ALONE = [
    "i = '5'", "i = ' 5 '", "i = '1.5'", "i IN ('1', '3000000000', 3000000000)", "i = NULL", "i = true", "b = 5",
    "l = '[1]'", "de = '1.55555'", "iv = '3 days'", "e = 'z'", "e IN ('x', 'z')", "s = 'abc'", "d = 'infinity'",
    "d > '2024-01-01'", "z = '2024-01-01 00:00:00 Europe/Berlin'", "CASE WHEN false THEN i = 'abc' END",
    "CASE WHEN b THEN 1 WHEN i = 'abc' THEN 2 END", "CASE WHEN b THEN 1 ELSE 'abc'::INT END",
    "CASE s WHEN 'x' THEN i END = 1", "CASE WHEN s = 'x' THEN 1 WHEN 'x'::INT > i THEN 2 END",
    "CASE WHEN TRY_CAST(s AS INT) IS NULL THEN 1 WHEN s = 3 THEN 2 END",
    "CASE WHEN b THEN i WHEN b THEN d::INT END", "TRY(CASE WHEN i = 'abc' THEN b END)",
    "d = NULL::INT", "NULL::INT = d", "d = CAST(NULL AS INTEGER)", "i = NULL::DATE", "d <> NULL::INT",
    "d IN (NULL::INT)", "d IS DISTINCT FROM NULL::INT", "d NOT IN (NULL::INT)", "NULL::INT::DATE = d",
    "NULL::DATE::INT = i", "s = NULL::INT", "TRY(i = 'abc')", "TRY_CAST('abc' AS INT) IS NULL",
    "coalesce(true, i = 'abc')", "i = i AND d = d",
    "'5'::INT = i", "length(list_filter(['a'], lambda i: i = 'abc')) = 0", "z > d", "st.a = 1", "i = 2.5",
    "(b AND i > 1)::VARCHAR", "(i BETWEEN 0 AND 2 OR b) = 'true'", "bi = '101'",
    "i::VARCHAR", "TRY_CAST(d AS INT)", "d::TIMESTAMP", "b::INT", "iv::VARCHAR", "l::VARCHAR", "st::JSON",
    "127::TINYINT = i", "NOT i", "i AND b", "NULL::DATE = d", "list_contains(l, i)", "st = {'a': 1}",
    "u::VARCHAR = 5::VARCHAR", "l::BIGINT[]", "st::STRUCT(a BIGINT)", "l::INT[1]",
    "j = '{}'", "j = '\"x\"'", "j = 'null'", "j LIKE 'abc'", "i IN ('3000000000', \"A b\", 1e9)",
]  # fmt: skip


@pytest.fixture(scope="module")
def kinds():
    with duckdb.connect() as connection:
        yield names(connection.sql(ROW))


def failing(expression):
    """Whether DuckDB fails for a row."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE made AS " + ROW)
        try:
            connection.sql(f"SELECT ({expression}) FROM made").fetchall()
        except duckdb.ConversionException:
            return True
        return False


@pytest.mark.parametrize(("expression", "message", "position"), IMPOSSIBLE)
def test_impossible(kinds, expression, message, position):
    with pytest.raises(NodeError) as caught:
        check_possible(expression, kinds)
    assert (caught.value.code, caught.value.message) == ("type_mismatch", message)
    assert caught.value.position == position
    assert failing(expression)


@pytest.mark.parametrize("expression", LEFT_ALONE)
def test_left_alone(kinds, expression):
    check_possible(expression, kinds)
    assert not failing(expression)


@pytest.mark.parametrize(
    ("op", "config", "path"),
    [
        (Filter, {"condition": "i = 'abc'"}, "/config/condition"),
        (Compute, {"columns": [{"name": "n", "expression": "i = 'abc'"}]}, "/config/columns/0/expression"),
        (Validate, {"rules": [{"kind": "expression", "expression": "i = 'abc'"}]}, "/config/rules/0/expression"),
    ],
)
def test_on_the_setting(context, op, config, path):
    table = context.session.connection.sql("SELECT 1 AS i")
    with pytest.raises(NodeError) as caught:
        op.configure(config).call({"table": table}, replace(context, design=True))
    assert (caught.value.code, caught.value.path) == ("type_mismatch", path)


def test_a_replaced_column_has_its_new_type(context):
    columns = [{"name": "i", "expression": "i::VARCHAR"}, {"name": "same", "expression": "i = 'abc'"}]
    with Session([]) as session:
        table = session.connection.sql("SELECT 1 AS i")
        made = Compute.configure({"columns": columns}).call({"table": table}, replace(context, design=True))["result"]
        assert made.fetchall() == [("1", False)]
