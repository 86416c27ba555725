"""Which columns of a CSV file are dates, in which form; numbers that are infinite are none, long ones are text."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from orchestrator.faults import translate
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]


@pytest.mark.parametrize(
    ("dates", "kind"),
    [
        (["01/02/2024", "31/12/2024"], "DATE"),
        (["01/02/2024", "12/31/2024"], "DATE"),
        (["13/02/2024", "02/13/2024"], "VARCHAR"),
        (["2024-01-02", "31/12/2024"], "VARCHAR"),
        (["13/02/2024", ""], "DATE"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"sample_size": -1}, {"encoding": "windows-1252"}, {"ragged": "fill"}])
def test_dates_in_one_order_alone_are_dates(
    context: Context, load: Load, dates: list[str], kind: str, more: dict[str, Any]
) -> None:
    (context.root / "a.csv").write_text("n,d\n" + "".join(f"1,{date}\n" for date in dates))
    found = load(source_type="csv", path="a.csv", **more)
    assert found.types == ["BIGINT", kind]
    assert len(found.fetchall()) == 2


@pytest.mark.parametrize("date", ["0044-03-15 (BC)", "12345-01-01", "infinity", "-infinity"])
def test_dates_that_no_form_has_are_kept(context: Context, load: Load, date: str) -> None:
    (context.root / "a.csv").write_text(f"d\n2013-01-02\n{date}\n")
    found = load(source_type="csv", path="a.csv")
    assert found.types == ["DATE"]
    assert found.project("d::VARCHAR").fetchall() == [("2013-01-02",), (date,)]


INFINITE = [
    ("inf", "inf", {}, "DOUBLE"),
    ("-inf", "", {}, "DOUBLE"),
    ("Infinity", "-Infinity", {}, "DOUBLE"),
    ("INF", "1.5", {}, "DOUBLE"),
    ("inf", "nan", {}, "DOUBLE"),
    ("inf", "NA", {}, "DOUBLE"),
    ("inf", "-inf", {"sample_size": -1}, "DOUBLE"),
    ("inf", "-inf", {"encoding": "latin-1"}, "DOUBLE"),
    ("inf", "-inf", {"decimal_separator": ","}, "DOUBLE"),
    ("inf", "-inf", {"header": False}, "DOUBLE"),
    ("inf", "2013-01-02", {}, "DATE"),
    ("infinity", "-infinity", {}, "DATE"),
    ("infinity", "1.5", {}, "DOUBLE"),
    ("inf", "1,5", {"delimiter": ";", "decimal_separator": ","}, "DOUBLE"),
    ("inf", "1.5", {"delimiter": ";", "decimal_separator": ","}, "VARCHAR"),
    ("inf", "007", {}, "VARCHAR"),
    ("inf", "x", {}, "VARCHAR"),
]


@pytest.mark.parametrize(("one", "other", "options", "kind"), INFINITE)
def test_infinite_numbers_alone_are_numbers(
    context: Context, load: Load, one: str, other: str, options: dict[str, Any], kind: str
) -> None:
    mark = options.get("delimiter", ",")
    first = "" if options.get("header") is False else f"n{mark}v\n"
    (context.root / "a.csv").write_text(f"{first}1{mark}{one}\n2{mark}{other}\n")
    assert load(source_type="csv", path="a.csv", **options).types == ["BIGINT", kind]


@pytest.mark.parametrize("kind", ["csv", "tsv"])
@pytest.mark.parametrize("values", [("inf",), ("-inf", "nan"), ("inf", "-inf"), ("nan",), ("inf", "1.5", "-2e-07")])
def test_what_is_written_comes_back_as_numbers(load: Load, save: Save, kind: str, values: tuple[str, ...]) -> None:
    rows = " UNION ALL ".join(f"SELECT {place} AS n, '{each}'::DOUBLE AS v" for place, each in enumerate(values))
    save(rows, target_type=kind, path=f"a.{kind}")
    found = load(source_type=kind, path=f"a.{kind}")
    assert found.types == ["BIGINT", "DOUBLE"]
    assert found.project("v::VARCHAR").fetchall() == [(each,) for each in values]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("9" * 19, "DECIMAL(38,0)"),
        ("9" * 38, "DECIMAL(38,0)"),
        ("1" * 39, "VARCHAR"),
        ("-" + "1" * 39, "VARCHAR"),
        ("9" * 39, "VARCHAR"),
        ("1" * 39 + ".5", "DOUBLE"),
    ],
)
def test_a_whole_number_of_39_digits_is_text(context: Context, load: Load, number: str, kind: str) -> None:
    (context.root / "a.csv").write_text(f"n,v\n1,{'9' * 19}\n2,{number}\n")
    found = load(source_type="csv", path="a.csv")
    assert found.types == ["BIGINT", kind]
    assert kind == "DOUBLE" or found.project("v::VARCHAR").fetchall()[1] == (number,)


def test_a_whole_number_of_39_digits_that_comes_late_is_told(context: Context, load: Load) -> None:
    (context.root / "a.csv").write_text("v\n" + f"{'9' * 20}\n" * 3000 + "1" * 39)
    found = load(source_type="csv", path="a.csv", sample_size=100)
    with pytest.raises(duckdb.Error) as error:
        found.fetchall()
    made = translate(error.value)
    assert (made.code, made.message) == ("out_of_range", f"Column 'v': {'1' * 39} is out of range for DECIMAL(38,0).")
