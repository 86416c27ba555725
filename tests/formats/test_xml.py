# ruff: noqa: E501 (tables of cases)
import datetime as dt
import gzip
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import records, xml_elements
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize(
    ("content", "options", "columns", "rows"),
    [
        ("<r><i><a>1</a><b>x</b></i><i><a>2</a></i></r>", {}, ["a BIGINT", "b VARCHAR"], [(1, "x"), (2, None)]),
        ("<r><i a='1'>x</i><i a='2'/></r>", {}, ["@a BIGINT", "#text VARCHAR"], [(1, "x"), (2, None)]),
        ("<r><i><p c='EUR'>1.5</p></i></r>", {}, ["p.@c VARCHAR", "p DOUBLE"], [("EUR", 1.5)]),
        ("<r><i><p><q>1</q><s><t>2</t></s></p></i></r>", {}, ["p.q BIGINT", "p.s.t BIGINT"], [(1, 2)]),
        ("<r><i><p><q>1</q></p></i></r>", {"separator": "_"}, ["p_q BIGINT"], [(1,)]),
        ("<r><i><a>1</a><a>2</a></i><i><a>3</a></i><i/></r>", {}, ["a BIGINT[]"], [([1, 2],), ([3],), (None,)]),
        ("<r><i><a>1</a><a>x</a></i></r>", {}, ["a VARCHAR[]"], [(["1", "x"],)]),
        ("<r><i><l s='1'/><l s='2'/></i></r>", {}, ["l.@s BIGINT[]"], [([1, 2],)]),
        ("<r><x/><d><i><a>1</a></i></d><d><i><a>2</a></i></d></r>", {"records": "/r/d/i"}, ["a BIGINT"], [(1,), (2,)]),
        ("<r><i><a>1</a></i><j><a>2</a></j></r>", {"records": "/r/i"}, ["a BIGINT"], [(1,)]),
        ("<r><a>1</a><b>2</b></r>", {"records": "/r"}, ["a BIGINT", "b BIGINT"], [(1, 2)]),
        ("<n:r xmlns:n='u'><n:i n:k='1'><n:a>2</n:a></n:i></n:r>", {"records": "/r/i"}, ["@k BIGINT", "a BIGINT"], [(1, 2)]),
        (f"<r {XSI}><i><a>1</a></i><i><a xsi:nil='true'/></i></r>", {}, ["a BIGINT"], [(1,), (None,)]),
        ("<r><i><a>1</a><b/></i><i><a/><b/></i></r>", {}, ["a BIGINT", "b VARCHAR"], [(1, ""), (None, "")]),
        ("<r><i><a>2013-01-02</a><b>true</b><c>007</c></i></r>", {}, ["a DATE", "b BOOLEAN", "c VARCHAR"], [(dt.date(2013, 1, 2), True, "007")]),
        ("<r><i><a>1</a><A>x</A><b/><b/></i></r>", {}, ["a BIGINT", "A_1 VARCHAR", "b VARCHAR[]"], [(1, "x", ["", ""])]),
        ("<r><i><a>2013-02-30</a></i></r>", {}, ["a VARCHAR"], [("2013-02-30",)]),
        ("<r><i><a>99999999999999999999</a></i></r>", {}, ["a DECIMAL(38,0)"], [(Decimal(99999999999999999999),)]),
        ("<r><i><a>1</a></i></r>", {"types": {"a": "VARCHAR"}}, ["a VARCHAR"], [("1",)]),
        ("<r><i><a>1</a></i><i><a>2</a></i></r>", {"sample_size": 1}, ["a BIGINT"], [(1,), (2,)]),
        ("<r><!-- c --><i><?p x?><a><![CDATA[<b>]]>&amp;<!-- c -->&#233;</a></i></r>", {}, ["a VARCHAR"], [("<b>&é",)]),
        ("<r><i> x <b>bold</b> y </i></r>", {}, ["b VARCHAR", "#text VARCHAR"], [("bold", "x  y")]),
        ("<r><i><a_x0020_b>1</a_x0020_b></i></r>", {}, ["a b BIGINT"], [(1,)]),
        ("<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x.dtd'><r><i><a>1</a></i></r>", {}, ["a BIGINT"], [(1,)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_reads(
    context: Context, load: Load, content: str, options: dict[str, Any], columns: list[str], rows: list[Any],
    encoding: str,
) -> None:  # fmt: skip
    data = f'<?xml version="1.0" encoding="{encoding}"?>{content}'.encode(encoding)
    (context.root / "a.xml").write_bytes(data)
    (context.root / "a.xml.gz").write_bytes(gzip.compress(data))
    for path in ("a.xml", "a.xml.gz"):
        table = load(source_type="xml", path=path, **options)
        assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns
        assert table.fetchall() == rows


LAUGHS = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "options", "code", "path", "text"),
    [
        ("<r><i>", {}, "unreadable_file", "/config/path", "'a.xml' is not XML: premature end"),
        ("<r><i></j></r>", {}, "unreadable_file", "/config/path", "opening and ending tag mismatch"),
        ("<r>\0</r>", {}, "unreadable_file", "/config/path", "'a.xml' is not XML: invalid character: Char 0x0 out of allowed range, line 1."),
        ("a,b\n1,2\n", {}, "unreadable_file", "/config/path", "'a.xml' is not XML: "),
        ("<r/>", {}, "no_table", "/config/records", "'a.xml' has no records there"),
        ("<r><i><a>1</a></i></r>", {"records": "/r/j"}, "no_table", "/config/records", "has no records there"),
        ("<r><i><a>1</a></i></r>", {"types": {"b": "BIGINT"}}, "unknown_column", "/config/types/b", "Column 'b' is not in 'a.xml'"),
        ("<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r><i><a>&e;</a></i></r>", {}, "unreadable_file", "/config/path", "uses an entity of its own (&e;)"),
        (f"<!DOCTYPE r [<!ENTITY l0 'lol'>{LAUGHS}]><r><i><a>&l9;</a></i></r>", {}, "unreadable_file", "/config/path", "amplification factor exceeded"),
        (f"<!DOCTYPE r [<!ENTITY l0 'lol'>{LAUGHS}]><r><i a='&l9;'/></r>", {}, "unreadable_file", "/config/path", "'a.xml' is not XML"),
        ("<r>" + "<i>" * 300 + "</i>" * 300 + "</r>", {}, "unreadable_file", "/config/path", "excessive depth"),
        ("<r><i>" + "<a/>" * 30 + "</i></r>", {}, "too_large", "/config/records", "more than 20 elements"),
    ],
)  # fmt: skip
def test_refuses(
    context: Context, design: Context, monkeypatch: pytest.MonkeyPatch, content: str, options: dict[str, Any],
    code: str, path: str, text: str,
) -> None:  # fmt: skip
    if code == "too_large":
        monkeypatch.setattr(xml_elements, "LARGEST", 20)
    (context.root / "a.xml").write_text(content)
    start = time.monotonic()
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "xml", "path": "a.xml", **options}).call({}, each)
        assert (error.value.code, error.value.path) == (code, path), error.value
        assert text in error.value.message
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        ("<r><i><a>1</a></i><i><a>x</a></i></r>", "invalid_value", "'a.xml', row 2, column 'a': 'x' is not BIGINT."),
        ("<r><i><a>1</a></i><i><b>x</b></i></r>", "no_table", "row 2: there is a column 'b', unlike in"),
        ("<r><i><a>1</a></i><i><a>1</a><a>2</a></i></r>", "mixed_types", "row 2: there are several values for 'a'"),
    ],
)
def test_a_record_that_is_unlike_the_first_ones(context: Context, content: str, code: str, text: str) -> None:
    (context.root / "a.xml").write_text(content)
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "xml", "path": "a.xml", "sample_size": 1}).call({}, context)
    assert (error.value.code, error.value.row) == (code, 2)
    assert text in error.value.message


