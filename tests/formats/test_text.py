import gzip
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import lines
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


@pytest.mark.parametrize(
    ("content", "options", "columns", "rows"),
    [
        (b"a\nb\n", {}, ["text VARCHAR"], [("a",), ("b",)]),
        (b"a\nb", {}, ["text VARCHAR"], [("a",), ("b",)]),
        (b"a\r\nb\rc\n", {}, ["text VARCHAR"], [("a",), ("b",), ("c",)]),
        (b"\n\na\n\n", {}, ["text VARCHAR"], [("",), ("",), ("a",), ("",)]),
        (b' "a,b;\tc \n', {}, ["text VARCHAR"], [(' "a,b;\tc ',)]),
        (b"a\nb\n", {"line_number": "n"}, ["n BIGINT", "text VARCHAR"], [(1, "a"), (2, "b")]),
        (b"a\nb\n", {"column": "line"}, ["line VARCHAR"], [("a",), ("b",)]),
        (b"a\nb\n", {"rows": "file"}, ["text VARCHAR"], [("a\nb\n",)]),
        (b"a\r\nb", {"rows": "file", "line_number": "n"}, ["n BIGINT", "text VARCHAR"], [(1, "a\r\nb")]),
        ("é\n".encode("latin-1"), {"encoding": "latin-1"}, ["text VARCHAR"], [("é",)]),
        ("é\n".encode("utf-8-sig"), {}, ["text VARCHAR"], [("é",)]),
        ("é\nü".encode("utf-16"), {}, ["text VARCHAR"], [("é",), ("ü",)]),
        ("a\x0bb\x85c\u2028d\n".encode(), {}, ["text VARCHAR"], [("a\x0bb\x85c\u2028d",)]),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_reads(
    context: Context, load: Load, content: bytes, options: dict[str, Any], columns: list[str], rows: list[Any],
    packed: bool,
) -> None:  # fmt: skip
    path = "a.txt.gz" if packed else "a.txt"
    (context.root / path).write_bytes(gzip.compress(content) if packed else content)
    table = load(source_type="text", path=path, **options)
    assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns
    assert table.fetchall() == rows == table.fetchall()


@pytest.mark.parametrize(
    ("content", "options", "code", "path", "text"),
    [
        (b"\xe9\n", {}, "wrong_encoding", "/config/path", "is not UTF-8"),
        (b"abcdefghijk\n", {}, "too_large", "/config/path", "line 1 of 'a.txt' is longer than 10 letters"),
        (b"a\nb\nabcdefghijk", {"rows": "file"}, "too_large", "/config/path", "'a.txt' has more than 10 letters"),
        (b"a\n", {"line_number": "TEXT"}, "duplicate_column", "/config/line_number", "two columns"),
    ],
)
def test_refuses(
    context: Context, monkeypatch: pytest.MonkeyPatch, content: bytes, options: dict[str, Any], code: str, path: str,
    text: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(lines, "LONGEST", 10)
    (context.root / "a.txt").write_bytes(content)
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "text", "path": "a.txt", **options}).call({}, context)
    assert (error.value.code, error.value.path) == (code, path)
    assert text.lower() in error.value.message.lower()


def test_many_lines_go_through_a_stored_table(context: Context, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BATCH", 3)
    monkeypatch.setattr("orchestrator.formats.streams.IN_MEMORY", 10)
    (context.root / "a.txt").write_text("\n".join(map(str, range(100))))
    table = load(source_type="text", path="a.txt", line_number="n")
    assert context.scratch
    assert list(context.scratch.glob("*.parquet"))
    assert table.fetchall() == [(number + 1, str(number)) for number in range(100)]


@pytest.mark.parametrize(
    ("query", "options", "content"),
    [
        ("SELECT unnest(['a', '', NULL, 'é']) AS x", {}, "a\n\n\né\n".encode()),
        ("SELECT 1 AS n, 'a' AS x", {"column": "x"}, b"a\n"),
        ("SELECT 1.5 AS x", {}, b"1.5\n"),
        ("SELECT 'a' AS x", {"line_end": "\r\n"}, b"a\r\n"),
        ("SELECT unnest(['a', 'b']) AS x", {"line_end": ""}, b"ab"),
        ("SELECT 'é' AS x", {"encoding": "latin-1"}, b"\xe9\n"),
        ("SELECT 'x' AS x WHERE false", {}, b""),
    ],
)
def test_writes(context: Context, save: Save, query: str, options: dict[str, Any], content: bytes) -> None:
    save(query, target_type="text", path="a.txt", **options)
    assert (context.root / "a.txt").read_bytes() == content


@pytest.mark.parametrize(
    ("query", "options", "code", "path", "text"),
    [
        ("SELECT 1 AS a, 2 AS b", {}, "no_table", "/config/column", "Text holds one column, and this table has 2"),
        ("SELECT 1 AS a, 2 AS b", {"column": "c"}, "unknown_column", "/config/column", "Column 'c' is not"),
        ("SELECT '日' AS a", {"encoding": "latin-1"}, "wrong_encoding", "/config/encoding", "'日' cannot be written"),
    ],
)
def test_does_not_write(save: Save, query: str, options: dict[str, Any], code: str, path: str, text: str) -> None:
    with pytest.raises(NodeError) as error:
        save(query, target_type="text", path="a.txt", **options)
    assert (error.value.code, error.value.path) == (code, path)
    assert text in error.value.message


def test_appends(context: Context, save: Save) -> None:
    for query in ("SELECT 'a' AS x", "SELECT 'b' AS y, 1 AS z"):
        save(query, target_type="text", path="a.txt", mode="append", column="x" if "z" not in query else "y")
    assert (context.root / "a.txt").read_text() == "a\nb\n"
