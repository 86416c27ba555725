from dataclasses import replace

import duckdb
import pytest
from feeds import ROWS

from orchestrator.errors import NodeError
from orchestrator.ops.sql import Sql

FEED = {"tables": [ROWS]}
A = "SELECT * FROM (VALUES (1, 'x', 2.5), (2, 'y', NULL), (3, NULL, 0.5)) v(id, t, n)"
B = "SELECT * FROM (VALUES (2, 'two'), (3, 'three')) v(id, name)"

GOOD = [
    ("select id from a order by id desc", [(3,), (2,), (1,)]),
    ("SELECT id FROM A ORDER BY 1;", [(1,), (2,), (3,)]),
    ("select a.id, name from a left join b using (id) order by id -- done", [(1, None), (2, "two"), (3, "three")]),
    ("select a.id, b.id as other from a join b on a.id = b.id order by 1", [(2, 2), (3, 3)]),
    ("from b select name order by name", [("three",), ("two",)]),
    ("select sum(id) as s, count(*) as c from a", [(6, 3)]),
    ("select lag(id) over (order by id) as l, first_value(t) over (order by id) as f from a order by id limit 2",
     [(None, "x"), (1, "x")]),
    ("select id from a qualify lag(id) over (order by id) = 2", [(3,)]),
    ("with recursive a as (select id, 0 as n from b union all select id, n + 1 from a where n < 1) "
     "select sum(n) as s from a", [(2,)]),
    ("with recursive n as (with one as (select 1 as i) from one union all select i + 1 from n where i < 3) from n",
     [(1,), (2,), (3,)]),
    ("with w as (from a), v as (select id as w from w) select w from v order by w limit 1", [(1,)]),
    ("select x.id, y.id as other from a x join a y on x.id = y.id + 1 order by 1", [(2, 1), (3, 2)]),
    ("select id, id as id_1 from a order by id limit 1", [(1, 1)]),
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
    ("select max(i) as i from range(10000002) r(i)", [(10000001,)]),
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


TWICE = [
    ("select id, id as ID from a", "ID"),
    ("select * from a join b on a.id = b.id", "id"),
    ("select count(*), count(*) from a", "count_star()"),
    ('select 1 as "x""y", 2 as "x""y"', 'x"y'),
    ('select 1 as "é", 2 as "É"', "É"),
    ("with w as (select 1 as n) select n, n from w", "n"),
]


@pytest.mark.parametrize(("query", "name"), TWICE)
def test_columns_of_one_name_are_refused(run, query, name):
    code, path, message = run.refuses("sql", {"query": query, "names": ["a", "b"]}, tables=[A, B])
    assert (code, path) == ("duplicate_column", "/config/query")
    assert message.startswith(f"Two columns that come out are called '{name}': give one another name, such as ")


def test_sums_of_whole_numbers_are_bigint(run):
    table = "SELECT 9223372036854775807 AS n, NULL AS z UNION ALL SELECT 1, NULL"
    config = {"query": "select sum(n) - 1 as s, sum(n::decimal(38,2)) as d, any_value(z) as z from table1"}
    assert run.columns("sql", config, tables=[table]) == [("s", "BIGINT"), ("d", "DECIMAL(38,2)"), ("z", "VARCHAR")]
    assert run("sql", config, tables=[table]) == [(2**63 - 1, "9223372036854775808.00", None)]
    made = run.relations("sql", {"query": "select sum(n) as s from table1"}, tables=[table])["result"]
    with pytest.raises(duckdb.ConversionException):
        made.fetchall()


@pytest.mark.parametrize("ahead", range(6))
def test_tables_called_like_the_views_of_the_session(session, context, ahead):
    tables = [session.connection.sql(A), session.sql("SELECT * FROM {b}", b=session.connection.sql(B))]
    next_ = int(session.view(tables[0]).removeprefix("_r")) + 1 + ahead
    names = [f"_r{next_}", f"_r{next_ - 1}"]
    query = " union all ".join(f"select count(*) as n from {name}" for name in names)
    made = Sql.configure({"query": query, "names": names}).call({"tables": tables}, context)
    assert made["result"].fetchall() == [(3,), (2,)]


def test_a_stored_table_is_read_in_each_place_with_its_filter(session, context, tmp_path):
    session.store(session.connection.sql("SELECT range AS id FROM range(10)"), tmp_path / "t.parquet")
    config = {"query": "select (select count(*) from t where id > 5) as x, (select min(id) from t where id > 2) as y"}
    op = Sql.configure({**config, "names": ["t"]})
    made = op.call({"tables": [session.parquet(tmp_path / "t.parquet")]}, context)["result"]
    assert made.fetchall() == [(4, 3)]
    assert "CTE" not in made.explain()


def test_keeps_the_order_of_its_order_by(run):
    table = "SELECT (range * 7919) % 100000 AS n FROM range(100000)"
    assert run("sql", {"query": "select n from table1 order by n"}, tables=[table]) == [(n,) for n in range(100000)]


def test_parameters_enter_as_values(session, context):
    op = Sql.configure({"query": "select '${t}' as q, ${t} as v, ${n} as n"}, {"t": "x' ; drop table a --", "n": -1})
    (row,) = op.call({"tables": [session.connection.sql("SELECT 1")]}, context)["result"].fetchall()
    assert row == ("x' ; drop table a --", "x' ; drop table a --", -1)


LEAK = (
    "with recursive sqlite_master as (select sql as t from sqlite_master union all "
    "select t from sqlite_master where false) from sqlite_master"
)
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
    ("select * from a where name ~ '('", "invalid_expression", "the regular expression '(' is not valid: a ')'"),
    ("select * from c", "unknown_table", "there is no table 'c' here."),
    ("select * from bb", "unknown_table", "there is no table 'bb' here. Did you mean 'b'?"),
    ("select * from main.a", "unknown_table", 'schema names are not allowed: write "a" alone.'),
    ("select * from memory.main.a", "unknown_table", 'schema names are not allowed: write "a" alone.'),
    ("select * from '/etc/passwd'", "unknown_table", "there is no table '/etc/passwd' here."),
    ("select * from duckdb_settings", "unknown_table", "there is no table 'duckdb_settings' here."),
    ("select * from information_schema.tables", "unknown_table", "schema names are not allowed."),
    ("with pg_type as (from pg_type) from pg_type", "unknown_table", "there is no table 'pg_type' here."),
    ("with x as (select * from y), y as (select 1) select * from x", "unknown_table", "there is no table 'y' here."),
    ("with recursive y as (from y union all select * from y) from y", "unknown_table", "there is no table 'y'"),
    ("with recursive y as (select * from y) from y", "unknown_table", "there is no table 'y' here."),
    ("with recursive y as (with z as (from y) from z union from y) from y", "unknown_table", "there is no table 'y'"),
    ("with recursive x as (from y), y as (select 1) from x", "unknown_table", "there is no table 'y' here."),
    (LEAK, "invalid_expression", "a table cannot be called 'sqlite_master': DuckDB has one of that name."),
    (LEAK.replace("sqlite_master", "_r0"), "unknown_table", "there is no table '_r0' here."),
    ("with sqlite_master as (select 1) from sqlite_master", "invalid_expression",
     "a table cannot be called 'sqlite_master': DuckDB has one of that name."),
    ('with "duc\u212adb_views" as (select 1) from duckdb_views', "unknown_table", "there is no table 'duckdb_views'"),
    ("select * from a at (version => 1)", "invalid_expression", "AT is not allowed: a table has one version."),
    ("select rank() from a", "invalid_expression", "function 'rank' needs OVER (…)."),
    ("select " + "1 + " * 500 + "1", "invalid_expression", "it is nested too deeply"),
    ("select " + "abs(" * 2000 + "1" + ")" * 2000, "invalid_expression", "it is nested too deeply"),
    ("select (with x as (select 1) select * from x), * from x", "unknown_table", "there is no table 'x' here."),
    ("select id from a where id in (from sqlite_master)", "unknown_table", "there is no table 'sqlite_master' here."),
    ("select * from read_csv('x.csv')", "invalid_expression", "table function 'read_csv' is not allowed."),
    ("select * from glob('*')", "invalid_expression", "table function 'glob' is not allowed."),
    ("select * from duckdb_settings()", "invalid_expression", "table function 'duckdb_settings' is not allowed."),
    ("select * from query('select 1')", "invalid_expression", "table function 'query' is not allowed."),
    ("select * from query_table('a')", "invalid_expression", "table function 'query_table' is not allowed."),
    ("select getenv('HOME')", "invalid_expression", "function 'getenv' is not allowed."),
    ("select current_setting('threads')", "invalid_expression", "function 'current_setting' is not allowed."),
    ("select id from a where repeat(t, 10000001) = 'x'", "invalid_expression",
     "'repeat' would make a value of 10,000,001; at most 10,000,000 are allowed."),
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


BOUND = [
    ("select idd from a", "unknown_column", "Column 'idd' is not in this table. Did you mean 'id'?"),
    ("select a.idd from a", "unknown_column", "Column 'idd' is not in this table. Did you mean 'id'?"),
    ("select a.nam from a, b", "unknown_column", "Column 'nam' is not in this table."),
    ("select b.nam from a, b", "unknown_column", "Column 'nam' is not in this table. Did you mean 'name'?"),
    ("select x.idd from a x", "unknown_column", "Column 'idd' is not in this table. Did you mean 'id'?"),
    ("select * exclude (idd) from a", "unknown_column", "Column 'idd' is not in this table. Did you mean 'id'?"),
    ("select bb.id from a", "unknown_table", "There is no table 'bb' in this part of the query. Did you mean 'b'?"),
    ("select id + [t] from a", "type_mismatch", ""),
]


@pytest.mark.parametrize(("query", "code", "message"), BOUND)
def test_mistakes_that_the_tables_show(run, query, code, message):
    refused = run.refuses("sql", {"query": query, "names": ["a", "b"]}, tables=[A, B])
    assert refused[:2] == (code, "/config/query")
    assert refused[2].partition(" See line ")[0] == message or not message


LEVENSHTEIN = "levenshtein(repeat('a', 200000), repeat('b', 200000))"
PLACES = [
    ("select id from\n a where\n", (2, 4)),
    ("select id\n, getenv('HOME') from a", (2, 3)),
    ("select id\nfrom c", (2, 6)),
    ("select id\r\nfrom main.a", (2, 6)),
    ("select id from a\nwhere 'é' = t and t ~ '('", (2, 23)),
    (f"select id\nfrom a where {LEVENSHTEIN} > id", (2, 14)),
    ("select * from\nread_csv('x.csv')", (2, 1)),
    ("select 'é',\n'日' = idd from a", (2, 7)),
    ("select a.id\nfrom a x", (1, 8)),
    ("select x.idd from\na x", (1, 8)),
    ("select id\nfrom a where id + [t] = id", (2, 17)),
    ("with w as (\nselect id from a)\nselect nothing from w", (3, 8)),
    ("select id from a\nwhere id = date '2024-01-01'", (2, 7)),
    ("select id::timestamptz as z from a", (1, 10)),
    ("select id from a\nunion select id, t from a", None),
    ("select id, id from a", None),
]  # fmt: skip


@pytest.mark.parametrize(("query", "place"), PLACES)
def test_line_and_column(run, query, place):
    message = run.refuses("sql", {"query": query, "names": ["a", "b"]}, tables=[A, B])[2]
    said = f" See line {place[0]}, column {place[1]}." if place else ""
    assert message.endswith(said)
    assert bool(place) == ("See line" in message)


IMPOSSIBLE = [
    ("select id from a where id = date '2024-01-01'",
     "'id' is INTEGER and date '2024-01-01' is DATE: they cannot be compared."),
    ("select a.id from a join b on a.id = b.id where b.id = 'two'",
     "'two' is no INTEGER, which 'id' is: they cannot be compared."),
    ("with w as (select id::timestamptz as z from a) select * from w",
     "'id' is INTEGER, which cannot become TIMESTAMP WITH TIME ZONE."),
    ("select sum(id) filter (where not date '2024-01-01') as s from a",
     "date '2024-01-01' is DATE, which cannot become BOOLEAN."),
    ("select id from a union all select 'x'::int", "'x' is no INTEGER."),
]  # fmt: skip


@pytest.mark.parametrize(("query", "message"), IMPOSSIBLE)
def test_what_no_row_survives_is_told_before_it_runs(session, context, query, message):
    tables = {"tables": [session.connection.sql(A), session.connection.sql(B)]}
    op = Sql.configure({"query": query, "names": ["a", "b"]})
    with pytest.raises(NodeError) as caught:
        op.call(tables, replace(context, design=True))
    assert (caught.value.code, caught.value.path) == ("type_mismatch", "/config/query")
    assert caught.value.message.partition(" See line ")[0] == message
    with pytest.raises(duckdb.Error, match=r"cast|convert"):
        op.call(tables, context)["result"].fetchall()


@pytest.mark.parametrize("query", [query for query, _ in GOOD])
def test_what_runs_is_right_before_it_runs(session, context, query):
    tables = {"tables": [session.connection.sql(A), session.connection.sql(B)]}
    Sql.configure({"query": query, "names": ["a", "b"]}).call(tables, replace(context, design=True))


NAMES = [
    (["a", "A"], [A, B], "/config/names/1"),
    (["a", "b"], [A], "/config/names/1"),
    (["table2"], [A, B], "/config/names"),
    (["TABLE2"], [A, B], "/config/names"),
    (["a", "sqlite_master"], [A, B], "/config/names/1"),
]


@pytest.mark.parametrize(("names", "tables", "path"), NAMES)
def test_names_must_fit(run, names, tables, path):
    assert run.refuses("sql", {"query": "select 1", "names": names}, tables=tables)[:2] == ("invalid_config", path)
