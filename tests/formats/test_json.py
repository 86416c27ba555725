# ruff: noqa: E501 (tables of cases)
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
DOCUMENT = json.dumps(
    {"meta": {"n": 2}, "data": {"it/ems": [{"a": 1, "b": {"c": "x\ny"}}, {"a": 2, "z": [1]}]}, "list": []}, indent=1
)


@pytest.mark.parametrize(
    ("content", "options", "columns", "rows"),
    [
        ('[{"a":1,"b":"x"},{"a":2.5,"b":null}]', {}, ["a DOUBLE", "b VARCHAR"], [(1.0, "x"), (2.5, None)]),
        (' \n[ {"a":1} ]\n ', {}, ["a BIGINT"], [(1,)]),
        ('[{"a":{"b":[1,{"c":2}]}}]', {}, None, None),
        ('[{"a":{"b":1}},{"a":null}]', {}, ["a STRUCT(b BIGINT)"], [({"b": 1},), (None,)]),
        ('[{"a":[1,2]}]', {}, ["a BIGINT[]"], [([1, 2],)]),
        ('[{"a":null,"b":{"c":null}}]', {}, ["a VARCHAR", "b STRUCT(c VARCHAR)"], [(None, {"c": None})]),
        ('[{"a":1},{"b":2}]', {}, ["a BIGINT", "b BIGINT"], [(1, None), (None, 2)]),
        ('[{"a":1,"A":"x"}]', {}, ["a BIGINT", "A_1 VARCHAR"], [(1, "x")]),
        ('[{"json":1}]', {}, ["json BIGINT"], [(1,)]),
        ('[{"zip":"00501","d":"2013-01-02"}]', {}, ["zip VARCHAR", "d DATE"], [("00501", dt.date(2013, 1, 2))]),
        ('[{"d":"2013-01-02"}]', {"types": {"d": "VARCHAR"}}, ["d VARCHAR"], [("2013-01-02",)]),
        ('[{"select":1,"q\\"q":2,"é":"日"}]', {}, ["select BIGINT", 'q"q BIGINT', "é VARCHAR"], [(1, 2, "日")]),
        (DOCUMENT, {"records": "/data/it~1ems"}, ["a BIGINT", "b STRUCT(c VARCHAR)", "z BIGINT[]"], [(1, {"c": "x\ny"}, None), (2, None, [1])]),
        (DOCUMENT, {"records": "/list", "types": {"a": "BIGINT"}}, ["a BIGINT"], []),
        ("[]", {"types": {"a": "BIGINT", "b": "varchar"}}, ["a BIGINT", "b VARCHAR"], []),
        ("[" + ",".join(json.dumps({f"k{i}": 1}) for i in range(300)) + "]", {}, [f"k{i} BIGINT" for i in range(300)], None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_reads(
    context: Context, load: Load, content: str, options: dict[str, Any], columns: list[str] | None,
    rows: list[tuple[Any, ...]] | None, encoding: str,
) -> None:  # fmt: skip
    (context.root / "a.json").write_bytes(content.encode(encoding))
    table = load(source_type="json", path="a.json", **options)
    found = table.fetchall()
    assert (
        columns is None or [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns
    )
    assert rows is None or found == rows


@pytest.mark.parametrize(
    ("content", "options", "code", "text"),
    [
        (b"", {}, "file_empty", "is empty (0 bytes)"),
        (b" \n", {}, "file_empty", "it holds no JSON"),
        (b"[]", {}, "file_empty", "an empty list"),
        (b'{"a": 1}', {}, "no_table", "it holds an object, and a list of objects is needed"),
        (b'{"a":1}\n{"a":2}\n', {}, "no_table", "it holds an object"),
        (b"5", {}, "no_table", "it holds a single value"),
        (b'"text"', {}, "no_table", "it holds a single value"),
        (b"null", {}, "no_table", "it holds a single value"),
        (b"[1, 2]", {}, "no_table", "something else than objects"),
        (b'[{"a":1}, 5]', {}, "no_table", "something else than objects"),
        (b"[[1]]", {}, "no_table", "something else than objects"),
        (b"[{}]", {}, "no_table", "its objects have no keys"),
        (b'[{"": 1, "b": 2}]', {}, "no_table", "a key is empty, which names no column"),
        (b'{"r": [{"b": 2}, {"": 1}]}', {"records": "/r"}, "no_table", "a key is empty, which names no column"),
        (b'[{"a":1},', {}, "unreadable_file", "cut off"),
        (b'[{"a" 1}]', {}, "unreadable_file", "'a.json' is not JSON"),
        (b'[{"a":1},]', {}, "unreadable_file", "'a.json' is not JSON"),
        (b"<html></html>", {}, "no_table", "a single value"),
        ('[{"a":"é"}]'.encode("latin-1"), {}, "wrong_encoding", "'a.json' is not UTF-8"),
        (DOCUMENT.encode(), {}, "no_table", "it holds an object"),
        (DOCUMENT.encode(), {"records": "/data"}, "no_table", "there is an object at '/data'"),
        (DOCUMENT.encode(), {"records": "/nope"}, "no_table", "there is nothing at '/nope'"),
        (DOCUMENT.encode(), {"records": "/meta/n"}, "no_table", "there is a single value at '/meta/n'"),
        (DOCUMENT.encode(), {"records": "/list"}, "file_empty", "an empty list"),
        (b'{"items": [1]}', {"records": "/items"}, "no_table", "something else than objects"),
        (b'{"items": [', {"records": "/items"}, "unreadable_file", "'a.json' is not JSON"),
        (b'[{"a":1}]', {"types": {"b": "DATE"}}, "unknown_column", "Column 'b' is not in this data."),
    ],
)  # fmt: skip
def test_refuses(
    context: Context, design: Context, content: bytes, options: dict[str, Any], code: str, text: str
) -> None:
    (context.root / "a.json").write_bytes(content)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "json", "path": "a.json", **options}).call({}, each)
        assert error.value.code == code, error.value
        assert text in error.value.message
        assert str(context.root) not in error.value.message
        assert str(error.value.path).startswith("/config/")


def test_names_the_lists_of_a_document(context: Context) -> None:
    (context.root / "a.json").write_text('{"items": [{"a": 1}], "n": 1}')
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "json", "path": "a.json", "records": "/item"}).call({}, context)
    assert (error.value.hint, error.value.path) == ("records: /items", "/config/records")


