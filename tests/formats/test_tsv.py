import gzip
from collections.abc import Callable
from typing import Any

import pandas
import pytest

from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]
BACKSLASH = {"escapes": "backslash"}


@pytest.mark.parametrize(
    ("content", "options", "columns", "rows"),
    [
        (b"a\tb\n1\tx\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x")]),
        (b"a\tb\n1\tx,y;z\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x,y;z")]),
        (b'a\tb\n1\t"x\ty"\n', {}, ["a BIGINT", "b VARCHAR"], [(1, "x\ty")]),
        (b"a;b\n1;x\n", {}, ["a;b VARCHAR"], [("1;x",)]),
        (b"a\tb\n1\tx\\ty\n", {}, ["a BIGINT", "b VARCHAR"], [(1, "x\\ty")]),
        (b"a\tb\n1\tx\\ty\n", BACKSLASH, ["a BIGINT", "b VARCHAR"], [(1, "x\ty")]),
        (b"a\tb\n1\tx\\\\ty\n", BACKSLASH, ["a BIGINT", "b VARCHAR"], [(1, "x\\ty")]),
        (b'a\tb\n\\N\t"x\n2\t\\N\n3\t\n', BACKSLASH, ["a BIGINT", "b VARCHAR"], [(None, '"x'), (2, None), (3, "")]),
        (b"a\tb\n1\tx\\\\N\n", BACKSLASH, ["a BIGINT", "b VARCHAR"], [(1, "x\\N")]),
        ("a\tb\n1\té\\n\n".encode("utf-16"), BACKSLASH, ["a BIGINT", "b VARCHAR"], [(1, "é\n")]),
    ],
)
def test_reads(
    context: Context, load: Load, content: bytes, options: dict[str, Any], columns: list[str], rows: list[Any]
) -> None:
    (context.root / "a.tsv").write_bytes(content)
    table = load(source_type="tsv", path="a.tsv", **options)
    assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns
    assert table.fetchall() == rows


def test_reads_packed(context: Context, load: Load) -> None:
    (context.root / "a.tsv.gz").write_bytes(gzip.compress(b"a\tb\n1\tx\n"))
    assert load(source_type="tsv", path="a.tsv.gz").fetchall() == [(1, "x")]


@pytest.mark.parametrize("escapes", ["quotes", "backslash"])
def test_awkward_text_comes_back(context: Context, load: Load, save: Save, escapes: str) -> None:
    values = ["a\tb", "a\nb", "a\r\nb", "\\", "\\t", "\\N", "\\\\", '"', '""', "", " ", None, "\\\t\\", "é"]
    table = context.session.from_frame(pandas.DataFrame({"n": range(len(values)), "x": values}))
    options = {"path": "a.tsv", "escapes": escapes}
    save(table, target_type="tsv", **options)
    save(table, target_type="tsv", mode="append", **options)
    assert load(source_type="tsv", **options).fetchall() == list(enumerate(values)) * 2


def test_backslashes_make_a_row_a_line(context: Context, save: Save) -> None:
    save("SELECT 1 AS a, 'x\ty\nz' AS b, NULL AS c", target_type="tsv", path="a.tsv", escapes="backslash")
    assert (context.root / "a.tsv").read_text() == "a\tb\tc\n1\tx\\ty\\nz\t\\N\n"
