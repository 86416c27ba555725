# ruff: noqa: E501 (tables of cases)
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
POINT = {
    "type": "record",
    "name": "point",
    "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": ["null", "double"]}],
}
NODE = {"type": "record", "name": "row", "fields": [{"name": "a", "type": ["null", "row"]}]}
ROW = {"type": "record", "name": "row"}
EMPTY = {"type": "array", "items": {"type": "record", "name": "empty", "fields": []}}
TWICE = {"type": "record", "name": "twice", "fields": [{"name": name, "type": "int"} for name in ("x", "X")]}
PAIR = {
    "type": "record",
    "name": "pair",
    "fields": [{"name": "key", "type": ["null", "int"]}, {"name": "value", "type": "int"}],
}


def logical(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": name, **more}


def make(context: Context, fields: list[Any], rows: list[Any], codec: str = "null") -> None:
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    with (context.root / "a.avro").open("wb") as file:
        fastavro.writer(file, schema, rows, codec=codec)


@pytest.mark.parametrize(
    ("kind", "value", "expected", "found"),
    [
        ("boolean", True, "BOOLEAN", True),
        ("int", 1, "INTEGER", 1),
        ("long", 2**60, "BIGINT", 2**60),
        ("float", 1.5, "FLOAT", 1.5),
        ("double", 1.1, "DOUBLE", 1.1),
        ("string", "é", "VARCHAR", "é"),
        ("bytes", b"\0\xff", "BLOB", b"\0\xff"),
        ("null", None, "VARCHAR", None),
        (["null", "long"], None, "BIGINT", None),
        (["string", "null"], "x", "VARCHAR", "x"),
        (["null", "int", "double"], 1.5, "DOUBLE", 1.5),
        (["int", "long"], 1, "BIGINT", 1),
        (["int", "string"], 1, "VARCHAR", "1"),
        (["null", "string", {"type": "array", "items": "int"}], [1, 2], "VARCHAR", "[1, 2]"),
        (logical("int", "date"), dt.date(2013, 1, 2), "DATE", dt.date(2013, 1, 2)),
        (logical("int", "time-millis"), dt.time(1, 2, 3), "TIME", dt.time(1, 2, 3)),
        (logical("long", "timestamp-millis"), dt.datetime(2013, 1, 2, tzinfo=dt.UTC), "TIMESTAMP WITH TIME ZONE", dt.datetime(2013, 1, 2, tzinfo=dt.UTC)),
        (logical("long", "local-timestamp-micros"), dt.datetime(2013, 1, 2), "TIMESTAMP", dt.datetime(2013, 1, 2)),
        (logical("bytes", "decimal", precision=10, scale=2), Decimal("1.50"), "DECIMAL(10,2)", Decimal("1.50")),
        (logical("bytes", "decimal", precision=50, scale=2), Decimal("1.50"), "DOUBLE", 1.5),
        (logical("string", "uuid"), UUID(int=1), "VARCHAR", str(UUID(int=1))),
        (logical("string", "of-somebody"), "x", "VARCHAR", "x"),
        ({"type": "enum", "name": "e", "symbols": ["A", "B"]}, "B", "VARCHAR", "B"),
        ({"type": "fixed", "name": "f", "size": 2}, b"ab", "BLOB", b"ab"),
        ({"type": "array", "items": ["null", logical("int", "date")]}, [None, dt.date(2013, 1, 2)], "DATE[]", [None, dt.date(2013, 1, 2)]),
        ({"type": "map", "values": "int"}, {"a": 1}, "MAP(VARCHAR, INTEGER)", {"a": 1}),
        (logical("array", "map", items=PAIR), [{"key": 1, "value": 2}], "MAP(INTEGER, INTEGER)", {1: 2}),
        (logical("array", "map", items=POINT), [{"x": 1, "y": 2.0}], "STRUCT(x INTEGER, y DOUBLE)[]", [{"x": 1, "y": 2.0}]),
        (POINT, {"x": 1, "y": None}, "STRUCT(x INTEGER, y DOUBLE)", {"x": 1, "y": None}),
        ({"type": "array", "items": POINT}, [{"x": 1, "y": 2.0}], "STRUCT(x INTEGER, y DOUBLE)[]", [{"x": 1, "y": 2.0}]),
    ],
)  # fmt: skip
def test_types(context: Context, load: Load, kind: Any, value: Any, expected: str, found: Any) -> None:
    make(context, [{"name": "a", "type": kind}], [{"a": value}] * 2)
    table = load(source_type="avro", path="a.avro")
    assert list(map(str, table.types)) == [expected]
    assert table.fetchall() == [(found,)] * 2


def test_a_type_that_is_named_again(context: Context, load: Load) -> None:
    make(
        context,
        [{"name": "a", "type": POINT}, {"name": "b", "type": ["null", "point"]}],
        [{"a": {"x": 1, "y": 2.0}, "b": None}],
    )
    assert load(source_type="avro", path="a.avro").fetchall() == [({"x": 1, "y": 2.0}, None)]


@pytest.mark.parametrize("codec", ["deflate", "bzip2", "xz"])
def test_codecs_and_many_rows(context: Context, load: Load, monkeypatch: pytest.MonkeyPatch, codec: str) -> None:
    monkeypatch.setattr("orchestrator.formats.avro.BATCH", 7)
    monkeypatch.setattr("orchestrator.formats.streams.IN_MEMORY", 100)
    make(context, [{"name": "a", "type": "long"}], [{"a": n} for n in range(100)], codec)
    assert load(source_type="avro", path="a.avro").fetchall() == [(n,) for n in range(100)]


@pytest.mark.parametrize(
    ("schema", "rows", "code", "text"),
    [
        ("long", [1], "no_table", "it holds something else than records"),
        ({"type": "record", "name": "r", "fields": []}, [{}], "no_table", "have no fields"),
        (NODE, [{"a": None}], "no_table", "its record 'row' holds itself"),
        (
            ROW | {"fields": [{"name": "a", "type": EMPTY}]},
            [{"a": {}}],
            "unreadable_file",
            "Column 'a' of 'a.avro' holds a structure without fields",
        ),
        (
            ROW | {"fields": [{"name": "a", "type": TWICE}]},
            [{"a": {"x": 1, "X": 2}}],
            "unreadable_file",
            "two fields called 'x'",
        ),
    ],
)
def test_refuses(context: Context, design: Context, schema: Any, rows: list[Any], code: str, text: str) -> None:
    with (context.root / "a.avro").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), rows)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "avro", "path": "a.avro"}).call({}, each)
        assert error.value.code == code, error.value
        assert text in error.value.message


