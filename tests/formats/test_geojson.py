# ruff: noqa: E501 (tables of cases)
import json
from collections.abc import Callable
from typing import Any

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.schema import columns
from orchestrator.sql import quote

Load = Callable[..., Relation]
Save = Callable[..., int]


def feature(geometry: Any, /, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def point(*xy: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": xy}


def collection(*features: Any, **more: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features, **more})


POINT = point(1, 2)
LINE = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}


@pytest.mark.parametrize(
    ("content", "types", "rows"),
    [
        (collection(feature(POINT, a=1, b="x")), ["a BIGINT", "b VARCHAR", "geometry GEOMETRY"], [(1, "x", "POINT (1 2)")]),
        (collection(feature(POINT, a=1), feature(LINE, a=2.5)), ["a DOUBLE", "geometry GEOMETRY"], [(1.0, "POINT (1 2)"), (2.5, "LINESTRING (0 0, 1 1)")]),
        (collection(feature(None, a=1)), ["a BIGINT", "geometry GEOMETRY"], [(1, None)]),
        (collection(feature(point(1, 2, 3), a=1)), ["a BIGINT", "geometry GEOMETRY"], [(1, "POINT Z (1 2 3)")]),
        (collection(feature(POINT, a={"b": 1}, c=[1, 2])), ["a VARCHAR", "c INTEGER[]", "geometry GEOMETRY"], [('{ "b": 1 }', [1, 2], "POINT (1 2)")]),
        (collection(feature(POINT, a=1), feature(POINT, a="x")), ["a VARCHAR", "geometry GEOMETRY"], [("1", "POINT (1 2)"), ("x", "POINT (1 2)")]),
        (collection(feature(POINT, geometry="mine")), ["geometry VARCHAR", "geometry_1 GEOMETRY"], [("mine", "POINT (1 2)")]),
        (collection(feature({"type": "Point", "coordinates": []}, a=1)), ["a BIGINT", "geometry GEOMETRY"], [(1, None)]),
        (collection(), ["geometry GEOMETRY"], []),
        (json.dumps(feature(POINT, a=1)), ["a BIGINT", "geometry GEOMETRY"], [(1, "POINT (1 2)")]),
        (json.dumps(POINT), ["geometry GEOMETRY"], [("POINT (1 2)",)]),
    ],
)  # fmt: skip
def test_reads(context: Context, load: Load, content: str, types: list[str], rows: list[Any]) -> None:
    (context.root / "a.geojson").write_text(content)
    found = load(source_type="geojson", path="a.geojson")
    assert [f"{column.name} {column.type}" for column in columns(found)] == types
    assert columns(found)[-1].crs == "EPSG:4326"
    shown = ", ".join(f'"{name}"' for name in found.columns[:-1]) + f', "{found.columns[-1]}"::VARCHAR'
    assert found.project(shown.removeprefix(", ")).fetchall() == rows


LOW, HIGH = -(2**63), 2**63 - 1


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([LOW], "BIGINT", [LOW]), ([LOW + 1, None, HIGH], "BIGINT", [LOW + 1, None, HIGH]), ([1, -(10**18)], "BIGINT", [1, -(10**18)]),
        ([LOW, 1.5], "DOUBLE", [float(LOW), 1.5]), ([LOW - 1], "DOUBLE", [float(LOW)]), ([LOW, 2**64], "DOUBLE", [float(LOW), 2.0**64]),
        ([float(LOW)], "DOUBLE", [float(LOW)]), ([LOW, "a"], "VARCHAR", ["-9.2233720368547758e+18", "a"]),
        ([[LOW, 1]], "DOUBLE[]", [[float(LOW), 1.0]]), ([[HIGH]], "BIGINT[]", [[HIGH]]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["v", 'a"/~{b}'])
def test_whole_numbers_of_64_bits(
    context: Context, load: Load, values: list[Any], kind: str, expected: list[Any], name: str
) -> None:
    made = [feature(POINT, **{"other": 0.5, name: value, "more": "x"}) for value in values]
    (context.root / "a.geojson").write_text(collection(*made))
    found = load(source_type="geojson", path="a.geojson")
    assert (found.columns, str(found.types[1])) == (["other", name, "more", "geometry"], kind)
    shown = ", ".join(map(quote, ("other", name, "more"))) + ", geometry::VARCHAR"
    assert found.project(shown).fetchall() == [(0.5, each, "x", "POINT (1 2)") for each in expected]


def test_a_whole_number_of_64_bits_in_a_single_feature(context: Context, load: Load) -> None:
    (context.root / "a.geojson").write_text(json.dumps(feature(POINT, v=LOW), indent=2))
    assert load(source_type="geojson", path="a.geojson").project("v").fetchall() == [(LOW,)]


