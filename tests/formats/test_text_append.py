# ruff: noqa: E501 (tables of cases)
"""Adding rows to files of text that have none yet, or no types."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]
FORMATS = ["json", "ndjson", "xml", "yaml"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("empty", [True, False])
def test_after_a_run_that_wrote_no_rows(context: Context, load: Load, save: Save, kind: str, empty: bool) -> None:
    config = {"target_type": kind, "path": f"a.{kind}"}
    save("SELECT 1 AS a, 'x' AS b LIMIT 0", **config)
    if empty:
        (context.root / f"a.{kind}").write_bytes(b"")
    assert save("SELECT 1 AS a, 'x' AS b", mode="append", **config) == 1
    assert load(source_type=kind, path=f"a.{kind}").fetchall() == [(1, "x")]


@pytest.mark.parametrize("kind", FORMATS)
def test_columns_of_nulls_take_the_new_type(context: Context, load: Load, save: Save, kind: str) -> None:
    config = {"target_type": kind, "path": f"a.{kind}", "mode": "append"}
    save("SELECT NULL::INTEGER AS a, NULL::DATE AS d", **config)
    save("SELECT 2 AS a, DATE '2013-01-02' AS d", **config)
    found = load(source_type=kind, path=f"a.{kind}")
    assert found.types == ["BIGINT", "DATE"]
    assert [row[0] for row in found.fetchall()] == [None, 2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "<orders><order id='5'><a>1</a></order></orders>",
            '<order id="5"><a>1</a></order>\n<order><a>2</a></order>\n</orders>\n',
        ),
        ("<orders/>", "<row><a>2</a></row>\n</orders>\n"),
        ("<o><_x0031_><a>1</a></_x0031_></o>", "<_x0031_><a>1</a></_x0031_>\n<_x0031_><a>2</a></_x0031_>\n</o>\n"),
    ],
)
def test_xml_keeps_the_names_of_root_and_records(context: Context, save: Save, old: str, new: str) -> None:
    (context.root / "a.xml").write_text(old)
    save("SELECT 2 AS a", target_type="xml", path="a.xml", mode="append")
    assert (context.root / "a.xml").read_text().partition('instance">\n')[2] == new
    assert not context.warnings


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
HEAD = f"<?xml version='1.0' encoding='utf-8'?>\n<!-- é -->\n<rows {XSI}>"


@pytest.mark.parametrize(
    ("old", "query", "new"),
    [
        (f"{HEAD}<i><a>1</a><!-- x --></i>\n</rows>\n<!-- </rows> -->", "SELECT 2 AS a", f"{HEAD}<i><a>1</a><!-- x --></i>\n<i><a>2</a></i>\n</rows>\n<!-- </rows> -->"),
        (f"{HEAD}<i a='1'><b>é</b></i></rows>", "SELECT 'ü' AS b", f"{HEAD}<i a='1'><b>é</b></i><i><b>ü</b></i>\n</rows>"),
        (f"{HEAD}<i><s.x>1</s.x></i>\n</rows>", "SELECT {'x': NULL::INT} AS s", f'{HEAD}<i><s.x>1</s.x></i>\n<i><s.x xsi:nil="true"/></i>\n</rows>'),
        *[
            (f"{HEAD}<i><!-- x --><a>1</a></i></rows>", query, f'<?xml version="1.0" encoding="UTF-8"?>\n<rows {XSI}>\n{rows}</rows>\n')
            for query, rows in (
                ("SELECT 2 AS b", '<i><a>1</a><b xsi:nil="true"/></i>\n<i><a xsi:nil="true"/><b>2</b></i>\n'),
                ("SELECT 'x' AS a", "<i><a>1</a></i>\n<i><a>x</a></i>\n"), ("SELECT 2 AS A", "<i><a>1</a></i>\n<i><a>2</a></i>\n"),
            )
        ],
        (f"{HEAD.replace('utf-8', 'ISO-8859-1')}<i><a>1</a></i></rows>", "SELECT 2 AS a", f'<?xml version="1.0" encoding="UTF-8"?>\n<rows {XSI}>\n<i><a>1</a></i>\n<i><a>2</a></i>\n</rows>\n'),
    ],
)  # fmt: skip
def test_xml_puts_records_behind_the_old_ones_where_they_are_alike(
    context: Context, load: Load, save: Save, old: str, query: str, new: str
) -> None:
    (context.root / "a.xml").write_text(old)
    assert save(query, target_type="xml", path="a.xml", mode="append") == 1
    assert (context.root / "a.xml").read_text() == new
    assert len(load(source_type="xml", path="a.xml")) == 2


def test_xml_says_what_becomes_of_nested_elements(context: Context, load: Load, save: Save) -> None:
    (context.root / "a.xml").write_text("<rows><row><s><x>1</x></s></row></rows>")
    save("SELECT {'x': 2} AS s", target_type="xml", path="a.xml", mode="append")
    (warning,) = context.warnings
    assert warning.message.startswith("'a.xml' has elements inside of others")
    assert load(source_type="xml", path="a.xml").fetchall() == [(1,), (2,)]


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("<orders xmlns='u'><order><a>1</a></order></orders>", "has a namespace, or attributes of its root"),
        ("<orders xmlns:k='u'><order><k:a>1</k:a></order></orders>", "has a namespace, or attributes of its root"),
        ("<orders day='1'><order><a>1</a></order></orders>", "has a namespace, or attributes of its root"),
        ("<orders><order><a>1</a></order><m/></orders>", "has elements of several names in its root: m, order."),
        ("<orders><order>", "is not XML"),
    ],
)
def test_xml_that_would_lose_something_is_refused(context: Context, save: Save, old: str, message: str) -> None:
    (context.root / "a.xml").write_text(old)
    with pytest.raises(NodeError) as error:
        save("SELECT 2 AS a", target_type="xml", path="a.xml", mode="append")
    assert message in error.value.message
    assert (context.root / "a.xml").read_text() == old


def test_a_null_structure_has_no_column_of_its_own(context: Context, load: Load, save: Save) -> None:
    rows = "(1, NULL, NULL), (2, {'x': 1, 'y': {'z': 2}}, MAP {'k': 1})"
    save(f"SELECT * FROM (VALUES {rows}) t(i, s, m)", target_type="xml", path="a.xml")
    found: Any = load(source_type="xml", path="a.xml")
    assert found.columns == ["i", "s.x", "s.y.z", "m.k"]
    assert found.fetchall() == [(1, None, None, None), (2, 1, 2, 1)]


def test_lists_of_one_and_lists_of_more(context: Context, load: Load, save: Save) -> None:
    for query in ("SELECT 1 AS i, [3] AS l, [{'x': 1}] AS s", "SELECT 2 AS i, [4, 5] AS l, [{'x': 2}, {'x': 3}] AS s"):
        save(query, target_type="xml", path="a.xml", mode="append")
    assert load(source_type="xml", path="a.xml").fetchall() == [(1, [3], [1]), (2, [4, 5], [2, 3])]


def test_numbers_in_nested_values_keep_their_digits(context: Context, save: Save) -> None:
    save("SELECT [12345678901234567890.123456789::DECIMAL(38, 9)] AS l", target_type="xml", path="a.xml")
    assert "<l>12345678901234567890.123456789</l>" in (context.root / "a.xml").read_text()


FIELDS = [{"name": "text", "width": 3}, {"name": "n", "width": 4, "type": "BIGINT"}]


@pytest.mark.parametrize(
    ("old", "options", "new"),
    [
        (b"a\n\nb\n", {}, b"a\n\nb\nx     5\n"),
        (b"a\n\nb", {}, b"a\n\nb\nx     5\n"),
        (b"\xef\xbb\xbfa\r\nb  0007REST\r\n", {}, b"\xef\xbb\xbfa\r\nb  0007REST\r\nx     5\r\n"),
        (b"", {"line_end": "\r\n"}, b"x     5\r\n"),
        (b"a", {"line_end": "\r\n"}, b"a\r\nx     5\r\n"),
        (b"\xef\xbb\xbf", {}, b"\xef\xbb\xbfx     5\n"),
        ("\xe9\n".encode("utf-16"), {"encoding": "utf-16"}, "\xe9\nx     5\n".encode("utf-16")),
        ("\xe9\n".encode("utf-32"), {"encoding": "utf-32"}, "\xe9\nx     5\n".encode("utf-32")),
        (b"\xfe\xff\0a\0\n", {"encoding": "utf-16"}, b"\xfe\xff" + "a\nx     5\n".encode("utf-16-be")),
        ("\xe9\n".encode("utf-8-sig"), {"encoding": "utf-8-sig"}, "\xe9\nx     5\n".encode("utf-8-sig")),
        (b"\xe9\r\n", {"encoding": "latin-1"}, b"\xe9\r\nx     5\r\n"),
    ],
)
@pytest.mark.parametrize("kind", ["text", "fixed_width"])
def test_old_lines_stay_as_they_are(
    context: Context, save: Save, kind: str, old: bytes, options: dict[str, Any], new: bytes
) -> None:
    (context.root / "a.txt").write_bytes(old)
    needed = {"fields": FIELDS} if kind == "fixed_width" else {}
    query = "SELECT 'x' AS text, 5 AS n" if needed else "SELECT 'x     5' AS text"
    assert save(query, target_type=kind, path="a.txt", mode="append", **needed, **options) == 1
    assert (context.root / "a.txt").read_bytes() == new


@pytest.mark.parametrize("kind", ["text", "fixed_width"])
@pytest.mark.parametrize("old", [b"\xe9\n", "\xe9\n".encode("utf-16")])
def test_an_old_file_in_another_encoding_is_refused(context: Context, save: Save, kind: str, old: bytes) -> None:
    (context.root / "a.txt").write_bytes(old)
    needed = {"fields": FIELDS[:1]} if kind == "fixed_width" else {}
    with pytest.raises(NodeError, match="The file is not UTF-8") as error:
        save("SELECT 'x' AS text", target_type=kind, path="a.txt", mode="append", **needed)
    assert error.value.code == "wrong_encoding"
    assert (context.root / "a.txt").read_bytes() == old
