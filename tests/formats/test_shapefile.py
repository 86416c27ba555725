from collections.abc import Callable
from typing import Any

import geopandas
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import NodeError
from orchestrator.formats.shapefile import short_names
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


def frame(*shapes: Any, **columns: Any) -> Any:
    return geopandas.GeoDataFrame({"a": list(range(len(shapes))), **columns}, geometry=list(shapes), crs="EPSG:4326")


def write(context: Context, save: Save, made: Any, **config: Any) -> int:
    return save(context.session.from_frame(made), target_type="shapefile", path="a.shp", **config)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["population"], ["population"]),
        (["population_2010", "population_2020"], ["population", "populati_1"]),
        (["population_2010", "population"], ["populati_1", "population"]),
        (["a", "A", "a_1"], ["a", "A_2", "a_1"]),
        (["größenordnung", "größenordnungen"], ["größenor", "größen_1"]),
        (["日本語の名前"], ["日本語"]),
    ],
)
def test_short_names(names: list[str], expected: list[str]) -> None:
    assert short_names(names) == expected


@given(st.lists(st.text(min_size=1, max_size=14), max_size=30, unique_by=str.lower))
def test_short_names_are_short_and_differ(names: list[str]) -> None:
    made = short_names(names)
    assert len(made) == len(names) == len({name.lower() for name in made})
    assert all(0 < len(name.encode()) <= 10 for name in made)
    assert all(short == name for name, short in zip(names, made, strict=True) if len(name.encode()) <= 10)


@pytest.mark.parametrize(
    "shapes",
    [
        [shapely.Point(1, 2), None],
        [shapely.MultiPoint([(1, 2), (3, 4)])],
        [shapely.LineString([(0, 0), (1, 1)]), shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])],
        [shapely.box(0, 0, 1, 1), shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)])],
        [shapely.Point(1, 2, 3)],
    ],
)
def test_kinds_that_belong_together(context: Context, load: Load, save: Save, shapes: list[Any]) -> None:
    write(context, save, frame(*shapes))
    made = context.session.frame(load(source_type="shapefile", path="a.shp")).geometry
    for one, other in zip(made, shapes, strict=True):
        assert (one is None) == (other is None)
        assert other is None or one.has_z == other.has_z
        assert other is None or one.normalize() == other.normalize()


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        ([shapely.Point(1, 2), shapely.box(0, 0, 1, 1)], "these are Point and Polygon"),
        ([shapely.Point(1, 2), shapely.MultiPoint([(1, 2)])], "these are MultiPoint and Point"),
        ([shapely.GeometryCollection([shapely.Point(1, 2)])], "these are GeometryCollection"),
    ],
)
def test_mixed_kinds_are_refused(context: Context, save: Save, shapes: list[Any], text: str) -> None:
    with pytest.raises(NodeError, match=text) as error:
        write(context, save, frame(*shapes))
    assert (error.value.code, error.value.port) == ("geometry_mixed", "table")
    assert not list(context.root.iterdir())


def test_what_it_cannot_hold(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match="Column 'text' holds a text of 300 bytes"):
        write(context, save, frame(shapely.Point(1, 2), text=["x" * 300]))
    with pytest.raises(NodeError, match="Column 'b' holds bytes"):
        save("SELECT 'x'::BLOB AS b, 'POINT (1 2)'::GEOMETRY AS g", target_type="shapefile", path="a.shp")
    with pytest.raises(NodeError, match="A shapefile needs a geometry column"):
        save("SELECT 1 AS a", target_type="shapefile", path="a.shp")
    write(context, save, frame(shapely.Point(1, 2), text=["é" * 127]))
    (context.root / "a.shp").unlink()


@pytest.mark.parametrize("missing", [".dbf", ".shx"])
def test_a_missing_file_is_named(context: Context, design: Context, save: Save, missing: str) -> None:
    write(context, save, frame(shapely.Point(1, 2)))
    (context.root / f"a{missing}").unlink()
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": "shapefile", "path": "a.shp"}).call({}, each)
        assert error.value.code == "file_not_found"
        assert error.value.message == f"'a.shp' is not whole: its 'a{missing}' is missing."


def test_a_part_that_leads_out_of_the_data_root(context: Context, save: Save) -> None:
    write(context, save, frame(shapely.Point(1, 2)))
    outside = context.root.parent / "a.dbf"
    (context.root / "a.dbf").rename(outside)
    (context.root / "a.dbf").symlink_to(outside)
    with pytest.raises(NodeError, match="leads out of the data root") as error:
        DataLoader.configure({"source_type": "shapefile", "path": "a.shp"}).call({}, context)
    assert error.value.code == "path_not_allowed"


def test_capital_endings_and_encodings(context: Context, load: Load, save: Save) -> None:
    frame(shapely.Point(1, 2), text=["é"]).to_file(context.root / "a.shp", encoding="windows-1252")
    (context.root / "a.cpg").unlink(missing_ok=True)
    (context.root / "a.dbf").rename(context.root / "a.DBF")
    found = load(source_type="shapefile", path="a.shp", encoding="windows-1252")
    assert found.project("text").fetchall() == [("é",)]
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "shapefile", "path": "a.shp", "encoding": "utf-8"}).call({}, context)
    assert error.value.code == "wrong_encoding"


@pytest.mark.parametrize(
    ("said", "expected", "warned"),
    [
        ("UTF-8", "é", False), ("65001", "é", False), ("ANSI 1252", "Ã©", False), ("LDID/87", "Ã©", False),
        ("ANSI 1251", "Г©", False), ("nonsense", "Ã©", True), ("", "Ã©", False),
    ],
)  # fmt: skip
def test_an_encoding_that_is_not_known_is_warned_of(
    context: Context, design: Context, save: Save, said: str, expected: str, warned: bool
) -> None:
    write(context, save, frame(shapely.Point(1, 2), text=["é"]))
    (context.root / "a.cpg").write_text(said)
    for each in (design, context):
        found = DataLoader.configure({"source_type": "shapefile", "path": "a.shp"}).call({}, each)["result"]
        told = [(warning.code, warning.path) for warning in each.warnings]
        assert told == [("wrong_encoding", "/config/encoding")] * warned
    assert found.project("text").fetchall() == [(expected,)]


def test_old_indexes_are_removed(context: Context, save: Save) -> None:
    write(context, save, frame(shapely.Point(1, 2)))
    for suffix in (".qix", ".sbn", ".shp.xml"):
        (context.root / f"a{suffix}").write_text("old")
    write(context, save, frame(shapely.Point(3, 4)))
    assert sorted(file.suffix for file in context.root.iterdir()) == [".cpg", ".dbf", ".prj", ".shp", ".shx"]


def test_append_cuts_names_the_same_way(context: Context, load: Load, save: Save) -> None:
    made = frame(shapely.Point(1, 2), population_2010=[1], population_2020=[2])
    assert [write(context, save, made, mode="append"), write(context, save, made, mode="append")] == [1, 1]
    found = load(source_type="shapefile", path="a.shp")
    assert found.columns == ["a", "population", "populati_1", "geometry"]
    assert found.project("population, populati_1").fetchall() == [(1, 2), (1, 2)]