def test_an_old_file_with_another_system(context: Context, load: Load) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    (context.root / "a.geojson").write_text(collection(feature(POINT, a=1), crs=crs))
    assert columns(load(source_type="geojson", path="a.geojson"))[-1].crs == "EPSG:3857"


OPEN = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
BROKEN = [
    {"type": "Polygon", "coordinates": [[1, 2]]},
    {"type": "Point", "coordinates": ["x", 2]},
    {"type": "Poin", "coordinates": [1, 2]},
    {"type": "LineString", "coordinates": {}},
    {"type": "Point"},
    {"coordinates": [1, 2]},
    OPEN,
]


@pytest.mark.parametrize("geometry", BROKEN)
def test_a_broken_geometry_is_named(context: Context, geometry: Any) -> None:
    (context.root / "a.geojson").write_text(
        collection(feature(None), feature(POINT), feature(geometry), feature(POINT))
    )
    node = DataLoader.configure({"source_type": "geojson", "path": "a.geojson"})
    with pytest.raises(NodeError) as error:
        node.call({}, context)
    assert (error.value.code, error.value.row, error.value.path) == ("invalid_geometry", 3, "/config/path")
    assert error.value.message == f"'a.geojson' has a broken geometry: feature 3, {geometry.get('type', 'no type')}."


@pytest.mark.parametrize(
    "content",
    [collection(feature(POINT))[:-9], '{"a": 1}', "[]", "5", "{", collection(feature(POINT)).replace(":", " ")],
)
def test_a_broken_file(context: Context, design: Context, content: str) -> None:
    (context.root / "a.geojson").write_text(content)
    for each in (context, design):
        with pytest.raises(NodeError, match=r"^'a.geojson' cannot be read: .*\.$") as error:
            DataLoader.configure({"source_type": "geojson", "path": "a.geojson"}).call({}, each)
        assert error.value.code == "unreadable_file"


def test_writes_wgs_84(context: Context, save: Save) -> None:
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(13.4, 52.5)], crs="EPSG:4326").to_crs(
        "EPSG:25833"
    )
    assert save(context.session.from_frame(frame), target_type="geojson", path="a.geojson", precision=5) == 1
    document = json.loads((context.root / "a.geojson").read_text())
    assert document["features"] == [
        feature(point(13.4, 52.5), a=1) | {"geometry": {"type": "Point", "coordinates": [13.4, 52.5]}}
    ]
    assert "crs" not in document


def test_needs_geometry(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match="GeoJSON needs a geometry column") as error:
        save("SELECT 1 AS a", target_type="geojson", path="a.geojson")
    assert (error.value.code, error.value.port) == ("geometry_needed", "table")


def test_append_reprojects(context: Context, load: Load, save: Save) -> None:
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(13.4, 52.5)], crs="EPSG:4326")
    for each in (frame, frame.to_crs("EPSG:3857"), frame.rename_geometry("place")):
        assert save(context.session.from_frame(each), target_type="geojson", path="a.geojson", mode="append") == 1
    found = load(source_type="geojson", path="a.geojson")
    assert found.project("geometry::VARCHAR").fetchall() == [("POINT (13.4 52.5)",)] * 3


def test_a_failing_query_keeps_its_own_error(context: Context, save: Save) -> None:
    with pytest.raises(Exception, match="Could not convert string 'x'"):
        save(
            "SELECT 'POINT (1 2)'::GEOMETRY AS g, if(range = 99999, 'x', '1')::INTEGER AS a FROM range(100000)",
            target_type="geojson",
            path="a.geojson",
        )
    assert not list(context.root.iterdir())


def test_text_that_is_json_stays_text(context: Context, load: Load, save: Save) -> None:
    query = """SELECT '{"a": 1}' AS t, '[1, 2]' AS u, {'a': 1, 'b': NULL} AS s, [1, 2] AS l, '{"c": [3]}'::JSON AS j,
        'POINT (1 2)'::GEOMETRY AS g"""
    table = context.session.connection.sql(query)
    path = context.root / "text.geojson"
    kept = {"t": '{"a": 1}', "u": "[1, 2]", "s": {"a": 1, "b": None}, "l": [1, 2], "j": {"c": [3]}}
    save(table, target_type="geojson", path="text.geojson")
    assert [each["properties"] for each in json.loads(path.read_text())["features"]] == [kept]
    assert load(source_type="geojson", path="text.geojson").project("t, u").fetchall() == [('{"a": 1}', "[1, 2]")]
    save(table, target_type="geojson", path="text.geojson", mode="append")
    made = kept | {"t": {"a": 1}, "u": [1, 2]}  # an old text is not told from an old object
    assert [each["properties"] for each in json.loads(path.read_text())["features"]] == [made, made]
