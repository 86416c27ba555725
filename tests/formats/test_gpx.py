from collections.abc import Callable
from typing import Any

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
POINT, LINE = shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)])
LINES = shapely.MultiLineString([LINE, shapely.LineString([(2, 2), (3, 3)])])


def rows(context: Context, *shapes: Any, crs: str = "EPSG:4326", **more: Any) -> Relation:
    return context.session.from_frame(
        geopandas.GeoDataFrame({"name": ["é"] * len(shapes), **more}, geometry=list(shapes), crs=crs)
    )


@pytest.mark.parametrize(
    ("shape", "wanted", "layer"),
    [(POINT, None, "waypoints"), (LINE, None, "routes"), (LINES, None, "tracks"), (LINE, "tracks", "tracks")],
)
def test_layers(context: Context, load: Load, save: Save, shape: Any, wanted: str | None, layer: str) -> None:
    for mode in ("overwrite", "append"):
        table = rows(context, shape, mine=["x"])
        assert save(table, target_type="gpx", path="a.gpx", layer=wanted, mode=mode) == 1
    made = context.session.frame(load(source_type="gpx", path="a.gpx", layer=layer))
    kind = shapely.MultiLineString if layer == "tracks" else type(shape)
    assert [each.equals(shape) and isinstance(each, kind) for each in made.geometry] == [True, True]
    assert list(made["name"]) == ["é", "é"]
    assert list(made["mine"]) == ["x", "x"]
    assert context.session.frame(load(source_type="gpx", path="a.gpx")).equals(made)  # the only one with features


def test_points_of_tracks_and_heights(context: Context, load: Load, save: Save) -> None:
    points = [shapely.Point(1, 2), shapely.Point(3, 4), shapely.Point(5, 6)]
    more = {"track_fid": [0, 0, 1], "track_seg_id": [0, 0, 0], "ele": [7.0, 8.0, 9.0]}
    save(rows(context, *points, **more), target_type="gpx", path="a.gpx", layer="track_points")
    found = load(source_type="gpx", path="a.gpx", layer="track_points", heights=True)
    assert found.project("track_fid, ele, geometry::VARCHAR").fetchall() == [
        (0, 7.0, "POINT Z (1 2 7)"), (0, 8.0, "POINT Z (3 4 8)"), (1, 9.0, "POINT Z (5 6 9)"),
    ]  # fmt: skip
    assert len(load(source_type="gpx", path="a.gpx", layer="tracks").fetchall()) == 2
    with pytest.raises(NodeError, match=r"has other layers \(tracks\)") as error:
        save(rows(context, POINT), target_type="gpx", path="a.gpx", mode="append")
    assert (error.value.code, error.value.path) == ("file_exists", "/config/layer")


def test_heights_are_kept_where_it_is_reprojected(context: Context, load: Load, save: Save) -> None:
    made = geopandas.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.Point(1, 2, 3), POINT], crs="EPSG:4326")
    save(context.session.from_frame(made.to_crs("EPSG:3857")), target_type="gpx", path="a.gpx")
    found = load(source_type="gpx", path="a.gpx", heights=True)
    assert found.project("ele").fetchall() == [(3,), (None,)]


def test_it_is_reprojected(context: Context, load: Load, save: Save) -> None:
    made = geopandas.GeoDataFrame({"a": [1]}, geometry=[POINT], crs="EPSG:4326").to_crs("EPSG:3857")
    save(context.session.from_frame(made), target_type="gpx", path="a.gpx")
    (shape,) = context.session.frame(load(source_type="gpx", path="a.gpx")).geometry
    assert shape.equals_exact(POINT, 1e-9)


@pytest.mark.parametrize(
    ("shapes", "layer", "code"),
    [
        ([POINT, LINE], None, "geometry_mixed"), ([LINE, LINES], None, "geometry_mixed"),
        ([shapely.box(0, 0, 1, 1)], None, "geometry_mixed"), ([LINES], "routes", "geometry_mixed"),
        ([POINT], "tracks", "geometry_mixed"), ([POINT, None], None, "invalid_geometry"),
    ],
)  # fmt: skip
def test_what_it_cannot_hold(context: Context, save: Save, shapes: list[Any], layer: str | None, code: str) -> None:
    with pytest.raises(NodeError) as error:
        save(rows(context, *shapes), target_type="gpx", path="a.gpx", layer=layer)
    assert (error.value.code, error.value.port) == (code, "table")
    assert not list(context.root.iterdir())


EXTENSIONS = [
    ("3000000000", "an integer of more than 32 bits"),
    ("-2147483649::HUGEINT::BIGINT", "an integer of more than 32 bits"),
    ("'3000000000'", "nothing but integers, one of more than 32 bits"),
    ("'a' || chr(10) || 'b'", "a line end"),
]