def test_a_pointer_begins_with_a_slash() -> None:
    with pytest.raises(ValidationError, match="such as '/items'"):
        DataLoader.configure({"source_type": "json", "path": "a.json", "records": "items"})


def test_a_late_value_that_does_not_fit(context: Context, load: Load, save: Save) -> None:
    (context.root / "a.json").write_text("[" + '{"a":1},' * 3000 + '{"a":"x"}]')
    assert load(source_type="json", path="a.json").types == ["JSON"]
    table = load(source_type="json", path="a.json", sample_size=100)
    with pytest.raises(NodeError, match=r"'a.json'.*\"x\"") as error:
        save(table, target_type="json", path="b.json")
    assert error.value.code == "invalid_value"
    assert [file.name for file in context.root.iterdir()] == ["a.json"]


def test_writes(context: Context, save: Save) -> None:
    query = (
        "SELECT 1 AS a, 'NaN'::DOUBLE AS b, {'x': [1, 2]} AS c, NULL AS d, DATE '2013-01-01' AS e, 'é' AS \"q\"\"q\""
    )
    assert save(query, target_type="json", path="a.json") == 1
    expected = [{"a": 1, "b": None, "c": {"x": [1, 2]}, "d": None, "e": "2013-01-01", 'q"q': "é"}]
    assert json.loads((context.root / "a.json").read_text()) == expected
    assert save(query, target_type="json", path="a.json", mode="append") == 1
    assert json.loads((context.root / "a.json").read_text()) == expected * 2
    assert save("SELECT 1 AS a WHERE false", target_type="json", path="b.json") == 0
    assert json.loads((context.root / "b.json").read_text()) == []