@pytest.mark.parametrize("cut", [4, 20, 200, 1000])
def test_a_file_that_is_cut_off(context: Context, cut: int) -> None:
    make(context, [{"name": "a", "type": "long"}], [{"a": n} for n in range(1000)])
    data = (context.root / "a.avro").read_bytes()
    (context.root / "a.avro").write_bytes(data[:cut])
    with pytest.raises(NodeError, match=r"'a.avro' cannot be read as Avro: ") as error:
        DataLoader.configure({"source_type": "avro", "path": "a.avro"}).call({}, context)
    assert error.value.code == "unreadable_file"


def test_all_types_come_back(context: Context, load: Load, save: Save) -> None:
    query = """SELECT 1::TINYINT AS a, 1.50::DECIMAL(5,2) AS b, {'x': [1, 2], 'y z': 'w'} AS c, MAP {'k': 1} AS d, 'x'::BLOB AS e,
        TIME '01:02:03' AS f, '00000000-0000-0000-0000-000000000001'::UUID AS g, 1::HUGEINT AS h, NULL AS i, INTERVAL 1 DAY AS j,
        [DATE '2013-01-02', NULL] AS k, 18446744073709551615::UBIGINT AS l, 'POINT (1 2)'::GEOMETRY AS m, MAP {1: 'a'} AS n, 1.5::FLOAT AS o"""
    save(query, target_type="avro", path="a.avro")
    with (context.root / "a.avro").open("rb") as file:
        found: Any = fastavro.reader(file)
        assert found.codec == "deflate"
        assert next(found)["g"] == UUID(int=1)
    table = load(source_type="avro", path="a.avro")
    assert table.fetchall() == [
        (1, Decimal("1.50"), {"x": [1, 2], "y z": "w"}, {"k": 1}, b"x", dt.time(1, 2, 3), str(UUID(int=1)), 1, None, "1 day",
         [dt.date(2013, 1, 2), None], 2**64 - 1, "POINT (1 2)", {1: "a"}, 1.5)
    ]  # fmt: skip


def test_names_that_avro_does_not_allow(context: Context, load: Load, save: Save) -> None:
    save('SELECT 1 AS "a b", 2 AS "a_b", 3 AS "a-b", 4 AS "1", 5 AS "é"', target_type="avro", path="a.avro")
    assert load(source_type="avro", path="a.avro").columns == ["a b", "a_b", "a-b", "1", "é"]
    with (context.root / "a.avro").open("rb") as file:
        assert next(iter(fastavro.reader(file))) == {"a_b": 1, "a_b_1": 2, "a_b_2": 3, "_1": 4, "_": 5}