@pytest.mark.parametrize(("value", "what"), EXTENSIONS)
def test_what_an_extension_does_not_keep(save: Save, value: str, what: str) -> None:
    shape = "'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
    with pytest.raises(NodeError, match=f"Column 'x' has {what}, which an extension of GPX does not keep") as error:
        save(f"SELECT {value} AS x, {shape}", target_type="gpx", path="a.gpx")
    assert (error.value.code, error.value.port) == ("invalid_value", "table")


def test_what_an_extension_keeps(load: Load, save: Save) -> None:
    numbers = [
        "-2147483648",
        "0.1::DOUBLE + 0.2",
        "1e-20::DOUBLE",
        "1.7976931348623157e308",
        "5::DOUBLE",
        "'a3000'",
    ]
    fields = ", ".join(f"{number} AS n{place}" for place, number in enumerate(numbers))
    table = f"SELECT {fields}, 'a' || chr(10) || 'b' AS name, 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
    save(table, target_type="gpx", path="a.gpx")
    found = load(source_type="gpx", path="a.gpx").project("n0, n1, n2, n3, n4, n5, name").fetchall()
    assert found == [(-2147483648, 0.30000000000000004, 1e-20, 1.7976931348623157e308, 5.0, "a3000", "a\nb")]


def test_an_integer_that_is_too_large_to_read(context: Context, save: Save) -> None:
    save("SELECT 7 AS x, 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry", target_type="gpx", path="a.gpx")
    file = context.root / "a.gpx"
    file.write_text(file.read_text().replace(">7<", ">3000000000<"))
    with pytest.raises(NodeError, match=r"Column 'x' has a number .* no room for: '3000000000'") as error:
        DataLoader.configure({"source_type": "gpx", "path": "a.gpx"}).call({}, context)
    assert error.value.code == "invalid_value"


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        (["' '"], []),
        (["'  '", "'5'"], [None, 5]),
        (["chr(9)", "'5.5'", "NULL"], [None, 5.5, None]),
        (["' '", "'a '"], [None, "a "]),
    ],
)
def test_blanks_in_an_extension_are_no_zero(load: Load, save: Save, texts: list[str], kept: list[Any]) -> None:
    shape = "'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
    save(
        " UNION ALL ".join(f"SELECT {text} AS x, ' ' AS name, {shape}" for text in texts),
        target_type="gpx",
        path="a.gpx",
    )
    found = load(source_type="gpx", path="a.gpx")
    assert found.project("name").fetchall() == [(" ",)] * len(texts)
    assert ([row[0] for row in found.project("x").fetchall()] if "x" in found.columns else []) == kept


NUMBER = [
    ("<ele/>", None), ("<ele></ele>", None), ("<ele> </ele>", None), ("<ele>\n\t</ele>", None), ("", None),
    ("<ele>0</ele>", 0), ("<ele> 5 </ele>", 5), ("<ele><!-- <ele> </ele> -->7</ele>", 7),
]  # fmt: skip


@pytest.mark.parametrize(("element", "height"), NUMBER)
@pytest.mark.parametrize("layer", ["waypoints", "track_points", "route_points"])
def test_an_element_without_a_number_is_null(
    context: Context, load: Load, layer: str, element: str, height: float | None
) -> None:
    around = {"waypoints": "{}", "track_points": "<trk><trkseg>{}</trkseg></trk>", "route_points": "<rte>{}</rte>"}
    point = {"waypoints": "wpt", "track_points": "trkpt", "route_points": "rtept"}[layer]
    points = f'<{point} lat="1" lon="2">{element}</{point}><{point} lat="3" lon="4"><ele>9</ele></{point}>'
    described(context, around[layer].format(points))
    found = load(source_type="gpx", path="a.gpx", layer=layer)
    assert found.project("ele").fetchall() == [(height,), (9,)]


def test_blanks_of_other_elements(context: Context, load: Load) -> None:
    blank = "<time> </time><magvar> </magvar><name> </name><desc><![CDATA[<b> </b>]]></desc><sat>\n</sat>"
    extension = "<extensions><t:speed> </t:speed><t:said> </t:said></extensions>"
    full = "<extensions><t:speed>7</t:speed><t:said>a</t:said></extensions>"
    described(context, f'<wpt lat="1" lon="2">{blank}{extension}</wpt><wpt lat="1" lon="2">{full}</wpt>')
    found = load(source_type="gpx", path="a.gpx").project('time, magvar, name, "desc", sat, t_speed, t_said')
    assert found.fetchall() == [
        (None, None, " ", "<b> </b>", None, None, None), (None, None, None, None, None, 7, "a"),
    ]  # fmt: skip


def described(context: Context, elements: str) -> None:
    """A file of another program."""
    names = 'xmlns="http://www.topografix.com/GPX/1/1" xmlns:t="http://example.com/t"'
    (context.root / "a.gpx").write_text(f'<gpx version="1.1" creator="x" {names}>{elements}</gpx>')
