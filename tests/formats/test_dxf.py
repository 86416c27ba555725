# ruff: noqa: E501 (tables of cases)
import dataclasses
from collections.abc import Callable

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_writer import DataWriter
from orchestrator.schema import columns

Load = Callable[..., Relation]
Save = Callable[..., int]


def test_geometry_and_layers_come_back(context: Context, load: Load, save: Save) -> None:
    shapes = [
        shapely.Point(1, 2),
        shapely.LineString([(0, 0), (1, 1)]),
        None,
        shapely.Point(1, 2, 3),
        shapely.box(0, 0, 1, 1),
    ]
    frame = geopandas.GeoDataFrame({"kind": ["a", "wände", "x", None, "a"]}, geometry=shapes, crs="EPSG:3857")
    config = {"target_type": "dxf", "path": "a.dxf", "layer_column": "kind"}
    save(context.session.from_frame(frame), **config)
    found = load(source_type="dxf", path="a.dxf")
    assert found.columns == ["Layer", "PaperSpace", "SubClasses", "Linetype", "EntityHandle", "Text", "geometry"]
    assert [row[0] for row in found.project("Layer").fetchall()] == ["a", "wände", "0", "a"]
    made = context.session.frame(found).geometry
    assert all(one.equals(other) for one, other in zip(made, [each for each in shapes if each], strict=True))
    assert made[2].z == 3
    assert columns(found)[-1].crs is None


def test_text_is_read(context: Context, load: Load) -> None:
    text = ["0", "SECTION", "2", "ENTITIES", "0", "TEXT", "8", "labels", "10", "1.0", "20", "2.0", "40", "1", "1", "Hi"]
    (context.root / "a.dxf").write_text("\n".join([*text, "0", "ENDSEC", "0", "EOF", ""]))
    found = load(source_type="dxf", path="a.dxf").project('Layer, "Text", geometry::VARCHAR').fetchall()
    assert found == [("labels", "Hi", "POINT (1 2)")]


def test_an_unknown_column_of_layers(context: Context, save: Save) -> None:
    frame = geopandas.GeoDataFrame({"kind": ["a"]}, geometry=[shapely.Point(1, 2)])
    with pytest.raises(NodeError, match="Did you mean 'kind'") as error:
        save(context.session.from_frame(frame), target_type="dxf", path="a.dxf", layer_column="kin")
    assert (error.value.code, error.value.path) == ("unknown_column", "/config/layer_column")


def test_letters_that_it_cannot_hold(context: Context, save: Save) -> None:
    frame = geopandas.GeoDataFrame({"kind": ["日本"]}, geometry=[shapely.Point(1, 2)])
    with pytest.raises(NodeError, match="Layer '日本' has letters that a drawing cannot hold") as error:
        save(context.session.from_frame(frame), target_type="dxf", path="a.dxf", layer_column="kind")
    assert error.value.code == "invalid_value"


@pytest.mark.parametrize(
    ("shape", "kept"),
    [
        ("NULL", []), ("'POINT EMPTY'", []), ("'POINT Z EMPTY'", []), ("'LINESTRING EMPTY'", []), ("'POLYGON EMPTY'", []),
        ("'MULTIPOINT EMPTY'", []), ("'MULTIPOLYGON EMPTY'", []), ("'GEOMETRYCOLLECTION EMPTY'", []),
        ("'GEOMETRYCOLLECTION (POINT EMPTY, POLYGON EMPTY)'", []), ("'MULTIPOINT (EMPTY, EMPTY)'", []),
        ("'MULTILINESTRING (EMPTY, (1 2, 3 4))'", ["LINESTRING (1 2, 3 4)"]),
        ("'GEOMETRYCOLLECTION (POLYGON EMPTY, POINT (1 2))'", ["POINT (1 2)"]), ("'POINT (5 6)'", ["POINT (5 6)"]),
    ],
)  # fmt: skip
def test_rows_without_a_vertex_are_left_out_and_told(context: Context, load: Load, shape: str, kept: list[str]) -> None:
    lines: list[str] = []
    heard = dataclasses.replace(context, log=lambda level, text: lines.append(f"{level}: {text}"))
    query = f"SELECT unnest([{shape}, {shape}, 'POINT (9 9)'])::GEOMETRY AS shape"
    writer = DataWriter.configure({"target_type": "dxf", "path": "a.dxf"})
    writer.call({"table": context.session.connection.sql(query)}, heard)
    found = load(source_type="dxf", path="a.dxf").project("geometry::VARCHAR").fetchall()
    assert [row[0] for row in found] == [*kept, *kept, "POINT (9 9)"]
    assert context.notes["rows_written"] == (3 if kept else 1)
    told = (
        "warning: Null or empty geometries (2) in column 'shape' are left out with their rows: DXF does not keep them."
    )
    assert lines == ([] if kept else [told])


@pytest.mark.parametrize(
    "shape", ["MULTIPOINT (EMPTY, 1 2)", "GEOMETRYCOLLECTION (POINT EMPTY, POINT (1 2))", "POINT (NaN 1)"]
)
def test_an_empty_point_among_others_is_refused(context: Context, save: Save, shape: str) -> None:
    with pytest.raises(NodeError, match="Row 3 has a coordinate that is NaN or infinite, or an empty point") as error:
        save(f"SELECT unnest(['POINT (1 2)', NULL, '{shape}'])::GEOMETRY AS g", target_type="dxf", path="a.dxf")
    assert (error.value.code, error.value.row) == ("invalid_geometry", 3)
    assert not list(context.root.iterdir())
