# ruff: noqa: E501 (tables of cases)
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import found, many, writers
from orchestrator.formats.base import FileReader
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]
Save = Callable[..., int]
TREE = (
    "a.csv", "b.csv", "c.txt", "in/a.csv", "in/b1.csv", "in/b2.csv", "in/bx.csv", "in/deep/er/a.csv", ".hidden.csv",
    ".dir/a.csv", "in/.b.csv", "in/A.csv",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _tree(context: Context) -> None:
    for number, name in enumerate(TREE):
        (context.root / name).parent.mkdir(parents=True, exist_ok=True)
        (context.root / name).write_text(f"n\n{number}\n")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("*.csv", ["a.csv", "b.csv"]),
        ("*", ["a.csv", "b.csv", "c.txt"]),
        ("?.csv", ["a.csv", "b.csv"]),
        ("[b-z].*", ["b.csv", "c.txt"]),
        ("[!a].csv", ["b.csv"]),
        ("in/b*.csv", ["in/b1.csv", "in/b2.csv", "in/bx.csv"]),
        ("in/b[0-9].csv", ["in/b1.csv", "in/b2.csv"]),
        ("*/a.csv", ["in/a.csv"]),
        ("**/a.csv", ["a.csv", "in/a.csv", "in/deep/er/a.csv"]),
        ("in/**/a.csv", ["in/a.csv", "in/deep/er/a.csv"]),
        ("in/**", ["in/A.csv", "in/a.csv", "in/b1.csv", "in/b2.csv", "in/bx.csv", "in/deep/er/a.csv"]),
        ("in/deep/**/**/*.csv", ["in/deep/er/a.csv"]),
        ("in\\b?.csv", ["in/b1.csv", "in/b2.csv", "in/bx.csv"]),
        ("a.csv", ["a.csv"]),
    ],
)
def test_patterns(load: Load, path: str, names: list[str]) -> None:
    table = load(source_type="csv", path=path, filename_column="file")
    assert table.columns == ["file", "n"]
    assert table.fetchall() == [(name, TREE.index(name)) for name in names]


def test_a_file_that_is_called_like_a_pattern(context: Context, load: Load) -> None:
    for name in ("a[1].csv", "a1.csv"):
        (context.root / name).write_text(f"n\n{len(name)}\n")
    assert load(source_type="csv", path="a[1].csv").fetchall() == [(8,)]
    assert load(source_type="csv", path="a[1-1].csv").fetchall() == [(6,)]
    assert load(source_type="csv", path="a?1?.*", filename_column="f").fetchall() == [("a[1].csv", 8)]


def test_columns_are_united_by_name(context: Context, load: Load) -> None:
    (context.root / "x1.csv").write_text("a,b\n1,x\n")
    (context.root / "x2.csv").write_text("c,A\ny,2.5\n")
    table = load(source_type="csv", path="x*.csv")
    assert [f"{name} {kind}" for name, kind in zip(table.columns, table.types, strict=True)] == [
        "a DOUBLE",
        "b VARCHAR",
        "c VARCHAR",
    ]
    assert table.fetchall() == [(1.0, "x", None), (2.5, None, "y")]


@pytest.mark.parametrize(
    ("files", "options", "code", "path", "text"),
    [
        ({}, {}, "file_not_found", "/config/path", "No file fits 'x*.csv'."),
        ({"x1.csv": "a\n1\n", "x2.csv": ""}, {}, "file_empty", "/config/path", "File 'x2.csv' is empty"),
        ({"x1.csv": "a\n1\n", "x2.csv": "a\nx\n"}, {}, "type_mismatch", "/config/path",
            "The files do not fit together: Column 'a' is BIGINT in 'x1.csv' and VARCHAR in 'x2.csv'. Set the column's "
            "type, or read the files apart."),
        ({"x1.csv": "a\n1\n", "x2.csv": "a\nx\n"}, {"across_files": "same"}, "type_mismatch", "/config/across_files", "'x2.csv' has other columns than 'x1.csv': 'a' is BIGINT in 'x1.csv' and VARCHAR in 'x2.csv'."),
        ({"x1.csv": "a\n1\n", "x2.csv": "a,b\n1,2\n"}, {"across_files": "same"}, "type_mismatch", "/config/across_files", "'b' is BIGINT in 'x2.csv' only."),
        ({"x1.csv": "a\n1\n"}, {"filename_column": "A"}, "duplicate_column", "/config/filename_column", "'x1.csv' has a column 'A' already"),
        ({}, {"path": "../*.csv"}, "path_not_allowed", "/config/path", "no '..'"),
        ({}, {"path": "/*.csv"}, "path_not_allowed", "/config/path", "relative to the data root"),
        ({}, {"path": "in"}, "unreadable_file", "/config/path", "'in' is a folder, not a file."),
        ({}, {"path": "none/*.csv"}, "file_not_found", "/config/path", "No file fits"),
        ({}, {"path": "in/**/*"}, "too_large", "/config/path", "More than 5 files fit"),
    ],
)  # fmt: skip
def test_refuses(
    context: Context, design: Context, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], options: dict[str, Any],
    code: str, path: str, text: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(found, "MOST", 5)
    for name, content in files.items():
        (context.root / name).write_text(content)
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "csv", "path": "x*.csv", **options}).call({}, each)
        assert (error.value.code, error.value.path) == (code, path), error.value
        assert text in error.value.message


