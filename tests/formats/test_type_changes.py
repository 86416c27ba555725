"""What formats that know types make of each: a change is warned of before, and nothing else is."""

import re
from collections.abc import Callable

import pytest

from orchestrator.formats import writers
from orchestrator.formats.losses import differs
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]
FORMATS = ("arrow", "avro", "geoparquet", "parquet")

HUGE, TEXT = (dict.fromkeys(FORMATS, kind) for kind in ("DECIMAL(38,0)", "VARCHAR"))
AS_TEXT = {"arrow": "VARCHAR", "avro": "VARCHAR"}
# A value, and in which other type it comes back by format; in its own where nothing is said.
VALUES: dict[str, dict[str, str]] = {
    "true": {},
    "(-128)::TINYINT": {"avro": "INTEGER"},
    "(-32768)::SMALLINT": {"avro": "INTEGER"},
    "2147483647::INTEGER": {},
    "9223372036854775807::BIGINT": {},
    "255::UTINYINT": {"avro": "INTEGER"},
    "65535::USMALLINT": {"avro": "INTEGER"},
    "4294967295::UINTEGER": {"avro": "BIGINT"},
    "18446744073709551615::UBIGINT": {"avro": "DECIMAL(20,0)"},
    "12345678901234567890123::HUGEINT": HUGE,
    "12345678901234567890123::UHUGEINT": HUGE,
    "123456789012345678901234567890123456789012345::BIGNUM": TEXT,
    "1.50::DECIMAL(5, 2)": {},
    "123456789012345678.1234567890::DECIMAL(38, 10)": {},
    "0.1::FLOAT": {},
    "0.1::DOUBLE": {},
    "'infinity'::DOUBLE": {},
    "'é'": {},
    "''": {},
    r"'\xFF\x00a'::BLOB": {},
    "'101'::BIT": TEXT,
    "DATE '1850-01-02'": {},
    "TIME '23:59:59.999999'": {},
    "TIME_NS '01:02:03.123456000'": {"avro": "TIME"},
    "TIMETZ '03:04:05+00'": AS_TEXT,
    "TIMESTAMP '2013-01-02 23:59:59.999999'": {},
    "TIMESTAMP_S '2013-01-02 03:04:05'": dict.fromkeys(FORMATS, "TIMESTAMP"),
    "TIMESTAMP_MS '2013-01-02 03:04:05.123'": dict.fromkeys(FORMATS, "TIMESTAMP"),
    "TIMESTAMP_NS '2013-01-02 03:04:05.123456789'": {"avro": "TIMESTAMP"},
    "TIMESTAMPTZ '2013-01-02 03:04:05+02'": {},
    "INTERVAL '-1 year 2 days 3.000001 seconds'": {**TEXT, "arrow": "INTERVAL"},
    "'00000000-0000-0000-0000-000000000001'::UUID": AS_TEXT,
    "'a'::ENUM ('a', 'b')": TEXT,
    """'{"a": 1}'::JSON""": AS_TEXT,
    "'POINT (1 2)'::GEOMETRY": {"avro": "VARCHAR"},
    "union_value(a := 1)": TEXT,
    "NULL": TEXT,
    "[1, NULL]": {},
    "[]::INTEGER[]": {},
    "[[1], NULL, []]": {},
    "[1, 2]::INTEGER[2]": dict.fromkeys(FORMATS, "INTEGER[]"),
    "[1::TINYINT]": {"avro": "INTEGER[]"},
    "[18446744073709551615::UBIGINT]": {"avro": "DECIMAL(20,0)[]"},
    "[12345678901234567890123::HUGEINT]": dict.fromkeys(FORMATS, "DECIMAL(38,0)[]"),
    "[TIMESTAMP_NS '2013-01-02 03:04:05.123456789']": {"avro": "TIMESTAMP[]"},
    "[TIMETZ '03:04:05+00']": {"arrow": "VARCHAR[]", "avro": "VARCHAR[]"},
    "[INTERVAL '-1 year']": {**dict.fromkeys(FORMATS, "VARCHAR[]"), "arrow": "INTERVAL[]"},
    "['00000000-0000-0000-0000-000000000001'::UUID]": {"arrow": "VARCHAR[]", "avro": "VARCHAR[]"},
    "['a'::ENUM ('a', 'b')]": dict.fromkeys(FORMATS, "VARCHAR[]"),
    """['{"a": 1}'::JSON]""": {"arrow": "VARCHAR[]", "avro": "VARCHAR[]"},
    "['POINT (1 2)'::GEOMETRY]": {"avro": "VARCHAR[]"},
    "{'x': 1, 'y z': [TIMESTAMPTZ '2013-01-02 03:04:05+02']}": {},
    "{'x': 1::UBIGINT}": {"avro": "STRUCT(x DECIMAL(20,0))"},
    "MAP {'k': {'x': 1}}": {},
    "MAP {DATE '2013-01-02': 'x'}": {},
    "MAP([]::VARCHAR[], []::INTEGER[])": {},
    "MAP {'a'::ENUM ('a', 'b'): 1}": dict.fromkeys(FORMATS, "MAP(VARCHAR, INTEGER)"),
}
# Changes that lose nothing, and are not warned of.
AS_GOOD = {
    ("TINYINT", "INTEGER"), ("SMALLINT", "INTEGER"), ("UTINYINT", "INTEGER"), ("USMALLINT", "INTEGER"),
    ("UINTEGER", "BIGINT"), ("TINYINT[]", "INTEGER[]"), ("UUID", "VARCHAR"), ("JSON", "VARCHAR"),
    ("TIMESTAMP_S", "TIMESTAMP"), ("TIMESTAMP_MS", "TIMESTAMP"),
    ("UUID[]", "VARCHAR[]"), ("JSON[]", "VARCHAR[]"), ('"NULL"', "VARCHAR"), ("GEOMETRY", "VARCHAR"),
}  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_change_is_warned_of_and_nothing_else(
    context: Context, load: Load, save: Save, kind: str, value: str
) -> None:
    table = context.session.connection.sql(f"SELECT {value} AS a UNION ALL SELECT NULL")
    if kind == "geoparquet":
        table = table.project("*, 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry")
    before, path = str(table.types[0]), f"a{writers()[kind].extensions[0]}"
    planned = Context(context.session, context.root, design=True)
    DataWriter.configure({"target_type": kind, "path": path}).call({"table": table.limit(0)}, planned)
    save(table, target_type=kind, path=path)
    found = load(source_type=kind, path=path)
    after = str(found.types[0])
    assert after == VALUES[value].get(kind, before)
    warned = [found for each in planned.warnings for found in re.findall(r": 'a' \(.+\) becomes (.+)\.$", each.message)]
    assert warned == ([] if after == before or (before, after) in AS_GOOD else [after])
    cast = f"a::{after}" if after != before else "a"
    assert found.project("a").fetchall() == table.project(cast).fetchall()


@pytest.mark.parametrize(
    ("kind", "kept", "lost"),
    [
        ("SMALLINT[]", "BIGINT[]", False),
        ("STRUCT(a FLOAT, b UUID)", "STRUCT(a DOUBLE, b VARCHAR)", False),
        ('MAP("NULL", JSON)', "MAP(VARCHAR, VARCHAR)", False),
        ("DOUBLE[]", "FLOAT[]", True),
        ("INTEGER[2][]", "INTEGER[][]", True),
        ("STRUCT(a INTEGER)", "STRUCT(b INTEGER)", True),
        ("MAP(VARCHAR, INTEGER)", "STRUCT", True),
        ("INTEGER[]", "columns of lists", True),
        ("GEOMETRY('EPSG:25832')[]", "VARCHAR[]", True),
    ],
)
def test_more_room_inside_of_others_loses_nothing(kind: str, kept: str, lost: bool) -> None:
    assert differs(kind, kept) == lost
