# ruff: noqa: E501 (tables of cases)
"""Files made to hang a reader or to fill the memory: each gives a sentence, and soon."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.faults import translate
from orchestrator.formats import lines
from orchestrator.ops.base import Context
from orchestrator.ops.data_loader import DataLoader

MIB = 1 << 20


def long(start: bytes, letter: bytes, end: bytes, size: int = 40 * MIB) -> Callable[[Path], None]:
    """Writes one line of this length."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(start)
            for _ in range(size // MIB):
                file.write(letter * (MIB // len(letter)))
            file.write(end)

    return write


def rows(context: Context, config: dict[str, Any]) -> list[Any]:
    """The rows, with the errors that a run would have."""
    try:
        return DataLoader.configure(config).call({}, context)["result"].fetchall()
    except Exception as error:
        raise translate(error) from None


@pytest.mark.parametrize(
    ("kind", "write", "options", "code", "text"),
    [
        ("csv", long(b'a,b\n1,"', b"x", b""), {}, "unreadable_file", "line 2: a quote is opened and not closed"),
        ("csv", long(b'a,b\n1,"', b"x", b'"\n'), {}, "unreadable_file", "the line is too long"),
        ("csv", long(b"", b"x", b",b\n1,2\n"), {}, "unreadable_file", ""),
        ("csv", lambda path: path.write_bytes(b'"' + b"abc,def\n" * 20_000), {}, "unreadable_file", "not a table of delimited text"),
        ("csv", lambda path: path.write_bytes(b'a,b\n1,"' + b"abc\n" * 20_000), {}, "unreadable_file", "a quote is opened and not closed"),
        ("csv", lambda path: path.write_bytes(b"a" * 10_000 + b",b\n1,2\n"), {}, "no_table", "the name of a column has 10,000 letters"),
        ("tsv", lambda path: path.write_bytes(b'a\tb\n1\t"' + b"abc\n" * 20_000), {}, "unreadable_file", "a quote is opened and not closed"),
        ("json", long(b'[{"a":"', b"x", b'"}]'), {}, "too_large", "has a record of more than 16 MiB, which is too large to be read."),
        ("json", long(b'{"x":[{"a":"', b"x", b'"}]}'), {"records": "/x"}, "too_large", "has a record of more than 16 MiB"),
        ("json", long(b'{"x":', b"[", b""), {"records": "/x"}, "unreadable_file", "too deep"),
        ("json", long(b'{"y":', b"[", b"", 17 * MIB), {"records": "/x"}, "unreadable_file", "it ends in the middle"),
        ("json", long(b'{"y":"', b"x", b""), {"records": "/x"}, "too_large", "An object of the document has more than 32 MiB"),
        ("json", lambda path: path.write_bytes(b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]"), {}, "unreadable_file", "recursion depth"),
        ("ndjson", long(b'{"a":"', b"x", b'"}'), {}, "too_large", "has a record of more than 16 MiB, which is too large to be read."),
        ("text", long(b"", b"x", b""), {}, "too_large", "is longer than"),
        ("xml", long(b"<r><i><a>", b"x", b"</a></i></r>"), {}, "unreadable_file", "Text node too long"),
        ("xml", long(b"<r><i>", b"<a/>", b"</i></r>", 8 * MIB), {}, "too_large", "say where the records are"),
        ("yaml", long(b'- a: "', b"x", b""), {}, "too_large", "too large for YAML"),
    ],
)  # fmt: skip
def test_a_sentence_comes_soon(
    context: Context, monkeypatch: pytest.MonkeyPatch, kind: str, write: Callable[[Path], Any],
    options: dict[str, Any], code: str, text: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(lines, "LONGEST", 20 * MIB)
    write(context.root / "a.x")
    start = time.monotonic()
    with pytest.raises(NodeError) as error:
        rows(context, {"source_type": kind, "path": "a.x", **options})
    assert error.value.code == code, error.value
    assert text in error.value.message
    assert time.monotonic() - start < 30
