from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


@pytest.mark.parametrize(
    ("content", "options", "columns", "rows"),
    [
        ('{"a":1}\n{"a":2,"b":"x"}\n', {}, ["a BIGINT", "b VARCHAR"], [(1, None), (2, "x")]),
        ('{"a":1}', {}, ["a BIGINT"], [(1,)]),
        ('\n{"a":1}\r\n\r\n{"a":2}\n', {}, ["a BIGINT"], [(1,), (2,)]),
        ('{"a":"1"}\n', {"types": {"a": "BIGINT"}}, ["a BIGINT"], [(1,)]),
        ('{"a":{"b":[1]}}\n', {}, ["a STRUCT(b BIGINT[])"], [({"b": [1]},)]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_reads(
    context: Context, load: Load, content: str, options: dict[str, Any], columns: list[str],
    rows: list[Any], encoding: str,
) -> None:  # fmt: skip
    (context.root / "a.ndjson").write_bytes(content.encode(encoding))
    table = load(source_type="ndjson", path="a.ndjson", **options)
    assert table.fetchall() == rows
    assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (b" ", "file_empty", "it holds no JSON"),
        (b'[{"a":1}]', "no_table", "each line must be one JSON object"),
        (b"5\n", "no_table", "each line must be one JSON object"),
        (b'{"a":1}\n5\n', "no_table", "something else than objects"),
        (b'{"a":1}\n{"a":\n', "unreadable_file", "'a.ndjson' is not JSON: line"),
        ('{"a":"é"}\n'.encode("latin-1"), "wrong_encoding", "'a.ndjson' is not UTF-8"),
    ],
)
def test_refuses(context: Context, design: Context, content: bytes, code: str, text: str) -> None:
    (context.root / "a.ndjson").write_bytes(content)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "ndjson", "path": "a.ndjson"}).call({}, each)
        assert error.value.code == code, error.value
        assert text in error.value.message


def test_a_late_mistake_has_its_line(context: Context, load: Load, save: Save) -> None:
    (context.root / "a.ndjson").write_text('{"a":1}\n' * 3000 + '{"a":"x"}\n')
    table = load(source_type="ndjson", path="a.ndjson", sample_size=100)
    with pytest.raises(NodeError, match=r"'a.ndjson', line 3,001: .*\"x\"") as error:
        save(table, target_type="ndjson", path="b.ndjson")
    assert (error.value.code, error.value.row) == ("invalid_value", 3001)


def test_writes_and_appends(context: Context, save: Save) -> None:
    assert save("SELECT 1 AS a", target_type="ndjson", path="a.ndjson", mode="append") == 1
    assert save("SELECT 'x' AS b, 2 AS a", target_type="ndjson", path="a.ndjson", mode="append") == 1
    assert (context.root / "a.ndjson").read_text() == '{"a":1,"b":null}\n{"a":2,"b":"x"}\n'
