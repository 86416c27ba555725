import datetime as dt

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import KINDS, ROWS, relation, said
from test_against_pandas import quick

from orchestrator.crs import projjson
from orchestrator.errors import NodeError
from orchestrator.ops.union import Union
from orchestrator.schema import crs_of

A = "SELECT 1 AS id, 'x' AS t UNION ALL SELECT 2, NULL"
B = "SELECT 2.5::DOUBLE AS id, true AS b"

ALL = [("id", "DOUBLE"), ("t", "VARCHAR"), ("b", "BOOLEAN")]
NUMBERED = [("id", "DOUBLE"), ("b", "BOOLEAN"), ("s", "BIGINT")]
DAYS = ["SELECT DATE '2024-01-01' AS d", "SELECT TIMESTAMP '2024-01-02 03:04' AS d"]
GOOD = [
    ({}, [A, A], [("id", "INTEGER"), ("t", "VARCHAR")], [(1, "x"), (2, None), (1, "x"), (2, None)]),
    ({}, [A], [("id", "INTEGER"), ("t", "VARCHAR")], [(1, "x"), (2, None)]),
    ({}, [A, B], ALL, [(1.0, "x", None), (2.0, None, None), (2.5, None, True)]),
    ({"columns": "common"}, [A, B], [("id", "DOUBLE")], [(1.0,), (2.0,), (2.5,)]),
    ({"source_column": "s"}, [B, B], NUMBERED, [(2.5, True, 1), (2.5, True, 2)]),
    ({}, ["SELECT 1 AS a, 2 AS b", "SELECT 3 AS B, 4 AS A"], [("a", "INTEGER"), ("b", "INTEGER")], [(1, 2), (4, 3)]),
    ({}, ["SELECT NULL AS a", "SELECT true AS a"], [("a", "BOOLEAN")], [(None,), (True,)]),
    ({}, DAYS, [("d", "TIMESTAMP")], [(dt.datetime(2024, 1, 1),), (dt.datetime(2024, 1, 2, 3, 4),)]),
    ({}, ["SELECT 1::TINYINT AS n", "SELECT 1.25::DECIMAL(5,2) AS n"], [("n", "DECIMAL(5,2)")], [("1.00",), ("1.25",)]),
    ({}, [f"{A} LIMIT 0", B], ALL, [(2.5, None, True)]),
    ({}, ["SELECT 1 AS \"se\"\"l{}\"", "SELECT 2 AS \"se\"\"l{}\""], [('se"l{}', "INTEGER")], [(1,), (2,)]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "tables", "columns", "expected"), GOOD)
def test_unites(run, config, tables, columns, expected):
    assert run.columns("union", config, tables=tables) == columns
    assert run("union", config, tables=tables) == expected


def test_keeps_the_order_of_many_rows(run):
    tables = ["SELECT range AS n FROM range(200000)", "SELECT -range AS n FROM range(200000)"]
    assert run("union", {}, tables=tables) == [(n,) for n in range(200000)] + [(-n,) for n in range(200000)]


WIDENED = [
    (["1::BIGINT", "2.5::DOUBLE"], "DOUBLE"),
    (["16777217::BIGINT", "0.5::FLOAT"], "DOUBLE"),
    (["16777217::UINTEGER", "0.5::FLOAT"], "DOUBLE"),
    (["0.5::FLOAT", "16777217::INTEGER"], "DOUBLE"),
    (["32767::SMALLINT", "0.5::FLOAT"], "FLOAT"),
    (["12345678.25::DECIMAL(10,2)", "0.5::FLOAT"], "DOUBLE"),
    (["1::INTEGER", "3000000000::UINTEGER"], "BIGINT"),
    (["-1::BIGINT", "18446744073709551615::UBIGINT"], "DECIMAL(38,0)"),
    (["1::HUGEINT", "1::HUGEINT"], "DECIMAL(38,0)"),
    (["1::UHUGEINT", "-1::HUGEINT"], "DECIMAL(38,0)"),
    (["1.5::DECIMAL(18,2)", "1.125::DECIMAL(5,3)"], "DECIMAL(19,3)"),
    (["1.5::DECIMAL(5,2)", "7::BIGINT", "0.125::DECIMAL(38,30)"], "DECIMAL(38,30)"),
    (["NULL", "NULL"], "VARCHAR"),
    (["NULL", "1::BIGINT", "1.5::FLOAT"], "DOUBLE"),
    (["'a'::ENUM('a')", "'b'::ENUM('b')"], "VARCHAR"),
    (["DATE '2024-01-01'", "TIMESTAMP '2024-01-02 03:04:00'"], "TIMESTAMP"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "kind"), WIDENED)
