# ruff: noqa: E501 (tables of cases)
import datetime as dt
import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.errors import NodeError
from orchestrator.formats import csv_lines
from orchestrator.formats.problems import translate
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


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


LATE = [
    ("1", "1.5", {}, "comes after whole numbers in the first 100 rows alone"),
    ("1", "2e-1", {}, "comes after whole numbers in the first 100 rows alone"),
    ("1", "007", {}, "comes after whole numbers in the first 100 rows alone"),
    ("1", "1,5", {"delimiter": ";", "decimal_separator": ","}, "comes after whole numbers in the first 100 rows alone"),
    ("2013-01-02", "2013-01-02 10:00", {}, "comes after days in the first 100 rows alone"),
    (
        "2013-01-02 10:00:00",
        "2013-01-02T10:00:00.5+02:00",
        {},
        "comes after times without a zone in the first 100 rows alone",
    ),
]


@pytest.mark.parametrize(("early", "late", "options", "text"), LATE)
@pytest.mark.parametrize("end", ["csv", "csv.gz"])
def test_what_would_be_rounded_or_cut_late_in_a_file_is_refused(
    context: Context, design: Context, load: Load, early: str, late: str, options: dict[str, Any], text: str, end: str
) -> None:
    lines = "\n".join(["a", *[early] * 3000, late]).encode()
    (context.root / f"a.{end}").write_bytes(gzip.compress(lines) if end == "csv.gz" else lines)
    config = {"source_type": "csv", "path": f"a.{end}", **options}
    loader = DataLoader.configure({**config, "sample_size": 100})
    assert loader.call({}, design)["result"].columns == ["a"]
    with pytest.raises(NodeError) as error:
        loader.call({}, context)
    assert (error.value.code, error.value.value, error.value.path) == ("mixed_types", late, "/config/path")
    assert error.value.message == f"'a.{end}', column 'a': '{late}' {text}."
    assert late != "007" or "VARCHAR" in str(error.value.hint)
    assert len(load(**config, sample_size=-1).distinct().fetchall()) == 2
    assert len(load(**config, sample_size=100, types={"a": "VARCHAR"}).distinct().fetchall()) == 2


@pytest.mark.parametrize(("late", "refused"), [("1.5", True), ("2.0", False), ('2,"a\n1.5,x\n"', False)])
def test_of_a_large_file_lines_from_all_over_it_are_looked_at(
    context: Context, monkeypatch: pytest.MonkeyPatch, late: str, refused: bool
) -> None:
    monkeypatch.setattr(csv_lines, "WHOLE", 1000)
    (context.root / "a.csv").write_text("a,b\n" + "1,x\n" * 3000 + (f"{late}\n" if '"' in late else f"{late},x\n") * 9)
    loader = DataLoader.configure({"source_type": "csv", "path": "a.csv", "sample_size": 100})
    made = replace(context, scratch=context.root / "scratch")
    if refused:
        with pytest.raises(NodeError, match=r"column 'a': '1.5' comes after whole numbers"):
            loader.call({}, made)
    else:
        assert loader.call({}, made)["result"].fetchall()[-1][0] == 2
    assert list((context.root / "scratch").iterdir()) == []


def test_late_values_that_lose_nothing_are_read(context: Context, load: Load) -> None:
    rows = "1,2013-01-02\n" * 3000 + "2.0,2013-01-03 00:00:00\n1e1,\n"
    (context.root / "a.csv").write_text(f"a,d\n{rows}")
    found = load(source_type="csv", path="a.csv", sample_size=100)
    assert found.types == ["BIGINT", "DATE"]
    assert found.fetchall()[-2:] == [(2, dt.date(2013, 1, 3)), (10, None)]


def test_what_is_not_packed_as_its_name_says(context: Context) -> None:
    (context.root / "a.csv.gz").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(NodeError, match=r"'a.csv.gz' is not packed as its name says, or it is damaged\."):
        DataLoader.configure({"source_type": "csv", "path": "a.csv.gz"}).call({}, context)


