from collections.abc import Callable

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.formats import writers
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]
SHAPE = "'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
KINDS = ["flatgeobuf", "geojson", "geopackage", "gml", "mapinfo", "shapefile"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("date", ["20000-01-01", "0044-03-15 (BC)"])
def test_dates_that_would_become_others(context: Context, save: Save, kind: str, date: str) -> None:
    query = f"SELECT DATE '{date}' AS d, {SHAPE}"
    with pytest.raises(NodeError, match="Column 'd' has a date outside of the years 1 to 9999") as error:
        save(query, target_type=kind, path=f"a{writers()[kind].extensions[0]}")
    assert (error.value.code, error.value.port) == ("invalid_value", "table")
    assert not list(context.root.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_dates_at_the_ends(save: Save, kind: str) -> None:
    query = f"SELECT unnest([DATE '0001-01-01', NULL, DATE '9999-12-31']) AS d, {SHAPE}"
    assert save(query, target_type=kind, path=f"a{writers()[kind].extensions[0]}") == 3


def test_a_number_without_room(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match=r"Column 'n' has a number .* no room for: 1\.5\d*e\+300") as error:
        save(f"SELECT 1.5e300 AS n, {SHAPE}", target_type="shapefile", path="a.shp")
    assert error.value.code == "invalid_value"
    assert not list(context.root.iterdir())


@pytest.mark.parametrize("number", [10**18, -(10**18)])
def test_an_integer_that_a_shapefile_gives_back_as_another(save: Save, number: int) -> None:
    save(f"SELECT {abs(number) - 1} AS n, {SHAPE}", target_type="shapefile", path="a.shp")
    with pytest.raises(NodeError, match="Column 'n' holds an integer of more than 18 digits") as error:
        save(f"SELECT {number} AS n, {SHAPE}", target_type="shapefile", path="a.shp")
    assert (error.value.code, error.value.port) == ("invalid_value", "table")


def shape(wkt: str, crs: str = "('OGC:CRS84')") -> str:
    return f"SELECT 1 AS n, '{wkt}'::GEOMETRY{crs} AS geometry"


PLACES = pytest.mark.parametrize("kind", ["geojson", "gpx", "kml"])


@PLACES
@pytest.mark.parametrize(
    ("wkt", "crs", "text"),
    [
        ("POINT (1 95)", "('OGC:CRS84')", "it reaches 1 degrees of longitude, 95 of latitude"),
        ("POINT (-500 0)", "('OGC:CRS84')", "it reaches 500 degrees of longitude, 0 of latitude"),
        ("POINT (500000 5800000)", "", "it reaches 500000 degrees"),
    ],
)
def test_what_is_no_place(context: Context, save: Save, kind: str, wkt: str, crs: str, text: str) -> None:
    with pytest.raises(NodeError, match=f"Row 2 is no place in WGS 84: {text}") as error:
        save(f"{shape('POINT (1 2)', crs)} UNION ALL {shape(wkt, crs)}", target_type=kind, path=f"a.{kind}")
    assert (error.value.code, error.value.row, error.value.port) == ("invalid_geometry", 2, "table")
    assert not list(context.root.iterdir())


@PLACES
@pytest.mark.parametrize("far", [1e30, float("inf")])
def test_what_cannot_be_reprojected(context: Context, save: Save, kind: str, far: float) -> None:
    shapes = [shapely.Point(5e5, 5e6), shapely.Point(far, 0)]
    table = context.session.from_frame(geopandas.GeoDataFrame({"n": [1, 2]}, geometry=shapes, crs="EPSG:25832"))
    with pytest.raises(NodeError, match="Row 2 is no place in WGS 84") as error:
        save(table, target_type=kind, path=f"a.{kind}")
    assert (error.value.code, error.value.row) == ("invalid_geometry", 2)


@pytest.mark.parametrize("kind", ["geojson", "gml", "gpx", "kml", "mapinfo", "shapefile"])
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_coordinate_that_is_no_number(context: Context, save: Save, kind: str, number: str) -> None:
    query = f"{shape('LINESTRING (1 2, 3 4)')} UNION ALL {shape(f'LINESTRING (1 2, {number} 4)')}"
    with pytest.raises(NodeError, match=r"^Row 2 (has|is) ") as error:
        save(query, target_type=kind, path=f"a{writers()[kind].extensions[0]}")
    assert (error.value.code, error.value.row, error.value.port) == ("invalid_geometry", 2, "table")
    assert not list(context.root.iterdir())


@pytest.mark.parametrize("kind", ["geojson", "gml", "kml"])
@pytest.mark.parametrize("wkt", ["MULTIPOINT (EMPTY, 1 2)", "GEOMETRYCOLLECTION (POINT EMPTY)", "POINT Z (1 2 nan)"])
def test_a_point_that_would_be_made_up(save: Save, kind: str, wkt: str) -> None:
    query, path = f"{shape('POINT Z (1 2 3)')} UNION ALL {shape(wkt)}", f"a{writers()[kind].extensions[0]}"
    if kind == "gml":
        query = shape(wkt)
    with pytest.raises(NodeError, match="has a coordinate that is NaN or infinite, or an empty point") as error:
        save(query, target_type=kind, path=path)
    assert (error.value.code, error.value.row) == ("invalid_geometry", 1 if kind == "gml" else 2)


@pytest.mark.parametrize("kind", [*KINDS, "kml"])
def test_a_polygon_that_crosses_itself(load: Load, save: Save, kind: str) -> None:
    path = f"a{writers()[kind].extensions[0]}"
    save(shape("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"), target_type=kind, path=path)
    assert load(source_type=kind, path=path).filter("geometry::VARCHAR LIKE 'POLYGON%'").project("n").fetchall() == [
        (1,)
    ]


def test_an_empty_point_is_null(load: Load, save: Save) -> None:
    for kind in ("geojson", "kml"):
        save(f"{shape('POINT EMPTY')} UNION ALL {shape('POINT (1 2)')}", target_type=kind, path=f"a.{kind}")
        found = load(source_type=kind, path=f"a.{kind}").project("geometry::VARCHAR").fetchall()
        assert found == [(None,), ("POINT (1 2)",)]


@pytest.mark.parametrize("kind", ["gml", "geopackage", "kml", "geojson"])
@pytest.mark.parametrize("other", ["POINT (1 2)", "LINESTRING (1 2, 3 4)", "LINESTRING Z (1 2 3, 4 5 6)"])
def test_heights_of_some(load: Load, save: Save, kind: str, other: str) -> None:
    path = f"a{writers()[kind].extensions[0]}"
    if kind == "gml" and other == "LINESTRING (1 2, 3 4)":
        with pytest.raises(NodeError, match="GML holds heights where all geometries but points have them") as error:
            save(f"{shape('POINT Z (1 2 3)')} UNION ALL {shape(other)}", target_type=kind, path=path)
        assert error.value.code == "geometry_mixed"
        return
    save(f"{shape('POINT Z (1 2 3)')} UNION ALL {shape(other)}", target_type=kind, path=path)
    found = load(source_type=kind, path=path).project("geometry::VARCHAR").fetchall()
    assert found == [("POINT Z (1 2 3)",), (other,)]


def test_heights_in_gpx(load: Load, save: Save) -> None:
    save(f"{shape('POINT Z (1 2 3)')} UNION ALL {shape('POINT (1 2)')}", target_type="gpx", path="a.gpx")
    found = load(source_type="gpx", path="a.gpx", heights=True).project("ele, geometry::VARCHAR").fetchall()
    assert found == [(3.0, "POINT Z (1 2 3)"), (None, "POINT (1 2)")]
    save(shape("LINESTRING Z (1 2 3, 4 5 6)"), target_type="gpx", path="b.gpx")
    found = load(source_type="gpx", path="b.gpx", layer="routes", heights=True).project("geometry::VARCHAR").fetchall()
    assert found == [("LINESTRING Z (1 2 3, 4 5 6)",)]


def test_geojson_keeps_a_coordinate_as_it_is(load: Load, save: Save) -> None:
    place = "POINT Z (13.412345678901234 -0.000000123456 33.123456789)"
    save(shape(place), target_type="geojson", path="a.geojson")
    assert load(source_type="geojson", path="a.geojson").project("geometry::VARCHAR").fetchall() == [
        (place.replace("-0.000000123456", "-1.23456e-07"),)
    ]


@pytest.mark.parametrize("kind", ["geopackage", "flatgeobuf", "geojson"])
def test_the_session_goes_on_after_a_refusal(context: Context, save: Save, kind: str) -> None:
    query = "SELECT {} AS a, 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry FROM range(200000)"
    path = f"a{writers()[kind].extensions[0]}"
    with pytest.raises(NodeError, match="outside of the years 1 to 9999"):
        save(query.format("DATE '12000-01-01'"), target_type=kind, path=path)
    assert save(query.format("1"), target_type=kind, path=path) == 200_000


@pytest.mark.parametrize("kind", [*KINDS, "kml", "gpx"])
def test_a_text_is_not_cut(context: Context, save: Save, kind: str) -> None:
    """Where its library takes a NUL for the end of it."""
    with pytest.raises(NodeError, match="NUL character") as error:
        save(
            f"SELECT 'a' || chr(0) || 'b' AS name, {SHAPE}", target_type=kind, path=f"a{writers()[kind].extensions[0]}"
        )
    assert error.value.code == "invalid_value"


TIMED = ["flatgeobuf", "geojson", "geopackage", "gml", "mapinfo"]
LAST = [
    *((kind, "TIMESTAMP '2020-12-31 23:59:59.999999'", "2020-12-31 23:59:59.999") for kind in [*TIMED, "gpx", "kml"]),
    *((kind, "TIMESTAMPTZ '2020-12-31 23:59:59.999999'", "2020-12-31 23:59:59.999") for kind in TIMED),
    *((kind, "TIMESTAMP '9999-12-31 23:59:59.9995'", "9999-12-31 23:59:59.999") for kind in TIMED),
    *((kind, "TIMESTAMP '1960-02-29 23:59:59.9999'", "1960-02-29 23:59:59") for kind in TIMED),
    *((kind, "TIMESTAMP '1960-02-29 23:59:58.9999'", "1960-02-29 23:59:58.999") for kind in [*TIMED, "kml"]),
    ("gpx", "TIMESTAMP '1960-02-29 23:59:59.9999'", "1960-02-29 23:59:59.999"),
    ("geojson", "TIMESTAMP_NS '2020-12-31 23:59:59.999999999'", "2020-12-31 23:59:59.999"),
    *((kind, "TIME '23:59:59.999999'", "23:59:59.999") for kind in ("geojson", "mapinfo")),
    ("mapinfo", "TIME '03:04:05.9999'", "03:04:05.999"),
]


@pytest.mark.parametrize(("kind", "moment", "kept"), LAST)
def test_a_time_is_cut_and_not_rounded_to_another_day(
    load: Load, save: Save, kind: str, moment: str, kept: str
) -> None:
    path, name = f"a{writers()[kind].extensions[-1]}", {"gpx": "time", "kml": "timestamp"}.get(kind, "v")
    path = "a.kml" if kind == "kml" else path
    save(f"SELECT {moment} AS {name}, {SHAPE}", target_type=kind, path=path)
    ((found,),) = load(source_type=kind, path=path).project(f"{name}::VARCHAR").fetchall()
    assert found.removesuffix("+00") == kept
