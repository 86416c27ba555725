# ruff: noqa: E501 (tables of cases)
import datetime as dt
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import excel_sheet
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
DAY, MOMENT = dt.date(2013, 1, 2), dt.datetime(2013, 1, 2, 3, 4, 5)


def book(context: Context, rows: list[list[Any]], **more: list[list[Any]]) -> None:
    made = openpyxl.Workbook()
    for name, content in {"First": rows, **more}.items():
        sheet = made.create_sheet(name)
        for row in content:
            sheet.append(row)
    made.remove(made.worksheets[0])
    made.save(context.root / "a.xlsx")


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ([1, 2, None], "BIGINT", [1, 2, None]),
        ([1, 2.5], "DOUBLE", [1.0, 2.5]),
        ([2**60], "DOUBLE", [2.0**60]),
        (["x", None, "é"], "VARCHAR", ["x", None, "é"]),
        ([True, False], "BOOLEAN", [True, False]),
        ([DAY, DAY], "DATE", [DAY, DAY]),
        ([MOMENT, None], "TIMESTAMP", [MOMENT, None]),
        ([DAY, MOMENT], "TIMESTAMP", [dt.datetime(2013, 1, 2), MOMENT]),
        ([dt.time(1, 2, 3)], "TIME", [dt.time(1, 2, 3)]),
        ([1, "x", True, DAY, 2.5], "VARCHAR", ["1", "x", "true", "2013-01-02", "2.5"]),
        ([None, None, 1], "BIGINT", [None, None, 1]),
    ],
)
def test_one_type_for_each_column(
    context: Context, load: Load, cells: list[Any], kind: str, expected: list[Any]
) -> None:
    book(context, [["n", "a"], *([0, cell] for cell in cells)])
    found = load(source_type="excel", path="a.xlsx")
    assert found.project("a").types == [kind]
    assert [row[1] for row in found.fetchall()] == expected


@pytest.mark.parametrize(
    ("options", "columns", "rows"),
    [
        ({}, ["a", "a_1", "column2", "A_2", "5"], [(1, 2, 3, 4, 5), (6, 7, 8, 9, 10)]),
        ({"header": False, "types": {"column0": "VARCHAR"}}, ["column0", "column1", "column2", "column3", "column4"], None),
        ({"range": "A2:B3", "header": False}, ["column0", "column1"], [(1, 2), (6, 7)]),
        ({"range": "b:b"}, ["a"], [(2,), (7,)]),
        ({"skip": 1}, ["1", "2", "3", "4", "5"], [(6, 7, 8, 9, 10)]),
        ({"sheet": "Other"}, ["x"], [(1,)]),
        ({"sheet": 1}, ["x"], [(1,)]),
        ({"sheet": "Other", "types": {"x": "varchar"}}, ["x"], [("1",)]),
    ],
)  # fmt: skip
def test_options(
    context: Context, load: Load, options: dict[str, Any], columns: list[str], rows: list[Any] | None
) -> None:
    book(context, [["a", "a", None, "A", 5], [1, 2, 3, 4, 5], [6, 7, 8, 9, 10]], Other=[["x"], [1]])
    found = load(source_type="excel", path="a.xlsx", **options)
    assert found.columns == columns
    assert rows is None or found.fetchall() == rows


def test_header_only_and_blank_rows(context: Context, load: Load) -> None:
    book(context, [["a", "b"]], Gaps=[[], [None, "x", "y"], [], [None, 1, 2], [None, None, None]])
    found = load(source_type="excel", path="a.xlsx")
    assert (found.columns, found.types, found.fetchall()) == (["a", "b"], ["VARCHAR", "VARCHAR"], [])
    found = load(source_type="excel", path="a.xlsx", sheet="Gaps")
    assert (found.columns, found.fetchall()) == (["x", "y"], [(None, None), (1, 2)])


