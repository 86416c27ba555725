import pytest

from orchestrator.ops.sql import Sql

A = "SELECT * FROM (VALUES (1, 'x', 2.5), (2, 'y', NULL), (3, NULL, 0.5)) v(id, t, n)"
B = "SELECT * FROM (VALUES (2, 'two'), (3, 'three')) v(id, name)"

GOOD = [
    ("select id from a order by id desc", [(3,), (2,), (1,)]),
    ("SELECT id FROM A ORDER BY 1;", [(1,), (2,), (3,)]),
    ("select a.id, name from a left join b using (id) order by id -- done", [(1, None), (2, "two"), (3, "three")]),
    ("select a.id, b.id from a join b on a.id = b.id order by 1", [(2, 2), (3, 3)]),
    ("from b select name order by name", [("three",), ("two",)]),
    ("select sum(id) as s, count(*) as c from a", [("6", 3)]),
    ("with w as (select id from a), v as (from w) select count(*) from v", [(3,)]),
    ("with recursive r as (select 1 as n union all select n + 1 from r where n < 4) select max(n) from r", [(4,)]),
    ("select id from a where id in (select id from b) order by id", [(2,), (3,)]),
    ("select exists (select 1 from b where b.id = a.id) from a order by id", [(False,), (True,), (True,)]),
    ("select id, row_number() over (order by id desc) as r from a order by id", [(1, 3), (2, 2), (3, 1)]),
    ("select id from a qualify rank() over (order by id) = 1", [(1,)]),
    ("select id from a union all select id from b order by id limit 2 offset 1", [(2,), (2,)]),
    ("select unnest([1, 2]) as u", [(1,), (2,)]),
    ("select i, id from a, range(id) r(i) where id = 2 order by i", [(0, 2), (1, 2)]),
    ("select count(*) filter (where n > 1) over () as c from a limit 1", [(1,)]),
    ("select * from (values (1, 'v')) x(a, b)", [(1, "v")]),
    ("select list_transform([1, 2], lambda z: z + 1) as l", [([2, 3],)]),
    ("select case when id = 1 then try_cast(t as int) end, t like 'x%' from a order by id limit 1", [(None, True)]),
    ("select distinct on (id % 2) id from a order by id % 2, id", [(2,), (1,)]),
    ("select id, sum(n) as s from a group by all having s > 1 order by all", [(1, "2.5")]),
    ("select a.* exclude (t) from a order by id limit 1", [(1, "2.5")]),
    ("from a pivot (max(n) for id in (1, 3)) where t is null", [(None, None, "0.5")]),
    ("with a as (select 7 as id) select id from a", [(7,)]),
    ("select string_agg(t, '|' order by id) from a", [("x|y",)]),
    ("select '; drop table a' as s, 'read_csv(1)' as f", [("; drop table a", "read_csv(1)")]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), GOOD)
def test_selects(run, query, expected):
    assert run("sql", {"query": query, "names": ["a", "b"]}, tables=[A, B]) == expected


def test_names_by_default(run):
    assert run("sql", {"query": "select count(*) from table1, table2"}, tables=[A, B]) == [(6,)]
    assert run("sql", {"query": "select count(*) from a, table2", "names": ["a"]}, tables=[A, B]) == [(6,)]


def test_awkward_names(run):
    config = {"query": 'select "se""lect"."at" from "se""lect"', "names": ['se"lect']}
    assert run("sql", config, tables=[{"at": [1]}]) == [(1,)]


def test_columns_of_one_name_stay_apart(run):
    config = {"query": "select * from a join b on a.id = b.id", "names": ["a", "b"]}
    assert [name for name, _ in run.columns("sql", config, tables=[A, B])] == ["id", "t", "n", "id_1", "name"]


def test_keeps_the_order_of_its_order_by(run):
    table = "SELECT (range * 7919) % 100000 AS n FROM range(100000)"
    assert run("sql", {"query": "select n from table1 order by n"}, tables=[table]) == [(n,) for n in range(100000)]


