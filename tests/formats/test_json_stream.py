"""A list inside of a document that is too large to be read as a whole."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import NodeError
from orchestrator.formats import json_records, json_stream
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
TRICKY = r'{"s": "a\"]}{[\\", "n": [[], {}, [1, -2.50e3]], "r": [{"a": 1, "b": "[\u00e9\n\\"}, {"a": 22}], "z": "]"}'
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=9,
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document counts as large, and is read a few letters at a time."""
    monkeypatch.setattr(json_records, "SMALL", 0)
    monkeypatch.setattr(json_stream, "CHUNK", 3)


def written(context: Context, content: str | bytes, records: str, **more: Any) -> dict[str, Any]:
    (context.root / "a.json").write_bytes(content.encode() if isinstance(content, str) else content)
    return {"source_type": "json", "path": "a.json", "records": records, **more}


@pytest.mark.parametrize(
    ("content", "records", "rows"),
    [
        (TRICKY, "/r", [(1, "[é\n\\"), (22, None)]),
        ('[{"x": [{"a": 1}]}, {"x": [{"a": 2}]}]', "/1/x", [(2,)]),
        ('{"a/b": {"~": [{"a": 1}]}}', "/a~1b/~0", [(1,)]),
        ('{"": [{"a": 1}]}', "/", [(1,)]),
        ('\ufeff{"r":\r\n[ {"a"\n:\n1\r\n} ]\n}\n', "/r", [(1,)]),
        ('{"r": [{"a": 12345678901234567890123, "b": 1.10}]}', "/r", None),
    ],
)
def test_reads(context: Context, load: Load, content: str, records: str, rows: list[Any] | None) -> None:
    found = load(**written(context, content, records))
    assert rows is None or found.fetchall() == rows
    assert rows is not None or list(map(str, found.types)) == ["DECIMAL(38,0)", "DOUBLE"]


REFUSED = [
    ('{"r": {"a": 1}}', "/r", "no_table", "there is an object at '/r'"),
    ('{"r": 5}', "/r", "no_table", "there is a single value at '/r'"),
    ('{"r": 5}', "/r/x", "no_table", "there is nothing at '/r/x'"),
    ('{"r": [1]}', "/r", "no_table", "something else than objects"),
    ('{"r": []}', "/r", "file_empty", "an empty list"),
    ('{"r": [{"a": 1}', "/r", "unreadable_file", "it is not JSON: it ends in the middle"),
    ('{"r": [{"a": 1}]', "/r", "unreadable_file", "it is not JSON: it ends in the middle"),
    ('{"r": [{"a": 1}], "x": "', "/r", "unreadable_file", "it is not JSON: unterminated string"),
    ('{"x": [["', "/r", "unreadable_file", "it is not JSON: it ends in the middle"),
    ('{"r": [{"a" 1}]}' + " " * 99, "/r", "unreadable_file", "it is not JSON: expecting ':' delimiter"),
    ('{"r": [{"a": 1},]}', "/r", "unreadable_file", "it is not JSON"),
    ('{"r": [{"a": 1}]} x', "/r", "unreadable_file", "it is not JSON: something follows its end"),
    ("{r: []}", "/r", "unreadable_file", "it is not JSON: a key expected"),
    ('{"r" []}', "/r", "unreadable_file", "it is not JSON: : expected"),
    ('{"r": ' + "[" * 100_000, "/r", "unreadable_file", "too deep"),
    ('{"r": [{"é": 1}]}'.encode("latin-1"), "/r", "wrong_encoding", "not in the encoding"),
]


@pytest.mark.parametrize(("content", "records", "code", "text"), REFUSED)
def test_refuses(context: Context, content: str | bytes, records: str, code: str, text: str) -> None:
    config = written(context, content, records)
    with pytest.raises(NodeError) as error:
        DataLoader.configure(config).call({}, context)
    assert (error.value.code, text in error.value.message) == (code, True), error.value.message
    assert str(error.value.path).startswith("/config/")


def test_names_the_lists_of_a_document(context: Context) -> None:
    with pytest.raises(NodeError) as error:
        DataLoader.configure(written(context, '{"items": [], "n": 1, "x": [1]}', "/item")).call({}, context)
    assert error.value.hint == "records: /items or /x"


def test_an_object_that_is_too_large(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST", 1000)
    assert DataLoader.configure(written(context, f'{{"x": [{"1, " * 999}2], "r": [{{"a": 1}}]}}', "/r")).call(
        {}, context
    )
    with pytest.raises(NodeError, match="An object of the document has more than") as error:
        DataLoader.configure(written(context, f'{{"r": [{{"a": "{"x" * 9000}"}}]}}', "/r")).call({}, context)
    assert error.value.code == "too_large"


def test_before_a_run_as_many_objects_are_looked_at_as_decide(context: Context, design: Context) -> None:
    config = written(context, '{"r": [{"a": 1}, {"a": 2}, nonsense', "/r", sample_size=2)
    assert DataLoader.configure(config).call({}, design)["result"].columns == ["a"]
    with pytest.raises(NodeError):
        DataLoader.configure(config).call({}, context)


@given(
    before=VALUES, after=VALUES, rows=st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), max_size=4),
    indent=st.none() | st.integers(0, 2), plain=st.booleans(), chunk=st.integers(1, 40),
)  # fmt: skip
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_object_comes_out_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Any, after: Any, rows: list[Any], indent: int | None,
    plain: bool, chunk: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    document = {"before": before, "in": [before, {"r": rows}], "after": after}
    source, target = tmp_path / "a.json", tmp_path / "a.ndjson"
    source.write_text(json.dumps(document, indent=indent, ensure_ascii=plain), encoding="utf-8", newline="")
    assert json_stream.extract(source, "/in/1/r", target)[0] == "ARRAY"
    lines = target.read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == rows