@pytest.mark.parametrize(
    ("options", "code", "path", "text"),
    [
        ({"sheet": "Frist"}, "unknown_sheet", "/config/sheet", "Did you mean 'First'?"),
        ({"sheet": 4}, "unknown_sheet", "/config/sheet", "4 is none of them"),
        ({"sheet": -1}, "unknown_sheet", "/config/sheet", "-1 is none of them"),
        ({"sheet": "Empty"}, "file_empty", "/config/path", "The sheet of 'a.xlsx' is empty."),
        ({"range": "X1:Y9"}, "invalid_config", "/config/range", "Range X1:Y9 of 'a.xlsx' holds no value: the sheet has 2 rows and 1 column."),
        ({"range": "A2:A9", "skip": 1}, "invalid_config", "/config/skip", "below the 1 row to skip: range A2:A9 has 1 row."),
        ({"skip": 50}, "invalid_config", "/config/skip", "There is no value in 'a.xlsx' below the 50 rows to skip: the sheet has 2 rows and 1 column."),
        ({"sheet": "Gap", "range": "B1:B2"}, "invalid_config", "/config/range", "Range B1:B2 of 'a.xlsx' holds no value"),
        ({"sheet": "Blank"}, "file_empty", "/config/path", "The sheet of 'a.xlsx' is empty."),
        ({"types": {"b": "DATE"}}, "unknown_column", "/config/types/b", "Column 'b' is not in 'a.xlsx'."),
    ],
)  # fmt: skip
def test_refuses(context: Context, design: Context, options: dict[str, Any], code: str, path: str, text: str) -> None:
    book(context, [["a"], [1]], Empty=[], Gap=[["a", None, "b"], [1, None, 2]], Blank=[[], [""]])
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "excel", "path": "a.xlsx", **options}).call({}, each)
        assert (error.value.code, error.value.path) == (code, path)
        assert text in error.value.message


def test_a_zip_that_unpacks_to_too_much(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(context.root / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/worksheets/sheet1.xml", bytes(1 << 20))
    monkeypatch.setattr(excel_sheet, "LARGEST", 1 << 19)
    with pytest.raises(NodeError, match="GiB unpacked"):
        DataLoader.configure({"source_type": "excel", "path": "a.xlsx"}).call({}, context)


def test_writes(context: Context, save: Save) -> None:
    query = """SELECT 1 AS i, 1.5::DECIMAL(5,2) AS d, '=1+1' AS f, '#N/A' AS e, DATE '1850-01-01' AS old, 12345678901234567 AS big,
        'NaN'::DOUBLE AS nan, TIMESTAMPTZ '2013-01-02 03:04:05+02' AS tz, [1] AS l, true AS b, NULL AS n"""
    assert save(query, target_type="excel", path="a.xlsx", sheet="Results") == 1
    sheet = openpyxl.load_workbook(context.root / "a.xlsx")["Results"]
    header, row = sheet.iter_rows()
    assert [cell.value for cell in header] == ["i", "d", "f", "e", "old", "big", "nan", "tz", "l", "b", "n"]
    values = [
        1,
        1.5,
        "=1+1",
        "#N/A",
        "1850-01-01",
        "12345678901234567",
        None,
        dt.datetime(2013, 1, 2, 1, 4, 5),
        "[1]",
        True,
        None,
    ]
    assert [cell.value for cell in row] == values
    assert row[2].data_type in ("s", "inlineStr")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT repeat('x', 40000) AS a", "text_too_long"),
        ("SELECT chr(1) AS a", "invalid_value"),
    ],
)
def test_what_it_cannot_hold(context: Context, save: Save, query: str, code: str) -> None:
    with pytest.raises(NodeError) as error:
        save(query, target_type="excel", path="a.xlsx")
    assert (error.value.code, error.value.port) == (code, "table")
    assert not list(context.root.iterdir())


def test_too_many_rows_and_columns(context: Context, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestrator.formats import excel

    monkeypatch.setattr(excel, "MOST_ROWS", 10)
    assert save("FROM range(9)", target_type="excel", path="a.xlsx") == 9
    with pytest.raises(NodeError, match="holds 9 rows") as error:
        save("FROM range(10)", target_type="excel", path="a.xlsx")
    assert error.value.code == "too_large"
    monkeypatch.setattr(excel, "MOST_COLUMNS", 10)
    with pytest.raises(NodeError, match="holds 10 columns"):
        save("SELECT " + ", ".join(f"{n} AS c{n}" for n in range(11)), target_type="excel", path="a.xlsx")


def test_append_does_not_lose_other_sheets(context: Context, save: Save) -> None:
    book(context, [["a"], [1]], Other=[["x"], [1]])
    with pytest.raises(NodeError, match=r"has other sheets \(First, Other\)"):
        save("SELECT 1 AS a", target_type="excel", path="a.xlsx", sheet="First", mode="append")