def test_types_are_widened_and_values_stay(run, values, kind):
    tables = [f"SELECT {value} AS n" for value in values]
    assert run.columns("union", {}, tables=tables) == [("n", kind)]
    made = run.relations("union", {}, tables=tables)["result"].fetchall()
    own = [run.session.connection.sql(f"SELECT ({value})::{kind}").fetchall()[0] for value in values]
    assert made == own
    texts = [run.session.connection.sql(f"SELECT ({value})").fetchall()[0][0] for value in values]
    assert "TIMESTAMP" in kind or [value for (value,) in made] == texts


def test_a_number_too_great_for_the_common_decimal_is_an_error(run):
    made = run.relations("union", {}, tables=["SELECT 1000000000000000::BIGINT AS n", "SELECT 1::DECIMAL(38,30) AS n"])
    with pytest.raises(duckdb.ConversionException):
        made["result"].fetchall()


WGS, WEB = "OGC:CRS84", projjson("EPSG:3857")


def shape(crs):
    made = "'POINT (1 2)'::GEOMETRY"
    return f"SELECT {f'st_setcrs({made}, $${crs}$$)' if crs else made} AS g"


SAME = [[WGS, WGS], [projjson("EPSG:4326"), "EPSG:4326"], ["EPSG:4326", WGS], [WGS, None, projjson(WGS)]]


@pytest.mark.parametrize("systems", SAME)
def test_geometry_keeps_the_coordinate_system_of_the_first_table(run, systems):
    tables = [shape(system) if system else "SELECT 1 AS n, NULL AS g" for system in systems]
    made = run.relations("union", {}, tables=tables)["result"]
    assert crs_of(str(made.types[0])) == crs_of(str(run.session.connection.sql(tables[0]).types[0]))
    assert made.project("st_astext(g)").fetchall() == [("POINT (1 2)" if system else None,) for system in systems]


def test_columns_that_are_left_out_need_not_agree(run):
    tables = ["SELECT 1 AS a, 'x' AS b", "SELECT 2 AS a, 3 AS b", "SELECT 4 AS a"]
    assert run("union", {"columns": "common"}, tables=tables) == [(1,), (2,), (4,)]


