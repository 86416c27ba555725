from collections.abc import Callable
from typing import Any

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.schema import columns

Load = Callable[..., Relation]
Save = Callable[..., int]


def write(context: Context, save: Save, path: str, crs: str | None = "EPSG:4326", **more: Any) -> int:
    shapes = [shapely.Point(13.4, 52.5), None, shapely.Point(-73.512345678, 45)]
    frame = geopandas.GeoDataFrame({"n": [1, 2, 3], **more}, geometry=shapes, crs=crs)
    return save(context.session.from_frame(frame), target_type="mapinfo", path=path)


@pytest.mark.parametrize(
    ("path", "files"), [("a.tab", {".tab", ".dat", ".map", ".id"}), ("a.TAB", {".TAB", ".dat", ".map", ".id"}),
                        ("a.mif", {".mif", ".mid"})],
)  # fmt: skip
def test_its_files(context: Context, load: Load, save: Save, path: str, files: set[str]) -> None:
    for mode in ("EPSG:3857", "EPSG:4326"):
        write(context, save, path, mode)
        assert {each.suffix for each in context.root.iterdir()} == files
    (shape, _, last) = context.session.frame(load(source_type="mapinfo", path=path)).geometry
    assert (shape.x, shape.y) == pytest.approx((13.4, 52.5), abs=1e-7)
    assert last.x == pytest.approx(-73.512345678, abs=1e-7)


def test_names_and_text(context: Context, load: Load, save: Save) -> None:
    write(context, save, "a.tab", **{"a b": ["é", "", "日本"], "a_b": [1, 2, 3], "x" * 40: [4, 5, 6]})
    found = load(source_type="mapinfo", path="a.tab")
    assert found.columns == ["n", "a_b_1", "a_b", "x" * 31, "geometry"]
    assert found.project("a_b_1").fetchall() == [("é",), ("",), ("日本",)]
    with pytest.raises(NodeError, match="MapInfo holds at most 254"):
        write(context, save, "a.tab", text=["x" * 300, "", ""])


def test_systems(context: Context, load: Load, save: Save) -> None:
    for crs in ("EPSG:27700", "EPSG:32633", None):
        write(context, save, "a.tab", crs)
        assert columns(load(source_type="mapinfo", path="a.tab"))[-1].crs == crs
    with pytest.raises(NodeError, match="MapInfo cannot hold MGI / Austria Lambert") as error:
        write(context, save, "b.tab", "EPSG:31287")
    assert error.value.code == "invalid_crs"
    assert not list(context.root.glob("b.*"))


@pytest.mark.parametrize(
    "text",
    [
        '!table\n!version 300\nDefinition Table\n  File "../secret.dbf"\n  Type DBF Charset "Neutral"\n',
        '!table\n!version 100\nopen table "../a" as x\ncreate view v as select * from x\n',
        '!table\nDefinition Table\n  Type NATIVE Charset "Neutral"\nbegin_metadata\n"\\IsSeamless" = "TRUE"\n',
        '!table\nDefinition Table\n  Type NATIVE Charset "Neutral"\n  Type DBF Charset "Neutral"\n',
    ],
)
def test_tables_of_other_files_are_refused(context: Context, text: str) -> None:
    (context.root / "a.tab").write_text(text)
    with pytest.raises(NodeError, match="not a MapInfo file that stands for itself") as error:
        DataLoader.configure({"source_type": "mapinfo", "path": "a.tab"}).call({}, context)
    assert error.value.code == "unreadable_file"


@pytest.mark.parametrize(("path", "missing"), [("a.tab", "a.dat"), ("a.mif", "a.mid")])
def test_a_missing_file_is_named(context: Context, save: Save, path: str, missing: str) -> None:
    write(context, save, path)
    (context.root / missing).unlink()
    with pytest.raises(NodeError, match=f"its '{missing}' is missing") as error:
        DataLoader.configure({"source_type": "mapinfo", "path": path}).call({}, context)
    assert error.value.code == "file_not_found"


ENDS = [
    ("DOUBLE", "1,2.5\n1,", False),
    ("DOUBLE", "1,2.5\n1,\n", True),
    ("DOUBLE", "1,2.5\n1,\r\n", True),
    ("DOUBLE", "1,2.5\n1,2", True),
    ("VARCHAR", '1,"a"\n1,', False),
    ("VARCHAR", '1,"a"\n1,""', True),
    ("VARCHAR", '1,"a,\n"\n1,"a"', True),
    ("DATE", "1,20200102\n1,2020", False),
    ("DATE", "1,20200102\n1,20200103", True),
    ("DATE", "1,20200102\n1,", False),
    ("DATE", "1,20200102\n1,\n", True),
    ("TIMESTAMP", "1,20200102123456789\n1,20200102", False),
    ("TIMESTAMP", "1,20200102123456789\n1,20200102123456789", True),
]


@pytest.mark.parametrize(("kind", "content", "whole"), ENDS)
@pytest.mark.parametrize("tabs", [False, True])
def test_a_last_row_without_its_last_value(
    context: Context, load: Load, save: Save, kind: str, content: str, whole: bool, tabs: bool
) -> None:
    rows = f"SELECT 1 AS n, NULL::{kind} AS v, 'POINT (1 2)'::GEOMETRY AS geometry FROM range(2)"
    save(rows, target_type="mapinfo", path="a.mif")
    if tabs:
        mif = context.root / "a.mif"
        mif.write_text(mif.read_text().replace('Delimiter ","', ""))
    (context.root / "a.mid").write_text(content.replace(",", "\t") if tabs else content)
    if whole:
        assert len(load(source_type="mapinfo", path="a.mif").fetchall()) == 2
        return
    with pytest.raises(NodeError, match=r"'a.mif' ends in the middle: the last line of its \.mid has no") as error:
        load(source_type="mapinfo", path="a.mif")
    assert error.value.code == "unreadable_file"
