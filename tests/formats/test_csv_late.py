"""What comes in a CSV file only after the rows that decided on its columns."""

import datetime as dt
import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from orchestrator import faults
from orchestrator.errors import NodeError
from orchestrator.formats import csv_lines
from orchestrator.formats.problems import translate
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


GERMAN = {"delimiter": ";", "decimal_separator": ",", "thousands_separator": "."}
LATE = [
    ("1", "1.5", {}, "comes after whole numbers in the first 100 rows alone"),
    ("1", "2e-1", {}, "comes after whole numbers in the first 100 rows alone"),
    ("1", "007", {}, "comes after whole numbers in the first 100 rows alone"),
    ("1", "1,5", {"delimiter": ";", "decimal_separator": ","}, "comes after whole numbers in the first 100 rows alone"),
    ("1.234", "1.2.3", GERMAN, "comes after whole numbers in the first 100 rows alone"),
    ("1.234", "1.234,5", GERMAN, "comes after whole numbers in the first 100 rows alone"),
    ("1.234,5", "192.168.0.1", GERMAN, "comes after numbers in the first 100 rows alone"),
    ("2013-01-02", "2013-01-02 10:00", {}, "comes after days in the first 100 rows alone"),
    (
        "2013-01-02 10:00:00",
        "2013-01-02T10:00:00.5+02:00",
        {},
        "comes after times without a zone in the first 100 rows alone",
    ),
]


@pytest.mark.parametrize(("early", "late", "options", "text"), LATE)
@pytest.mark.parametrize("end", ["csv", "csv.gz"])
def test_what_would_be_rounded_or_cut_late_in_a_file_is_refused(
    context: Context, design: Context, load: Load, early: str, late: str, options: dict[str, Any], text: str, end: str
) -> None:
    lines = "\n".join(["a", *[early] * 3000, late]).encode()
    (context.root / f"a.{end}").write_bytes(gzip.compress(lines) if end == "csv.gz" else lines)
    config = {"source_type": "csv", "path": f"a.{end}", **options}
    loader = DataLoader.configure({**config, "sample_size": 100})
    assert loader.call({}, design)["result"].columns == ["a"]
    with pytest.raises(NodeError) as error:
        loader.call({}, context)
    assert (error.value.code, error.value.value, error.value.path) == ("mixed_types", late, "/config/path")
    assert error.value.message == f"'a.{end}', column 'a': '{late}' {text}."
    assert late != "007" or "VARCHAR" in str(error.value.hint)
    assert len(load(**config, sample_size=-1).distinct().fetchall()) == 2
    assert len(load(**config, sample_size=100, types={"a": "VARCHAR"}).distinct().fetchall()) == 2


@pytest.mark.parametrize("late", ["zz", "it's", "1.2.3", "x" * 300])
def test_a_value_behind_the_sample_of_a_column_with_blanks_is_told(context: Context, late: str) -> None:
    (context.root / "a.csv").write_text("\n".join(["a,n", *["NA,1", "5,2"] * 3000, f"{late},3"]))
    loader = DataLoader.configure({"source_type": "csv", "path": "a.csv", "sample_size": 100})
    table = loader.call({}, context)["result"]
    assert list(map(str, table.types)) == ["BIGINT", "BIGINT"]
    with pytest.raises(duckdb.Error) as error:
        table.fetchall()
    said = f"'a.csv', column 'a': '{late[:100]}' is not BIGINT; for text, say types: {{\"a\": \"VARCHAR\"}}."
    assert faults.translate(error.value).message == said


@pytest.mark.parametrize(("late", "refused"), [("1.5", True), ("2.0", False), ('2,"a\n1.5,x\n"', False)])
def test_of_a_large_file_lines_from_all_over_it_are_looked_at(
    context: Context, monkeypatch: pytest.MonkeyPatch, late: str, refused: bool
) -> None:
    monkeypatch.setattr(csv_lines, "WHOLE", 1000)
    (context.root / "a.csv").write_text("a,b\n" + "1,x\n" * 3000 + (f"{late}\n" if '"' in late else f"{late},x\n") * 9)
    loader = DataLoader.configure({"source_type": "csv", "path": "a.csv", "sample_size": 100})
    made = replace(context, scratch=context.root / "scratch")
    if refused:
        with pytest.raises(NodeError, match=r"column 'a': '1.5' comes after whole numbers"):
            loader.call({}, made)
    else:
        assert loader.call({}, made)["result"].fetchall()[-1][0] == 2


def test_late_values_that_lose_nothing_are_read(context: Context, load: Load) -> None:
    rows = "1,2013-01-02\n" * 3000 + "2.0,2013-01-03 00:00:00\n1e1,\n"
    (context.root / "a.csv").write_text(f"a,d\n{rows}")
    found = load(source_type="csv", path="a.csv", sample_size=100)
    assert found.types == ["BIGINT", "DATE"]
    assert found.fetchall()[-2:] == [(2, dt.date(2013, 1, 3)), (10, None)]


def test_reads_gzip_and_the_first_rows_decide(context: Context, load: Load) -> None:
    (context.root / "a.csv.gz").write_bytes(gzip.compress(b"a\n" + b"1\n" * 3000 + b"x\n"))
    assert load(source_type="csv", path="a.csv.gz").types == ["VARCHAR"]
    late = load(source_type="csv", path="a.csv.gz", sample_size=100)
    assert late.types == ["BIGINT"]
    with pytest.raises(duckdb.Error) as error:
        late.fetchall()
    found = translate(error.value, context.root)
    assert found is not None
    assert (found.code, found.row, found.value) == ("invalid_value", 3002, "x")
    assert found.message == "'a.csv.gz', line 3,002, column 'a': 'x' is not BIGINT."
    assert str(translate(error.value)) == found.message
    assert load(source_type="csv", path="a.csv.gz", sample_size=-1).types == ["VARCHAR"]


def test_a_late_blank(context: Context, load: Load, save: Save) -> None:
    (context.root / "a.csv").write_text("a,b\n" + "1,2\n" * 3000 + "NA,-\n")
    assert load(source_type="csv", path="a.csv", sample_size=100).filter("a IS NULL").fetchall() == [(None, None)]
    (context.root / "b.csv").write_text("a,b\n" + "1,x\n" * 3000 + "NA,NA\n")
    with pytest.raises(NodeError, match="'NA' is not BIGINT") as error:
        save(load(source_type="csv", path="b.csv", sample_size=100), target_type="csv", path="c.csv")
    assert error.value.hint == 'null_values: ["NA"]'