@pytest.mark.parametrize(
    ("value", "expected", "kind"),
    [
        ("MAP {1: 'a', 2: NULL}", {1: "a", 2: None}, "MAP(INTEGER, VARCHAR)"),
        ("MAP {DATE '2013-01-02': [1]}", {dt.date(2013, 1, 2): [1]}, "MAP(DATE, INTEGER[])"),
        ("MAP {'k': MAP {1.5::DECIMAL(3, 1): true}}", {"k": {Decimal("1.5"): True}}, "MAP(VARCHAR, MAP(DECIMAL(3,1), BOOLEAN))"),
        ("MAP([]::VARCHAR[], []::INTEGER[])", {}, "MAP(VARCHAR, INTEGER)"),
        ("MAP([]::INTEGER[], []::INTEGER[])", {}, "MAP(INTEGER, INTEGER)"),
        ("MAP {}", {}, "MAP(VARCHAR, VARCHAR)"),
        ("NULL::MAP(INTEGER, INTEGER)", None, "MAP(INTEGER, INTEGER)"),
        ("[INTERVAL 1 DAY, NULL]", ["1 day", None], "VARCHAR[]"),
        ("[18446744073709551615::UBIGINT]", [Decimal(2**64 - 1)], "DECIMAL(20,0)[]"),
        ("{'t': TIMETZ '03:04:05+02'}", {"t": "03:04:05+02"}, "STRUCT(t VARCHAR)"),
        ("['POINT (1 2)'::GEOMETRY]", ["POINT (1 2)"], "VARCHAR[]"),
    ],
)  # fmt: skip
def test_nested_types_come_back(load: Load, save: Save, value: str, expected: Any, kind: str) -> None:
    save(f"SELECT {value} AS a, {{'in': [{value}]}} AS b", target_type="avro", path="a.avro")
    table = load(source_type="avro", path="a.avro")
    assert list(map(str, table.types)) == [kind, f'STRUCT("in" {kind}[])']
    assert table.fetchall() == [(expected, {"in": [expected]})]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("DATE '0044-03-15 (BC)'", "Column 'a' holds a date or time that is not in the years 1 to 9999"),
        ("TIMESTAMP 'infinity'", "Column 'a' holds a date or time that is not in the years 1 to 9999"),
        ("[DATE '10000-01-01']", "Column 'a' holds a date or time that is not in the years 1 to 9999"),
        ("TIME '24:00:00'", "Column 'a' holds the time 24:00:00"),
    ],
)
def test_what_it_cannot_hold(context: Context, save: Save, value: str, text: str) -> None:
    with pytest.raises(NodeError) as error:
        save(f"SELECT {value} AS a", target_type="avro", path="a.avro")
    assert (error.value.code, error.value.port) == ("invalid_value", "table")
    assert error.value.message.startswith(text)
    assert not list(context.root.iterdir())


@pytest.mark.parametrize("keys", [[1, 1], [1, None]])
def test_a_map_with_a_key_twice_or_null(context: Context, keys: list[Any]) -> None:
    pairs = [{"key": key, "value": 1} for key in keys]
    make(context, [{"name": "a", "type": logical("array", "map", items=PAIR)}], [{"a": pairs}])
    with pytest.raises(NodeError, match=r"'a.avro' holds a map in which a key is there twice, or is null"):
        DataLoader.configure({"source_type": "avro", "path": "a.avro"}).call({}, context)


OLD = (
    "SELECT 1 AS i, 'a' AS \"b c\", {'x': [DATE '2013-01-02']} AS s, '00000000-0000-0000-0000-000000000001'::UUID AS u"
)


@pytest.mark.parametrize(
    ("new", "stays"),
    [
        (OLD, True), (f'SELECT "b c", i FROM ({OLD})', True), (f"FROM ({OLD}) LIMIT 0", True),
        ("SELECT 2::BIGINT AS i", False), ("SELECT 2::SMALLINT AS i, 3 AS n", False), ("SELECT 2 AS i, 'x' AS u", False),
    ],
)  # fmt: skip
def test_old_blocks_stay_where_the_new_records_fit(
    context: Context, load: Load, save: Save, new: str, stays: bool
) -> None:
    config = {"target_type": "avro", "path": "a.avro"}
    save(OLD, **config, compression="uncompressed")
    before = (context.root / "a.avro").read_bytes()
    count = save(new, **config, mode="append")
    assert (context.root / "a.avro").read_bytes().startswith(before) == stays
    found = load(source_type="avro", path="a.avro").fetchall()
    assert len(found) == 1 + count
    assert found[0][:4] == (1, "a", {"x": [dt.date(2013, 1, 2)]}, "00000000-0000-0000-0000-000000000001")


@pytest.mark.parametrize("cut", [1, 16, 20])
def test_nothing_is_added_to_a_file_that_is_cut_off(context: Context, save: Save, cut: int) -> None:
    save("SELECT 1 AS a", target_type="avro", path="a.avro")
    before = (context.root / "a.avro").read_bytes()[:-cut]
    (context.root / "a.avro").write_bytes(before)
    with pytest.raises(NodeError, match=r"'a.avro' cannot be read as Avro"):
        save("SELECT 2 AS a", target_type="avro", path="a.avro", mode="append")
    assert (context.root / "a.avro").read_bytes() == before
