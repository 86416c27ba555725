# ruff: noqa: E501 (tables of cases)
import dataclasses
import datetime as dt
import gzip
import time
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import yaml
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]


@pytest.mark.parametrize(
    ("content", "options", "columns", "rows"),
    [
        ("- a: 1\n  b: x\n- a: 2\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x"), (2, None)]),
        ("- {a: 1.5, b: true}\n", {}, ["a DOUBLE", "b BOOLEAN"], [(1.5, True)]),
        ("- a: 2013-01-02\n  b: 2013-01-02 03:04:05\n", {}, ["a DATE", "b TIMESTAMP"], [(dt.date(2013, 1, 2), dt.datetime(2013, 1, 2, 3, 4, 5))]),
        ("- a: 2013-01-02T03:04:05Z\n", {}, ["a TIMESTAMP WITH TIME ZONE"], [(dt.datetime(2013, 1, 2, 3, 4, 5, tzinfo=dt.UTC),)]),
        ("- a: '007'\n  b: \"x\"\n  c: ~\n", {}, ["a VARCHAR", "b VARCHAR", "c VARCHAR"], [("007", "x", None)]),
        ("- a: {b: [1, 2]}\n", {}, ["a STRUCT(b BIGINT[])"], [({"b": [1, 2]},)]),
        ("- a: .inf\n- a: 1.5\n", {}, ["a DOUBLE"], [(None,), (1.5,)]),
        ("- 1: x\n", {}, ["1 VARCHAR"], [("x",)]),
        ("a: 1\n---\na: 2\n", {}, ["a BIGINT"], [(1,), (2,)]),
        ("x: {items: [{a: 1}]}\n", {"records": "/x/items"}, ["a BIGINT"], [(1,)]),
        ("- &x {a: 1, b: 2}\n- <<: *x\n  b: 3\n- *x\n", {}, ["a BIGINT", "b BIGINT"], [(1, 2), (1, 3), (1, 2)]),
        ("- a: 1\n", {"types": {"a": "VARCHAR"}}, ["a VARCHAR"], [("1",)]),
        ("- a: é\n", {}, ["a VARCHAR"], [("é",)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_reads(
    context: Context, load: Load, content: str, options: dict[str, Any], columns: list[str], rows: list[Any],
    encoding: str,
) -> None:  # fmt: skip
    (context.root / "a.yaml").write_bytes(content.encode(encoding))
    (context.root / "a.yaml.gz").write_bytes(gzip.compress(content.encode(encoding)))
    for path in ("a.yaml", "a.yaml.gz"):
        table = load(source_type="yaml", path=path, **options)
        assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns
        assert table.fetchall() == rows


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "options", "code", "path", "text"),
    [
        (BOMB, {}, "too_large", "/config/path", "has more than 5,000,000 values"),
        ("- a: &a [*a]\n", {}, "unreadable_file", "/config/path", "a value that holds itself: *a"),
        ("- " * 3000 + "a", {}, "too_large", "/config/path", "has more than 100 levels"),
        ("[" * 3000, {}, "too_large", "/config/path", "has more than 100 levels"),
        ("- a: !!python/object/apply:os.system ['true']\n", {}, "unreadable_file", "/config/path", "line 1, could not determine a constructor"),
        ("- a: 1\n b: 2\n", {}, "unreadable_file", "/config/path", "'a.yaml' is not YAML: line 2,"),
        ("- a: 2013-02-30\n", {}, "invalid_value", "/config/path", "day is out of range"),
        ("- 1\n", {}, "no_table", "/config/path", "a list of mappings is needed"),
        ("x: [{a: 1}]\n", {}, "no_table", "/config/path", "a list of mappings is needed"),
        ("x: [{a: 1}]\n", {"records": "/y"}, "no_table", "/config/records", "a list of mappings is needed"),
        ("[]\n", {}, "file_empty", "/config/path", "holds an empty list"),
        ("- a: '" + "x" * 200, {}, "unreadable_file", "/config/path", "found unexpected end of stream"),
        ("- a: " + "x" * 2000, {}, "too_large", "/config/path", "is larger than"),
    ],
)  # fmt: skip
def test_refuses(
    context: Context, design: Context, monkeypatch: pytest.MonkeyPatch, content: str, options: dict[str, Any],
    code: str, path: str, text: str,
) -> None:  # fmt: skip
    if "larger" in text:
        monkeypatch.setattr(yaml, "LARGEST", 1000)
    (context.root / "a.yaml").write_text(content)
    start = time.monotonic()
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "yaml", "path": "a.yaml", **options}).call({}, each)
        assert (error.value.code, error.value.path) == (code, path), error.value
        assert text in error.value.message
    assert time.monotonic() - start < 5


def test_the_list_that_was_meant(context: Context) -> None:
    (context.root / "a.yaml").write_text("x: [{a: 1}]\n")
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "yaml", "path": "a.yaml"}).call({}, context)
    assert error.value.hint == "records: /x"


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("SELECT 1 AS a, 'é' AS b, NULL AS c", "- a: 1\n  b: é\n  c: null\n"),
        ("SELECT '1' AS a, 'true' AS b, '' AS c, '- x' AS d", "- a: '1'\n  b: 'true'\n  c: ''\n  d: '- x'\n"),
        ("SELECT 1.5::DECIMAL(5, 2) AS a, 'nan'::DOUBLE AS b", "- a: 1.5\n  b: null\n"),
        ("SELECT DATE '2013-01-02' AS a, TIME '11:02:03' AS b", "- a: 2013-01-02\n  b: '11:02:03'\n"),
        ("SELECT [1, 2] AS a, {'x': DATE '2013-01-02'} AS b", "- a:\n  - 1\n  - 2\n  b:\n    x: '2013-01-02'\n"),
        ("SELECT 1 AS a WHERE false", "[]\n"),
    ],
)
def test_writes(context: Context, save: Save, query: str, content: str) -> None:
    save(query, target_type="yaml", path="a.yaml")
    assert (context.root / "a.yaml").read_text() == content


def test_awkward_text_comes_back(context: Context, load: Load, save: Save) -> None:
    values = ["a\r\nb", "\ta ", "x: y", "#", "~", "é日\U0001f600", "", None, "'\"", "\u2028", "\x85", "no", "1_000"]
    import pandas

    table = context.session.from_frame(pandas.DataFrame({"x": values}))
    save(table, target_type="yaml", path="a.yaml")
    assert load(source_type="yaml", path="a.yaml").fetchall() == table.fetchall()


def test_a_file_too_large_to_be_read_is_told_of(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "LARGEST", 10)
    lines: list[str] = []
    heard = dataclasses.replace(context, log=lambda level, text: lines.append(f"{level}: {text}"))
    for query in ("SELECT 1 AS a", "SELECT 1234567 AS a"):
        node = DataWriter.configure({"target_type": "yaml", "path": "a.yaml"})
        node.call({"table": context.session.connection.sql(query)}, heard)
    assert lines == ["warning: 'a.yaml' is too large to be read here as YAML: write json or csv."]
