"""What a workbook makes of values, and what is said of it."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]
MIDNIGHT = dt.time(23, 59, 59, 999000)


def value(load: Load, save: Save, expression: str) -> Any:
    save(f"SELECT {expression} AS a", target_type="excel", path="a.xlsx")
    return load(source_type="excel", path="a.xlsx").fetchall()[0][0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("TIME '23:59:59.999999'", MIDNIGHT),
        ("TIME '12:34:56.789'", dt.time(12, 34, 56, 789000)),
        ("TIMESTAMP '2013-01-02 23:59:59.999999'", dt.datetime(2013, 1, 2, 23, 59, 59, 999000)),
        ("DATE '1850-01-01'", "1850-01-01"),
        ("0.1::DOUBLE + 0.2::DOUBLE", 0.1 + 0.2),
        ("0.1::FLOAT", 0.10000000149011612),
        ("2.5::DOUBLE", 2.5),
        ("'_x0041_ _x41_'", "_x0041_ _x41_"),
        ("'_x005F_x0041_'", "_x005F_x0041_"),
        ("999999999999999", 999999999999999),
        ("1000000000000000", "1000000000000000"),
    ],
)
def test_values_come_back(load: Load, save: Save, expression: str, expected: Any) -> None:
    """A time of nearly a day is not the next day, a double has all its digits, text stays what it is."""
    assert value(load, save, expression) == expected


def test_doubles_keep_all_their_digits(context: Context, load: Load, save: Save) -> None:
    rows = context.session.connection.sql("SELECT (range + 1) / 7 + 1 / (range + 3) AS a FROM range(1000)")
    save(rows, target_type="excel", path="a.xlsx")
    assert load(source_type="excel", path="a.xlsx").fetchall() == rows.fetchall()


@pytest.mark.parametrize(
    "expression", ["DATE '12013-01-02'", "DATE 'infinity'", "TIME '24:00:00'", "TIMESTAMP '0044-03-15 (BC) 00:00:00'"]
)
def test_days_that_excel_does_not_have(context: Context, save: Save, expression: str) -> None:
    with pytest.raises(NodeError, match=r"Column 'a' holds (a date or time that is not|the time 24:00:00)") as error:
        save(f"SELECT 1 AS b, {expression} AS a", target_type="excel", path="a.xlsx")
    assert error.value.code == "invalid_value"
    assert not list(context.root.iterdir())


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        ("(1, 'x'), (NULL, NULL), (2, NULL)", True, []),
        ("(1, 'x'), (NULL, NULL), (NULL, NULL)", True, ["Rows at an end that hold no value (2)"]),
        ("(1, 'x'), (NULL, '')", True, ["Rows at an end that hold no value (1)", "Empty texts (1)"]),
        ("(NULL, NULL), (1, 'x')", True, []),
        ("(NULL, NULL), (1, 'x'), (NULL, NULL)", False, ["Rows at an end that hold no value (2)"]),
        ("(NULL, NULL)", False, ["Rows at an end that hold no value (1)"]),
        ("(TIME '01:02:03.0001', NULL), (TIME '01:02:03.001', NULL)", True, ["Times finer than a millisecond (1)"]),
    ],
)  # fmt: skip
def test_the_log_tells_what_is_lost(context: Context, rows: str, header: bool, said: list[str]) -> None:
    lines: list[str] = []
    heard = dataclasses.replace(context, log=lambda level, text: lines.append(f"{level}: {text}"))
    table = context.session.connection.sql(f"SELECT * FROM (VALUES {rows}) t(a, b)")
    DataWriter.configure({"target_type": "excel", "path": "a.xlsx", "header": header}).call({"table": table}, heard)
    assert [re.sub(r"\) .*", ")", each) for each in lines] == [f"warning: {each}" for each in said]


KINDS = [
    ("true", "BOOLEAN", None), ("1::TINYINT", "BIGINT", None), ("1::SMALLINT", "BIGINT", None),
    ("1::INTEGER", "BIGINT", None), ("1::BIGINT", "BIGINT", None), ("1::UTINYINT", "BIGINT", None),
    ("1::USMALLINT", "BIGINT", None), ("1::UINTEGER", "BIGINT", None),
    ("9223372036854775808::UBIGINT", "DOUBLE", "DOUBLE"),
    ("1180591620717411303424::HUGEINT", "DOUBLE", "DOUBLE"), ("1.5::DECIMAL(9, 2)", "DOUBLE", "DOUBLE"),
    ("1.5::FLOAT", "DOUBLE", None), ("1.5::DOUBLE", "DOUBLE", None), ("'x'", "VARCHAR", None),
    ("'x'::BLOB", "VARCHAR", "VARCHAR"), ("DATE '2013-01-02'", "DATE", None), ("TIME '01:02:03'", "TIME", None),
    ("TIMETZ '01:02:03+02'", "VARCHAR", "VARCHAR"), ("TIMESTAMP '2013-01-02 03:04:05'", "TIMESTAMP", None),
    ("TIMESTAMP_NS '2013-01-02 03:04:05'", "TIMESTAMP", "TIMESTAMP"),
    ("TIMESTAMPTZ '2013-01-02 03:04:05Z'", "TIMESTAMP", "TIMESTAMP"), ("INTERVAL 1 DAY", "VARCHAR", "VARCHAR"),
    ("uuid()", "VARCHAR", None), ("'{}'::JSON", "VARCHAR", None), ("'a'::ENUM ('a')", "VARCHAR", "VARCHAR"),
    ("[1]", "VARCHAR", "VARCHAR"), ("{'a': 1}", "VARCHAR", "VARCHAR"), ("MAP {'a': 1}", "VARCHAR", "VARCHAR"),
    ("'1'::BIT", "VARCHAR", "VARCHAR"), ("'POINT (1 2)'::GEOMETRY", "VARCHAR", None),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "kind", "told"), KINDS)
def test_every_type_is_kept_or_warned_of(
    context: Context, design: Context, load: Load, save: Save, expression: str, kind: str, told: str | None
) -> None:
    """Not of what has more room, of text that is what it was, and of geometry, which is meant to be text."""
    query = f"SELECT {expression} AS a"
    DataWriter.configure({"target_type": "excel", "path": "a.xlsx"}).call(
        {"table": design.session.connection.sql(query)}, design
    )
    assert {each.code for each in design.warnings} == ({"format_changes"} if told else set())
    assert re.findall(r"becomes (.+)\.", " ".join(each.message for each in design.warnings)) == ([told] if told else [])
    save(query, target_type="excel", path="a.xlsx")
    assert list(map(str, load(source_type="excel", path="a.xlsx").types)) == [kind]


def test_numbers_of_any_length_are_text(load: Load, save: Save) -> None:
    save(f"SELECT {'7' * 60}::BIGNUM AS a", target_type="excel", path="a.xlsx")
    assert load(source_type="excel", path="a.xlsx").fetchall() == [("7" * 60,)]
