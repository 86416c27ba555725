# ruff: noqa: E501 (tables of cases)
"""CSV files as they are read, and refused."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
GERMAN = {"delimiter": ";", "decimal_separator": ",", "thousands_separator": "."}


@pytest.mark.parametrize(
    ("content", "options", "columns", "rows"),
    [
        (b"a,b\n1,x\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x")]),
        (b"a;b\n1;x\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x")]),
        (b"a\tb\n1\tx\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x")]),
        (b"a|b\n1|x\n", {"delimiter": "|"}, ["a BIGINT", "b VARCHAR"], [(1, "x")]),
        (b"a\tb\n1\tx,y\n", {"delimiter": "\\t"}, ["a BIGINT", "b VARCHAR"], [(1, "x,y")]),
        (b"name\nSmith; John\nDoe\n", {}, ["name VARCHAR"], [("Smith; John",), ("Doe",)]),
        (b"a,b\r\n1,x\r\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x")]),
        (b"a,b\r\n1,x\n2,y\r\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x"), (2, "y")]),
        (b'a,b\r\n1,"x\ny"\r\n', {}, ["a BIGINT", "b VARCHAR"], [(1, "x\ny")]),
        (b'a,b\n1,"say ""hi"", he"\n', {}, ["a BIGINT", "b VARCHAR"], [(1, 'say "hi", he')]),
        (b"a,b\n1,'x,y'\n", {"quote": "'", "escape": "'"}, ["a BIGINT", "b VARCHAR"], [(1, "x,y")]),
        (b'a,b\n1,x"y\n', {"quote": ""}, ["a BIGINT", "b VARCHAR"], [(1, 'x"y')]),
        (b"a,b", {}, ["a VARCHAR", "b VARCHAR"], []),
        (b"a,b\n", {}, ["a VARCHAR", "b VARCHAR"], []),
        (b"a,b\n", {"header": True, "types": {"a": "bigint"}}, ["a BIGINT", "b VARCHAR"], []),
        (b"1,2\n3,4\n", {}, ["column0 BIGINT", "column1 BIGINT"], [(1, 2), (3, 4)]),
        (b"a||b\n1||2\n", {"delimiter": "||"}, ["a BIGINT", "b BIGINT"], [(1, 2)]),
        (b"i,t,f\n", {}, ["i VARCHAR", "t VARCHAR", "f VARCHAR"], []),
        (b'"true","day of, it"\n', {}, ["true VARCHAR", "day of, it VARCHAR"], []),
        (b"t,f\n", {}, ["column0 BOOLEAN", "column1 BOOLEAN"], [(True, False)]),
        (b"2013-01-02,x1", {}, ["column0 DATE", "column1 VARCHAR"], [(dt.date(2013, 1, 2), "x1")]),
        (b"1,2\n3,4\n", {"header": True}, ["1 BIGINT", "2 BIGINT"], [(3, 4)]),
        (b"x,y\np,q\n", {"header": False}, ["column0 VARCHAR", "column1 VARCHAR"], [("x", "y"), ("p", "q")]),
        (b"a,a,,A,\n1,2,3,4,5\n", {}, ["a BIGINT", "a_1 BIGINT", "column2 BIGINT", "A_2 BIGINT", "column4 BIGINT"], [(1, 2, 3, 4, 5)]),
        (b"select,from where,\"q\"\"q\"\n1,2,3\n", {}, ["select BIGINT", "from where BIGINT", 'q"q BIGINT'], [(1, 2, 3)]),
        (b"made 2013\nby us\na,b\n1,2\n", {"skip": 2}, ["a BIGINT", "b BIGINT"], [(1, 2)]),
        (b"a,b\nNA,x\n2,-\n", {"null_values": ["NA", "-"]}, ["a BIGINT", "b VARCHAR"], [(None, "x"), (2, None)]),
        (b"a,b\nNA,x\n2,NA\n", {}, ["a BIGINT", "b VARCHAR"], [(None, "x"), (2, "NA")]),
        (b"a,b\n-,2013-01-01\n2,N/A\n", {}, ["a BIGINT", "b DATE"], [(None, dt.date(2013, 1, 1)), (2, None)]),
        (b"a,b\nNA,x\n2,NA\n", {"blanks": False}, ["a VARCHAR", "b VARCHAR"], [("NA", "x"), ("2", "NA")]),
        (b"a,b\nNA,x\n2,y\n", {"types": {"a": "VARCHAR"}}, ["a VARCHAR", "b VARCHAR"], [("NA", "x"), ("2", "y")]),
        (b"a;b\nNA;1,5\n2;NA\n", {"decimal_separator": ","}, ["a BIGINT", "b VARCHAR"], [(None, "1,5"), (2, "NA")]),
        (b"a\nNA\n", {}, ["a VARCHAR"], [("NA",)]),
        (b'a,b\n1,""\n2,\n', {}, ["a BIGINT", "b VARCHAR"], [(1, ""), (2, None)]),
        (b'a,b\n1,""\n2,\n3,x\n', {}, ["a BIGINT", "b VARCHAR"], [(1, ""), (2, None), (3, "x")]),
        (b'a,b\n1,""\n2,\n3,x\n', {"quoted_empty": "null"}, ["a BIGINT", "b VARCHAR"], [(1, None), (2, None), (3, "x")]),
        (b'a,b\n"1","x"\n"",""\n', {}, ["a BIGINT", "b VARCHAR"], [(1, "x"), (None, None)]),
        (b"a;b\n1,5;x\n", {"delimiter": ";", "decimal_separator": ","}, ["a DOUBLE", "b VARCHAR"], [(1.5, "x")]),
        (b"a;b\n1.234,5;x\n-2.000.000;y\n3e1;z\n", GERMAN, ["a DOUBLE", "b VARCHAR"], [(1234.5, "x"), (-2e6, "y"), (30, "z")]),
        (b"a;b\n1.234;1.2\n12;192.168.0.1\n", GERMAN, ["a BIGINT", "b VARCHAR"], [(1234, "1.2"), (12, "192.168.0.1")]),
        (b"a;b\n01.02.2024;1,5\n13.02.2024;,25\n", GERMAN, ["a DATE", "b DOUBLE"], [(dt.date(2024, 2, 1), 1.5), (dt.date(2024, 2, 13), 0.25)]),
        (b"a;b\n1'234.5;NA\n1'23;1'000\n", {"thousands_separator": "'"}, ["a VARCHAR", "b VARCHAR"], [("1'234.5", "NA"), ("1'23", "1'000")]),
        (b"a;b\n1'234.5;7\n2'123;1'000\n", {"thousands_separator": "'"}, ["a DOUBLE", "b BIGINT"], [(1234.5, 7), (2123, 1000)]),
        (b"a;b\n1 234;x\n", {"thousands_separator": " ", "types": {"a": "decimal(18,2)"}}, ["a DECIMAL(18,2)", "b VARCHAR"], None),
        (b"a\n1e400\n-1e400\n1.5\n", {}, ["a DOUBLE"], [(float("inf"),), (float("-inf"),), (1.5,)]),
        (b"a\n1e400\n1.5\n", {"types": {"a": "VARCHAR"}}, ["a VARCHAR"], [("1e400",), ("1.5",)]),
        (b"zip,n\n00501,1\n", {}, ["zip VARCHAR", "n BIGINT"], [("00501", 1)]),
        (b"zip\n501\n", {"types": {"zip": "varchar"}}, ["zip VARCHAR"], [("501",)]),
        (b"n\n1.5\n", {"types": {"n": "decimal(5,2)"}}, ["n DECIMAL(5,2)"], None),
        (b"d\n24.12.2013\n", {"date_format": "%d.%m.%Y"}, ["d DATE"], None),
        (b"t\n24.12.2013 18:30\n", {"timestamp_format": "%d.%m.%Y %H:%M"}, ["t TIMESTAMP"], None),
        (b"t\n2013-01-01T05:00:00Z\n", {}, ["t TIMESTAMP WITH TIME ZONE"], None),
        (b"b\ntrue\nfalse\n", {}, ["b BOOLEAN"], [(True,), (False,)]),
        ("a,b\né,ü\n".encode(), {}, ["a VARCHAR", "b VARCHAR"], [("é", "ü")]),
        ("a,b\né,ü\n".encode("utf-8-sig"), {}, ["a VARCHAR", "b VARCHAR"], [("é", "ü")]),
        ("a,b\né,ü\n".encode("latin-1"), {"encoding": "latin-1"}, ["a VARCHAR", "b VARCHAR"], [("é", "ü")]),
        ("a,b\n€,“x”\n".encode("cp1252"), {"encoding": "windows-1252"}, ["a VARCHAR", "b VARCHAR"], [("€", "“x”")]),
        ("a,b\né,2\n".encode("utf-16"), {}, ["a VARCHAR", "b BIGINT"], [("é", 2)]),
        ("a,b\né,2\n".encode("utf-32"), {}, ["a VARCHAR", "b BIGINT"], [("é", 2)]),
        ("a,b\né,2\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, ["a VARCHAR", "b BIGINT"], [("é", 2)]),
        ("a,b\n日本,2\n".encode("shift_jis"), {"encoding": "shift_jis"}, ["a VARCHAR", "b BIGINT"], [("日本", 2)]),
        (b"a,b,c\n1,2\n3,4,5\n", {"ragged": "fill"}, ["a BIGINT", "b BIGINT", "c BIGINT"], [(1, 2, None), (3, 4, 5)]),
        (b"a,b\n1,2\n3,4,5\n", {"ragged": "fill"}, ["a BIGINT", "b BIGINT"], [(1, 2), (3, 4)]),
        (b'a,b\n1,"x\ny"\n3\n', {"ragged": "fill"}, ["a BIGINT", "b VARCHAR"], [(1, "x\ny"), (3, None)]),
        (b"a,b\n1,2\n3,4,5\n6\n7,8\n", {"ragged": "skip"}, ["a BIGINT", "b BIGINT"], [(1, 2), (7, 8)]),
    ],
)  # fmt: skip
def test_reads(
    context: Context, load: Load, content: bytes, options: dict[str, Any], columns: list[str],
    rows: list[tuple[Any, ...]] | None,
) -> None:  # fmt: skip
    (context.root / "a.csv").write_bytes(content)
    table = load(source_type="csv", path="a.csv", **options)
    assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns
    found = table.fetchall()
    assert rows is None or found == rows


def test_what_is_not_packed_as_its_name_says(context: Context) -> None:
    (context.root / "a.csv.gz").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(NodeError, match=r"'a.csv.gz' is not packed as its name says, or it is damaged\."):
        DataLoader.configure({"source_type": "csv", "path": "a.csv.gz"}).call({}, context)


@pytest.mark.parametrize(
    ("content", "options", "code", "message"),
    [
        (b"", {}, "file_empty", "File 'a.csv' is empty (0 bytes)."),
        (b"\n\n", {}, "file_empty", "File 'a.csv' is empty: it has no row and no header."),
        (b"a,b\n1,2\n", {"skip": 5}, "file_empty", "File 'a.csv' is empty: it has no row and no header."),
        ("a,b\né,ü\n".encode("latin-1"), {}, "wrong_encoding", "The file is not UTF-8 (byte 0xe9): set its encoding."),
        (b"a,b\n1,2\n", {"encoding": "utf-16"}, "wrong_encoding", "The file is not UTF-16: set its encoding."),
        (b"a,b\n1,2\n", {"types": {"aa": "DATE"}}, "unknown_column", "Column 'aa' is not in 'a.csv'. Did you mean 'a'?"),
    ],
)  # fmt: skip
def test_refuses_when_described(
    context: Context, design: Context, content: bytes, options: dict[str, Any], code: str, message: str
) -> None:
    (context.root / "a.csv").write_bytes(content)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "csv", "path": "a.csv", **options}).call({}, each)
        assert (error.value.code, error.value.message) == (code, message)
        assert str(error.value.path).startswith("/config/")


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"a,b,c,d\n" + b"1,2,3,4\n" * 5 + b"1,2,3,4,5\n", "ragged_rows", "'a.csv' has ragged rows: line 7 has 5 fields, 4 expected."),
        (b"a,b\n1,2\n1\n", "ragged_rows", "'a.csv' has ragged rows: line 3 has 1 field, 2 expected."),
        (b"a,b\n" + b"x,y\n" * 100_000 + b"\xe9,y\n", "wrong_encoding", "'a.csv' is not UTF-8 in line 100,002: set its encoding."),
        (b'a,b\n1,2\n"x,3\n', "unreadable_file", "'a.csv', line 3: a quote is opened and not closed."),
        (b"a\n" + b"1\n" * 30_000 + b"x\n", "invalid_value", "'a.csv', line 30,002, column 'a': 'x' is not BIGINT."),
    ],
)  # fmt: skip
def test_refuses_when_run(context: Context, load: Load, save: Save, content: bytes, code: str, message: str) -> None:
    (context.root / "a.csv").write_bytes(content)
    (context.root / "out.csv").write_text("old")
    table = load(source_type="csv", path="a.csv")
    with pytest.raises(NodeError) as error:
        save(table, target_type="csv", path="out.csv")
    assert (error.value.code, error.value.message) == (code, message)
    assert (context.root / "out.csv").read_text() == "old"
    assert len(list(context.root.iterdir())) == 2


@pytest.mark.parametrize(
    ("options", "where", "text"),
    [
        ({"delimter": ";"}, ("delimter",), "Did you mean 'delimiter'?"),
        ({"delimiter": ""}, ("delimiter",), "at least 1 character"),
        ({"encoding": "utf8000"}, ("encoding",), "Encoding 'utf8000' is not known."),
        ({"encoding": "base64"}, ("encoding",), "not an encoding of text"),
        ({"types": {"a": "BIGNIT"}}, ("types", "a"), "Did you mean 'BIGINT'?"),
        ({"types": {"a": "INT) + (1"}}, ("types", "a"), "There is no type"),
        ({"skip": -1}, ("skip",), "greater than or equal"),
        ({"ragged": "ignore"}, ("ragged",), "'fail', 'fill' or 'skip'"),
    ],
)
def test_wrong_options(options: dict[str, Any], where: tuple[str, ...], text: str) -> None:
    with pytest.raises(ValidationError) as error:
        DataLoader.configure({"source_type": "csv", "path": "a.csv", **options})
    (found,) = error.value.errors()
    assert found["loc"][: len(where)] == where
    assert text in found["msg"]


@pytest.mark.parametrize("options", [{}, {"types": {"b": "VARCHAR"}}, {"ragged": "fill"}, {"sample_size": -1}])
def test_a_shape_of_seven_mebibytes_is_one_field(context: Context, load: Load, options: dict[str, Any]) -> None:
    text = f"LINESTRING ({'1 2, ' * ((7 << 20) // 5)}3 4)"
    (context.root / "a.csv").write_text(f'a,b\n1,x\n2,"{text}"\n')
    found = load(source_type="csv", path="a.csv", **options).fetchall()
    assert [(a, len(b)) for a, b in found] == [(1, 1), (2, len(text))]
