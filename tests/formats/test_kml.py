import zipfile
from collections.abc import Callable

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.formats.kml_fields import DRAWING, PYRAMID, VIEW
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
PLACE = "<Placemark><name>{}</name><Point><coordinates>{}</coordinates></Point></Placemark>"
KML = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2">{}</kml>'


def folder(name: str, *places: str) -> str:
    return f"<Folder><name>{name}</name>{''.join(places)}</Folder>"


def test_folders_are_layers(context: Context, load: Load) -> None:
    a, b = folder("a", PLACE.format("one", "1,2")), folder("b", PLACE.format("two", "3,4,5"))
    (context.root / "a.kml").write_text(KML.format(f"<Document>{a}{b}</Document>"))
    shown = [
        load(source_type="kml", path="a.kml", layer=layer).project("Name, geometry::VARCHAR").fetchall()
        for layer in ("a", 1, None)
    ]
    assert shown == [[("one", "POINT (1 2)")], [("two", "POINT Z (3 4 5)")], [("one", "POINT (1 2)")]]


@pytest.mark.parametrize("ending", ["kml", "kmz"])
def test_what_is_written_comes_back(context: Context, load: Load, save: Save, ending: str) -> None:
    shapes = [shapely.Point(1, 2, 3), shapely.box(0, 0, 1, 1), None, shapely.MultiPoint([(1, 2), (3, 4)])]
    frame = geopandas.GeoDataFrame({"name": ["a", "é <&>", "", None]}, geometry=shapes, crs="EPSG:4326")
    for mode in ("overwrite", "append"):
        assert save(context.session.from_frame(frame), target_type="kml", path=f"é a.{ending}", mode=mode) == 4
    made = context.session.frame(load(source_type="kml", path=f"é a.{ending}"))
    assert [None if each is None else each.normalize() for each in made.geometry] == [
        None if each is None else each.normalize() for each in shapes * 2
    ]
    assert [each or None for each in made["Name"].fillna("")] == ["a", "é <&>", None, None] * 2
    assert zipfile.is_zipfile(context.root / f"é a.{ending}") == (ending == "kmz")


def test_times_stay_times(context: Context, load: Load, save: Save) -> None:
    query = "SELECT TIMESTAMP '2020-01-02 03:04:05' AS timestamp, 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS g"
    for mode in ("overwrite", "append"):
        save(query, target_type="kml", path="a.kml", mode=mode)
    found = load(source_type="kml", path="a.kml").project("timestamp::VARCHAR").fetchall()
    assert found == [("2020-01-02 03:04:05",)] * 2


def test_a_zip_that_unpacks_to_too_much(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.formats.kml.LARGEST", 10)
    with zipfile.ZipFile(context.root / "a.kmz", "w") as packed:
        packed.writestr("doc.kml", KML.format(PLACE.format("a", "1,2")))
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "kml", "path": "a.kmz"}).call({}, context)
    assert error.value.code == "too_large"


def test_a_place_that_is_none_is_a_sentence(save: Save) -> None:
    query = "SELECT 'secret' AS a, 'POINT (-5000 0)'::GEOMETRY('OGC:CRS84') AS geometry"
    with pytest.raises(NodeError, match=r"Row 1 is no place in WGS 84: it reaches 5000 degrees") as error:
        save(query, target_type="kml", path="a.kml")
    assert "secret" not in error.value.message


SHAPE = "'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
TAKEN = [*DRAWING, *VIEW, *PYRAMID, "ID"]


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("value", ["5", "'a'", "true", "1.5::DOUBLE"])
def test_columns_called_like_what_is_drawn_are_data(load: Load, save: Save, name: str, value: str) -> None:
    save(f'SELECT {value} AS "{name}", 1 AS other, {SHAPE}', target_type="kml", path="a.kml")
    found = load(source_type="kml", path="a.kml")
    assert found.columns == ["Name", "description", "timestamp", "begin", "end", name, "other", "geometry"]
    assert found.project(f'"{name}"::VARCHAR').fetchall() == [(value.split("::", maxsplit=1)[0].strip("'"),)]


@pytest.mark.parametrize("name", ["name", "NAME", "description", "Snippet"])
@pytest.mark.parametrize(("value", "text"), [("5", "5"), ("true", "true"), ("DATE '2020-01-02'", "2020-01-02")])
def test_what_is_shown_is_text(load: Load, save: Save, name: str, value: str, text: str) -> None:
    save(f"SELECT {value} AS {name}, {SHAPE}", target_type="kml", path="a.kml")
    assert load(source_type="kml", path="a.kml").project(f"{name}::VARCHAR").fetchall() == [(text,)]


@pytest.mark.parametrize("value", ["5", "'a'", "DATE '2020-01-02'"])
def test_what_is_no_time_has_another_name(load: Load, save: Save, value: str) -> None:
    save(f'SELECT {value} AS "end", 1 AS end_, {SHAPE}', target_type="kml", path="a.kml")
    found = load(source_type="kml", path="a.kml").project('"end", end_, end__::VARCHAR')
    assert found.fetchall() == [(None, 1, value.removeprefix("DATE ").strip("'"))]


def test_a_moment_and_a_span(context: Context, save: Save) -> None:
    for end, row in (("NULL::TIMESTAMP", 1), ("TIMESTAMP '2021-01-02'", 0)):
        query = f'SELECT TIMESTAMP \'2020-01-02\' AS timestamp, NULL::TIMESTAMP AS "begin", {end} AS "end", {SHAPE}'
        if row:
            assert save(query, target_type="kml", path="a.kml") == row
            continue
        with pytest.raises(NodeError, match="has a timestamp, or a begin and an end, and a row has both") as error:
            save(query, target_type="kml", path="b.kml")
        assert error.value.code == "invalid_value"