def test_many_records(context: Context, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BATCH", 7)
    monkeypatch.setattr("orchestrator.formats.streams.IN_MEMORY", 100)
    rows = "".join(f"<i><a>{n}</a><b>{n}</b><b>{n}</b></i>" for n in range(100))
    (context.root / "a.xml").write_text(f"<r>{rows}</r>")
    assert load(source_type="xml", path="a.xml").fetchall() == [(n, [n, n]) for n in range(100)]


@pytest.mark.parametrize(
    ("query", "options", "content"),
    [
        ("SELECT 1 AS a, 'x<&>\"' AS b", {}, "<rows {}>\n<row><a>1</a><b>x&lt;&amp;&gt;\"</b></row>\n</rows>\n"),
        ("SELECT 1 AS \"@id\", true AS b", {"root": "r", "row": "i"}, '<r {}>\n<i id="1"><b>true</b></i>\n</r>\n'),
        ("SELECT NULL AS a, NULL AS \"@b\", '' AS c", {}, '<rows {}>\n<row><a xsi:nil="true"/><c></c></row>\n</rows>\n'),
        ("SELECT [1, 2] AS a, {'x': 1, 'y z': true} AS b", {}, "<rows {}>\n<row><a>1</a><a>2</a><b><x>1</x><y_x0020_z>true</y_x0020_z></b></row>\n</rows>\n"),
        ("SELECT '\\x01\\x02'::BLOB AS a, 'nan'::DOUBLE AS b", {}, '<rows {}>\n<row><a>AQI=</a><b xsi:nil="true"/></row>\n</rows>\n'),
        ("SELECT 1 AS \"1 a\", 2 AS \"_x0041_\"", {}, "<rows {}>\n<row><_x0031__x0020_a>1</_x0031__x0020_a><_x005F_x0041_>2</_x005F_x0041_></row>\n</rows>\n"),
        ("SELECT 1 AS a WHERE false", {}, "<rows {}>\n</rows>\n"),
    ],
)  # fmt: skip
def test_writes(context: Context, save: Save, query: str, options: dict[str, Any], content: str) -> None:
    save(query, target_type="xml", path="a.xml", **options)
    start = '<?xml version="1.0" encoding="UTF-8"?>\n'
    assert (context.root / "a.xml").read_text() == start + content.format(XSI)


def test_a_control_character_is_refused(save: Save) -> None:
    with pytest.raises(NodeError, match=r"Row 1 has a text with a control character") as error:
        save("SELECT chr(1) AS a", target_type="xml", path="a.xml")
    assert error.value.code == "invalid_value"


def test_awkward_text_and_names_come_back(context: Context, load: Load, save: Save) -> None:
    values = ["a\r\nb", "\ta ", "<", "&amp;", "]]>", "é日\U0001f600", "", None]
    names = ["_x0020_", "x\U0001f600", "1", "-a", "a:b", "a@b", "#text"]
    fields = ", ".join(f'x AS "{name}"' for name in names)
    import pandas

    table = context.session.from_frame(pandas.DataFrame({"x": values})).project(fields)
    save(table, target_type="xml", path="a.xml")
    found = load(source_type="xml", path="a.xml")
    assert found.columns == names
    assert found.fetchall() == table.fetchall()


@pytest.mark.parametrize("inside", ["<d>{}</d>", "<d/><d>{}</d>"])
def test_a_late_time_of_day_is_not_cut_off(context: Context, inside: str) -> None:
    texts = [f"<i>{inside.format(day)}</i>" for day in ("2013-01-02", "2013-01-03", "2013-01-04T10:00:00")]
    (context.root / "a.xml").write_text(f"<r>{''.join(texts)}</r>")
    with pytest.raises(NodeError, match="row 3, column 'd': '2013-01-04T10:00:00' is not DATE") as error:
        DataLoader.configure({"source_type": "xml", "path": "a.xml", "sample_size": 2}).call({}, context)
    assert error.value.code == "invalid_value"