def test_links_that_lead_out_are_left_out(context: Context, load: Load) -> None:
    outside = context.root.parent / "secret"
    outside.mkdir()
    (outside / "z.csv").write_text("n\n99\n")
    (context.root / "z.csv").symlink_to(outside / "z.csv")
    (context.root / "zin").symlink_to(outside)
    (context.root / "y.csv").symlink_to(context.root / "a.csv")
    table = load(source_type="csv", path="**/[yz].csv", filename_column="f")
    assert table.fetchall() == [("y.csv", 0)]
    with pytest.raises(NodeError) as error:
        load(source_type="csv", path="zin/*.csv")
    assert error.value.code in ("path_not_allowed", "file_not_found")


@pytest.mark.parametrize("kind", sorted(set(writers()) - {"dxf", "postgresql"}))  # which keeps geometry and layer alone
def test_every_format(context: Context, load: Load, save: Save, kind: str) -> None:
    end = writers()[kind].extensions[0]
    more = {"fields": [{"name": "n", "width": 5, "type": "BIGINT"}]} if kind == "fixed_width" else {}
    spatial = "" if kind in ("text", "fixed_width") else ", 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
    for number in (1, 2):
        save(f"SELECT {number} AS n{spatial}", target_type=kind, path=f"in/x{number}{end}", **more)
    table = load(source_type=kind, path=f"in/x*{end}", filename_column="file", **more)
    wanted = "text" if kind == "text" else "n"
    assert table.project(f"file, {wanted}::INTEGER").fetchall() == [(f"in/x1{end}", 1), (f"in/x2{end}", 2)]


def test_archives_as_well(context: Context, load: Load) -> None:
    for number in (1, 2):
        with zipfile.ZipFile(context.root / f"z{number}.zip", "w") as file:
            file.writestr("a.csv", f"n\n{number}\n")
    table = load(source_type="csv", path="z*.zip", filename_column="file")
    assert table.fetchall() == [("z1.zip", 1), ("z2.zip", 2)]


def test_many_files(context: Context, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "AT_ONCE", 3)
    for number in range(10):
        (context.root / f"x{number}.csv").write_text(f"n,c{number % 2}\n{number},{number / 2}\n")
    table = load(source_type="csv", path="x*.csv", filename_column="file")
    assert context.scratch
    assert len(list(context.scratch.glob("*.parquet"))) == 4
    assert table.columns == ["file", "n", "c0", "c1"]
    assert [(row[0], row[1], row[2 + row[1] % 2]) for row in table.fetchall()] == [
        (f"x{number}.csv", number, number / 2) for number in range(10)
    ]


def test_a_pattern_that_would_take_for_ever(context: Context) -> None:
    (context.root / ("a" * 200)).write_text("n\n1\n")
    start = time.monotonic()
    with pytest.raises(NodeError):
        DataLoader.configure({"source_type": "csv", "path": "**/" * 20 + "*a" * 40 + "b"}).call({}, context)
    assert time.monotonic() - start < 10


def test_a_file_that_is_read_may_be_replaced(context: Context) -> None:
    table = DataLoader.configure({"source_type": "csv", "path": "in/b?.csv"}).call({}, context)["result"]
    DataWriter.configure({"target_type": "csv", "path": "in/b1.csv"}).call({"table": table}, context)
    assert (context.root / "in/b1.csv").read_text() == "n\n4\n5\n6\n"


def test_columns_are_remembered_until_a_file_changes(
    context: Context, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    one = FileReader.one
    monkeypatch.setattr(FileReader, "one", lambda self, file, given: looked.append(file.name) or one(self, file, given))
    design = Context(context.session, context.root, design=True)
    loader = DataLoader.configure({"source_type": "csv", "path": "in/b*.csv"})
    assert loader.call({}, design)["result"].columns == ["n"]
    assert looked == ["in/b1.csv", "in/b2.csv", "in/bx.csv"]
    (context.root / "in/b2.csv").write_text("n,more\n1,x\n")
    assert loader.call({}, design)["result"].columns == ["n", "more"]
    assert looked[3:] == ["in/b2.csv"]
    assert load(source_type="csv", path="in/b*.csv").fetchall() == [(4, None), (1, "x"), (6, None)]
