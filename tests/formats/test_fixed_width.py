# ruff: noqa: E501 (tables of cases)
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]
N, TEXT = {"name": "n", "width": 3, "type": "BIGINT"}, {"name": "t", "width": 4}


@pytest.mark.parametrize(
    ("content", "fields", "options", "columns", "rows"),
    [
        (b"  1ab\n 22 cde\n", [N, TEXT], {}, ["n BIGINT", "t VARCHAR"], [(1, "ab"), (22, "cde")]),
        (b"  1ab\r\n 22", [N, TEXT], {}, ["n BIGINT", "t VARCHAR"], [(1, "ab"), (22, None)]),
        (b"\n  1ab\n\n   \n", [N, TEXT], {}, ["n BIGINT", "t VARCHAR"], [(1, "ab"), (None, None)]),
        (b"head\n  1ab\n", [N, TEXT], {"skip": 1}, ["n BIGINT", "t VARCHAR"], [(1, "ab")]),
        (b"  1ab  zz\n", [N, TEXT | {"trim": "none"}], {}, ["n BIGINT", "t VARCHAR"], [(1, "ab  ")]),
        (b"  1 a \n", [N, TEXT | {"trim": "left"}], {}, ["n BIGINT", "t VARCHAR"], [(1, "a ")]),
        (b"  1 a \n", [N, TEXT | {"trim": "right"}], {}, ["n BIGINT", "t VARCHAR"], [(1, " a")]),
        (b"  1 a \n", [TEXT | {"start": 4}, N | {"start": 1}], {}, ["t VARCHAR", "n BIGINT"], [("a", 1)]),
        (b"  1-x\n", [N, TEXT | {"start": 5}], {}, ["n BIGINT", "t VARCHAR"], [(1, "x")]),
        ("éüöx\n".encode(), [TEXT | {"width": 3}], {}, ["t VARCHAR"], [("éüö",)]),
        ("éüöx\n".encode("cp1252"), [TEXT | {"width": 3}], {"encoding": "cp1252"}, ["t VARCHAR"], [("éüö",)]),
    ],
)
def test_reads(
    context: Context, load: Load, content: bytes, fields: list[Any], options: dict[str, Any], columns: list[str],
    rows: list[Any],
) -> None:  # fmt: skip
    (context.root / "a.fwf").write_bytes(content)
    table = load(source_type="fixed_width", path="a.fwf", fields=fields, **options)
    assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == columns
    assert table.fetchall() == rows


def test_a_value_that_does_not_fit_its_type(context: Context) -> None:
    (context.root / "a.fwf").write_text("top\n\n  1\n x2\n")
    config = {"source_type": "fixed_width", "path": "a.fwf", "fields": [N], "skip": 1}
    with pytest.raises(NodeError) as error:
        DataLoader.configure(config).call({}, context)
    assert (error.value.code, error.value.row, error.value.value) == ("invalid_value", 4, "x2")
    assert error.value.message == "'a.fwf', row 4, column 'n': 'x2' is not BIGINT."


@pytest.mark.parametrize(
    ("query", "fields", "options", "content"),
    [
        ("SELECT 1 AS n, 'ab' AS t", [N, TEXT], {}, "  1ab  \n"),
        ("SELECT 1 AS n, 'ab' AS t, 2 AS other", [TEXT, N], {}, "ab    1\n"),
        ("SELECT NULL::BIGINT AS n, '' AS t", [N, TEXT], {}, "       \n"),
        ("SELECT 1 AS n, 'ab' AS t", [N | {"align": "left"}, TEXT | {"align": "right"}], {}, "1    ab\n"),
        ("SELECT 1 AS n, 'é' AS t", [N | {"start": 3}, TEXT | {"start": 8}], {}, "    1  é   \n"),
        ("SELECT 1 AS n", [N], {"line_end": "\r\n"}, "  1\r\n"),
        ("SELECT 1 AS n WHERE false", [N], {}, ""),
    ],
)
def test_writes(
    context: Context, save: Save, query: str, fields: list[Any], options: dict[str, Any], content: str
) -> None:
    save(query, target_type="fixed_width", path="a.fwf", fields=fields, **options)
    assert (context.root / "a.fwf").read_bytes().decode() == content


@pytest.mark.parametrize(
    ("query", "code", "path", "text"),
    [
        ("SELECT unnest([1, 1000]) AS n, 'a' AS t", "text_too_long", "/config/fields/0/width", "Row 2: the value of column 'n'"),
        ("SELECT 1 AS n, 'abcde' AS t", "text_too_long", "/config/fields/1/width", "more than 4 letters"),
        ("SELECT 1 AS n, E'a\\nb' AS t", "text_too_long", "/config/fields/1/width", "has a line end"),
        ("SELECT 1 AS n", "unknown_column", "/config/fields/1/name", "Column 't' is not in this table"),
    ],
)  # fmt: skip
def test_does_not_write(context: Context, save: Save, query: str, code: str, path: str, text: str) -> None:
    with pytest.raises(NodeError) as error:
        save(query, target_type="fixed_width", path="a.fwf", fields=[N, TEXT])
    assert (error.value.code, error.value.path) == (code, path)
    assert text in error.value.message
    assert not (context.root / "a.fwf").exists()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ([], "at least 1 item"),
        ([N, N], "Column 'n' is there twice"),
        ([N, TEXT | {"start": 2}], "begins before the end of the one before"),
        ([N | {"width": 0}], "greater than or equal to 1"),
        ([N | {"type": "nope"}], "There is no type"),
    ],
)
def test_settings_that_make_no_sense(fields: list[Any], text: str) -> None:
    with pytest.raises((ValidationError, NodeError), match=text):
        DataWriter.model_validate({"target_type": "fixed_width", "path": "a.fwf", "fields": fields})


def test_fixed_width_keeps_all_digits(context: Context, load: Load, save: Save) -> None:
    kinds = {"d": "DECIMAL(38,10)", "u": "UBIGINT", "t": "TIMESTAMP_NS"}
    fields = [{"name": name, "width": 45, "type": kind, "align": "right"} for name, kind in kinds.items()]
    config = {"path": "a.fwf", "fields": fields}
    query = (
        "SELECT 1234567890123456789012345678.1234567890::DECIMAL(38, 10) AS d, 18446744073709551615::UBIGINT AS u, "
        "'2013-01-02 03:04:05.999999999'::TIMESTAMP_NS AS t"
    )
    save(query, target_type="fixed_width", **config)
    expected = "1234567890123456789012345678.1234567890 18446744073709551615 2013-01-02 03:04:05.999999999"
    assert " ".join((context.root / "a.fwf").read_text().split()) == expected
    found = load(source_type="fixed_width", **config)
    assert found.project("concat_ws(' ', d, u, t)").fetchall() == [(expected,)]