REFUSED = [
    ({}, [A, "SELECT 'x' AS id"], "type_mismatch", "/config/columns",
     "Column 'id' is INTEGER in table 1 and VARCHAR in table 2. Convert one of them first."),
    ({}, [A, B, "SELECT DATE '2024-01-01' AS id"], "type_mismatch", "/config/columns",
     "Column 'id' is INTEGER in table 1 and DATE in table 3. Convert one of them first."),
    ({}, ["SELECT 1::DECIMAL(38,0) AS n", "SELECT 1::DECIMAL(20,2) AS n", "SELECT 1.5::DECIMAL(18,2) AS n"],
     "type_mismatch", "/config/columns", "Column 'n' is DECIMAL(38,0) in table 1 and DECIMAL(20,2) in table 2, "
     "which together need more than 38 digits. Convert one of them first."),
    ({}, ["SELECT DATE '2024-01-01' AS d", "SELECT TIMESTAMPTZ '2024-01-01' AS d"], "type_mismatch", "/config/columns",
     "Column 'd' is DATE in table 1 and TIMESTAMP WITH TIME ZONE in table 2. Convert one of them first."),
    ({}, ["SELECT TIMESTAMPTZ '2024-01-01' AS d", "SELECT TIMESTAMP '2024-01-01' AS d"], "type_mismatch",
     "/config/columns",
     "Column 'd' is TIMESTAMP WITH TIME ZONE in table 1 and TIMESTAMP in table 2. Convert one of them first."),
    ({}, [shape(WGS), shape(WEB)], "crs_mismatch", None,
     "Column 'g' is in OGC:CRS84 in table 1 and in EPSG:3857 in table 2. Reproject one of them first."),
    ({}, [shape(WGS), shape(None)], "missing_crs", None,
     "The coordinate system of 'g' is known in table 1, and is not in table 2."),
    ({"source_column": "ID"}, [A], "invalid_config", "/config/source_column", "The tables have a column 'id' already."),
    ({"columns": "common"}, [A, "SELECT 1 AS z"], "invalid_config", "/config/columns",
     "The tables have no column in common."),
]  # fmt: skip


@pytest.mark.parametrize(("config", "tables", "code", "path", "message"), REFUSED)
def test_refuses(run, config, tables, code, path, message):
    assert run.refuses("union", config, tables=tables) == (code, path, message)


def test_a_conflict_of_systems_offers_to_reproject(session, context):
    tables = [session.connection.sql(shape(system)) for system in (WGS, WEB)]
    with pytest.raises(NodeError) as raised:
        Union.configure({}).call({"tables": tables}, context)
    assert raised.value.hint == 'reproject table 2 first: {"to": "OGC:CRS84"}'


WIDER = {"n": (pa.float64(), float), "d": (pa.timestamp("us"), lambda day: dt.datetime(day.year, day.month, day.day))}


@st.composite
def differing(draw):
    """Rows, and of a table of them the columns with their types and names in another case."""
    chosen = ["id", *draw(st.permutations(["n", "t", "x", "c", "d", "s", "b"]))[: draw(st.integers(0, 7))]]
    kinds = {name: WIDER[name][0] if name in WIDER and draw(st.booleans()) else KINDS[name] for name in chosen}
    return draw(ROWS), {
        draw(st.sampled_from([name, name.upper()])): kinds[name] for name in draw(st.permutations(chosen))
    }


@quick
@given(st.lists(differing(), min_size=1, max_size=3), st.sampled_from(["all", "common"]), st.booleans())
def test_as_plain_python(run, tables, columns, numbered):
    spelled = {}
    for _, kinds in tables:
        spelled = {name.lower(): name for name in kinds} | spelled
    order = list(dict.fromkeys(name.lower() for _, kinds in tables for name in kinds))
    if columns == "common":
        order = [low for low in order if all(low in map(str.lower, kinds) for _, kinds in tables)]
    given, expected = [], []
    for number, (rows, kinds) in enumerate(tables, start=1):
        own = {name.lower(): kind for name, kind in kinds.items()}
        mine = [{low: changed(low, row[low], [kind]) for low, kind in own.items()} for row in rows]
        given.append(relation(run, [{name: row[name.lower()] for name in kinds} for row in mine], kinds))
        found = {
            low: [kind for _, each in tables for name, kind in each.items() if name.lower() == low] for low in order
        }
        made = [[changed(low, row.get(low), found[low]) for low in order] for row in mine]
        expected += [[*row, number] if numbered else row for row in made]
    config = {"columns": columns, **({"source_column": "source"} if numbered else {})}
    assert said(run("union", config, tables=given)) == said(expected)
    names = [spelled[low] for low in order] + ["source"] * numbered
    assert [name for name, _ in run.columns("union", config, tables=given)] == names


def changed(name, value, kinds):
    """A value in the widest of these types."""
    wide, convert = WIDER.get(name, (None, None))
    return convert(value) if wide in kinds and value is not None else value