def test_parameters_enter_as_values(session, context):
    op = Sql.configure({"query": "select '${t}' as q, ${t} as v, ${n} as n"}, {"t": "x' ; drop table a --", "n": -1})
    (row,) = op.call({"tables": [session.connection.sql("SELECT 1")]}, context)["result"].fetchall()
    assert row == ("x' ; drop table a --", "x' ; drop table a --", -1)


REFUSED = [
    ("", "invalid_expression", "a SELECT is needed."),
    ("drop table a", "invalid_expression", "it must be a SELECT."),
    ("insert into a values (1)", "invalid_expression", "it must be a SELECT."),
    ("with x as (insert into a values (1) returning *) from x", "invalid_expression", "insert query node is"),
    ("copy a to 'x.csv'", "invalid_expression", "it must be a SELECT."),
    ("attach 'x.db'", "invalid_expression", "it must be a SELECT."),
    ("set threads = 1", "invalid_expression", "it must be a SELECT."),
    ("select 1; select 2", "invalid_expression", "it must be one SELECT: ';' is not allowed."),
    ("select 1 from", "invalid_expression", ""),
    ("select * from c", "unknown_table", "there is no table 'c' here."),
    ("select * from bb", "unknown_table", "there is no table 'bb' here. Did you mean 'b'?"),
    ("select * from main.a", "unknown_table", "there is no table 'a' here."),
    ("select * from '/etc/passwd'", "unknown_table", "there is no table '/etc/passwd' here."),
    ("select * from duckdb_settings", "unknown_table", "there is no table 'duckdb_settings' here."),
    ("select * from information_schema.tables", "unknown_table", "there is no table 'tables' here."),
    ("with pg_type as (from pg_type) from pg_type", "unknown_table", "there is no table 'pg_type' here."),
    ("with x as (select * from y), y as (select 1) select * from x", "unknown_table", "there is no table 'y' here."),
    ("select (with x as (select 1) select * from x), * from x", "unknown_table", "there is no table 'x' here."),
    ("select id from a where id in (from sqlite_master)", "unknown_table", "there is no table 'sqlite_master' here."),
    ("select * from read_csv('x.csv')", "invalid_expression", "table function 'read_csv' is not allowed."),
    ("select * from glob('*')", "invalid_expression", "table function 'glob' is not allowed."),
    ("select * from duckdb_settings()", "invalid_expression", "table function 'duckdb_settings' is not allowed."),
    ("select * from query('select 1')", "invalid_expression", "table function 'query' is not allowed."),
    ("select * from query_table('a')", "invalid_expression", "table function 'query_table' is not allowed."),
    ("select getenv('HOME')", "invalid_expression", "function 'getenv' is not allowed."),
    ("select current_setting('threads')", "invalid_expression", "function 'current_setting' is not allowed."),
    ("select main.lower('x')", "invalid_expression", "function 'lower' is not allowed."),
    ("select lowr(t) from a", "invalid_expression", "function 'lowr' does not exist. Did you mean 'lower'?"),
    ("select $1", "invalid_expression", "'?' and '$1' are not allowed: use ${name} for a parameter."),
    ("describe a", "invalid_expression", "DESCRIBE, SHOW and SUMMARIZE are not allowed."),
    ("select * from (summarize a)", "invalid_expression", "DESCRIBE, SHOW and SUMMARIZE are not allowed."),
]  # fmt: skip


@pytest.mark.parametrize(("query", "code", "reason"), REFUSED)
def test_refuses(run, query, code, reason):
    refused = run.refuses("sql", {"query": query, "names": ["a", "b"]}, tables=[A, B])
    assert refused[:2] == (code, "/config/query")
    assert refused[2].startswith("This query cannot be used: " + reason)


BOUND = [("select idd from a", "unknown_column"), ("select id + [t] from a", "type_mismatch")]


@pytest.mark.parametrize(("query", "code"), BOUND)
def test_mistakes_that_the_tables_show(run, query, code):
    assert run.refuses("sql", {"query": query, "names": ["a"]}, tables=[A])[:2] == (code, "/config/query")


def test_names_must_fit(run):
    assert run.refuses("sql", {"query": "select 1", "names": ["a", "A"]}, tables=[A, B])[1] == "/config/names/1"
    assert run.refuses("sql", {"query": "select 1", "names": ["a", "b"]}, tables=[A])[1] == "/config/names/1"