def test_reads_gzip_and_the_first_rows_decide(context: Context, load: Load) -> None:
    (context.root / "a.csv.gz").write_bytes(gzip.compress(b"a\n" + b"1\n" * 3000 + b"x\n"))
    assert load(source_type="csv", path="a.csv.gz").types == ["VARCHAR"]
    late = load(source_type="csv", path="a.csv.gz", sample_size=100)
    assert late.types == ["BIGINT"]
    with pytest.raises(duckdb.Error) as error:
        late.fetchall()
    found = translate(error.value, context.root)
    assert found is not None
    assert (found.code, found.row, found.value) == ("invalid_value", 3002, "x")
    assert found.message == "'a.csv.gz', line 3,002, column 'a': 'x' is not BIGINT."
    assert str(translate(error.value)) == found.message
    assert load(source_type="csv", path="a.csv.gz", sample_size=-1).types == ["VARCHAR"]


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
    ("options", "expected"),
    [
        ({}, b'a,b,c\n1,x,2013-01-02\n2.5,"",\n'),
        ({"header": False}, b'1,x,2013-01-02\n2.5,"",\n'),
        ({"delimiter": ";", "decimal_separator": ","}, b'a;b;c\n1;x;2013-01-02\n2,5;"";\n'),
        ({"null_value": "NA"}, b'a,b,c\n1,x,2013-01-02\n2.5,"",NA\n'),
        ({"quote_all": True}, b'"a","b","c"\n"1","x","2013-01-02"\n"2.5","",\n'),
        ({"date_format": "%d.%m.%Y"}, b'a,b,c\n1,x,02.01.2013\n2.5,"",\n'),
        ({"encoding": "utf-8-sig"}, b'\xef\xbb\xbfa,b,c\n1,x,2013-01-02\n2.5,"",\n'),
        ({"encoding": "utf-16-le"}, 'a,b,c\n1,x,2013-01-02\n2.5,"",\n'.encode("utf-16-le")),
    ],
)
def test_writes(context: Context, save: Save, options: dict[str, Any], expected: bytes) -> None:
    query = "SELECT * FROM (VALUES (1, 'x', DATE '2013-01-02'), (2.5, '', NULL)) t(a, b, c)"
    query = (
        f"SELECT if(a = 1, '1', a::VARCHAR) AS a, b, c FROM ({query})" if "decimal_separator" not in options else query
    )
    if "decimal_separator" in options:
        expected = expected.replace(b"1;x", b"1,0;x")
    assert save(query, target_type="csv", path="out/a.csv", **options) == 2
    assert (context.root / "out/a.csv").read_bytes() == expected


def test_a_letter_that_the_encoding_lacks(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match="'日' cannot be written in latin-1") as error:
        save("SELECT '日' AS a", target_type="csv", path="a.csv", encoding="latin-1")
    assert (error.value.code, error.value.path) == ("wrong_encoding", "/config/encoding")
    assert not list(context.root.iterdir())


@pytest.mark.parametrize(
    "options", [{}, {"delimiter": ";", "decimal_separator": ","}, {"header": False}, {"encoding": "windows-1252"}]
)
def test_append_keeps_what_is_there(context: Context, save: Save, options: dict[str, Any]) -> None:
    config = {"target_type": "csv", "path": "a.csv", "mode": "append", **options}
    assert save("SELECT '00501' AS zip, 1.5 AS x, '' AS e, NULL AS n", **config) == 1
    first = (context.root / "a.csv").read_bytes()
    assert save("SELECT '7' AS zip, 2.5 AS x, 'y' AS e, DATE '2013-01-01' AS n", **config) == 1
    second = (context.root / "a.csv").read_bytes()
    assert second.startswith(first)
    assert second[len(first) :].count(b"\n") == 1


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


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(
    rows=st.lists(st.tuples(st.none() | TEXT, st.none() | st.integers(-(2**60), 2**60)), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back(
    context: Context, save: Save, load: Load, rows: list[tuple[str | None, int | None]], delimiter: str
) -> None:
    connection = context.session.connection
    connection.execute("CREATE OR REPLACE TEMP TABLE given (n BIGINT, t VARCHAR)")
    for text, number in rows:
        connection.execute("INSERT INTO given VALUES (?, ?)", [number, text])
    save("FROM given", target_type="csv", path="a.csv", delimiter=delimiter)
    options = {"quoted_empty": "text", "types": {"n": "BIGINT", "t": "VARCHAR"}, "delimiter": delimiter, "header": True}
    assert load(source_type="csv", path="a.csv", **options).fetchall() == [(number, text) for text, number in rows]


def test_a_late_blank(context: Context, load: Load, save: Save) -> None:
    (context.root / "a.csv").write_text("a,b\n" + "1,2\n" * 3000 + "NA,-\n")
    assert load(source_type="csv", path="a.csv", sample_size=100).filter("a IS NULL").fetchall() == [(None, None)]
    (context.root / "b.csv").write_text("a,b\n" + "1,x\n" * 3000 + "NA,NA\n")
    with pytest.raises(NodeError, match="'NA' is not BIGINT") as error:
        save(load(source_type="csv", path="b.csv", sample_size=100), target_type="csv", path="c.csv")
    assert error.value.hint == 'null_values: ["NA"]'


@pytest.mark.parametrize("options", [{}, {"types": {"b": "VARCHAR"}}, {"ragged": "fill"}, {"sample_size": -1}])
def test_a_shape_of_seven_mebibytes_is_one_field(context: Context, load: Load, options: dict[str, Any]) -> None:
    text = f"LINESTRING ({'1 2, ' * ((7 << 20) // 5)}3 4)"
    (context.root / "a.csv").write_text(f'a,b\n1,x\n2,"{text}"\n')
    found = load(source_type="csv", path="a.csv", **options).fetchall()
    assert [(a, len(b)) for a, b in found] == [(1, 1), (2, len(text))]
