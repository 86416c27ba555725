import datetime as dt

import pytest

A = "SELECT 1 AS id, 'x' AS t UNION ALL SELECT 2, NULL"
B = "SELECT 2.5::DOUBLE AS id, true AS b"

ALL = [("id", "DOUBLE"), ("t", "VARCHAR"), ("b", "BOOLEAN")]
NUMBERED = [("id", "DOUBLE"), ("b", "BOOLEAN"), ("s", "INTEGER")]
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


WGS, WEB = "OGC:CRS84", '{"type":"ProjectedCRS","name":"Web","id":{"authority":"EPSG","code":3857}}'


def shape(crs):
    made = "'POINT (1 2)'::GEOMETRY"
    return f"SELECT {f'st_setcrs({made}, $${crs}$$)' if crs else made} AS g"


def test_geometry_keeps_its_coordinate_system(run):
    made = run.relations("union", {}, tables=[shape(WGS), "SELECT 1 AS n", shape(WGS)])["result"]
    assert made.columns == ["g", "n"]
    assert "CRS84" in str(made.types[0])
    assert made.project("st_astext(g)").fetchall() == [("POINT (1 2)",), (None,), ("POINT (1 2)",)]


REFUSED = [
    ({}, [A, "SELECT 'x' AS id"], "type_mismatch", "/config/columns",
     "Column 'id' is INTEGER in table 1 and VARCHAR in table 2. Convert one of them first."),
    ({}, [A, B, "SELECT DATE '2024-01-01' AS id"], "type_mismatch", "/config/columns",
     "Column 'id' is INTEGER in table 1 and DATE in table 3. Convert one of them first."),
    ({}, [shape(WGS), shape(WEB)], "type_mismatch", "/config/columns",
     "Column 'g' is in OGC:CRS84 in table 1 and in EPSG:3857 in table 2. Reproject one of them first."),
    ({}, [shape(WGS), shape(None)], "type_mismatch", "/config/columns",
     "Column 'g' is in OGC:CRS84 in table 1 and in no coordinate system in table 2. Reproject one of them first."),
    ({"source_column": "ID"}, [A], "invalid_config", "/config/source_column", "The tables have a column 'id' already."),
    ({"columns": "common"}, [A, "SELECT 1 AS z"], "invalid_config", "/config/columns",
     "The tables have no column in common."),
]  # fmt: skip


@pytest.mark.parametrize(("config", "tables", "code", "path", "message"), REFUSED)
def test_refuses(run, config, tables, code, path, message):
    assert run.refuses("union", config, tables=tables) == (code, path, message)
