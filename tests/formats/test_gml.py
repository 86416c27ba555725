from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]
GML = """<?xml version="1.0"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:o="http://o" xmlns:gml="http://www.opengis.net/gml"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://o {}">
<gml:featureMember><o:p fid="p.1"><o:geometry><gml:Point srsName="EPSG:4326"><gml:coordinates>1,2</gml:coordinates>
</gml:Point></o:geometry><o:n>7</o:n></o:p></gml:featureMember></wfs:FeatureCollection>"""
SCHEMA = """<?xml version="1.0"?><xs:schema targetNamespace="http://o" xmlns:o="http://o"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:gml="http://www.opengis.net/gml">{}
<xs:element name="p" type="o:pType" substitutionGroup="gml:_Feature"/><xs:complexType name="pType"><xs:complexContent>
<xs:extension base="gml:AbstractFeatureType"><xs:sequence><xs:element name="geometry" type="gml:PointPropertyType"/>
<xs:element name="n" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:schema>"""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A server that counts its requests."""

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    asked: list[str] = []
    made = HTTPServer(("127.0.0.1", 0), Counting)
    made.asked = asked  # type: ignore[attr-defined]
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def values(load: Load) -> list[object]:
    return [row[0] for row in load(source_type="gml", path="a.gml").project("n").fetchall()]


def test_the_schema_beside_it_gives_the_types(context: Context, load: Load) -> None:
    (context.root / "a.gml").write_text(GML.format("a.xsd"))
    assert values(load) == [7]
    (context.root / "a.xsd").write_text(SCHEMA.format(""))
    assert values(load) == ["7"]
    assert sorted(each.name for each in context.root.iterdir()) == ["a.gml", "a.xsd"]


def test_no_schema_comes_from_elsewhere(context: Context, load: Load, server: HTTPServer) -> None:
    outside = context.root.parent / "secret.xsd"
    outside.write_text(SCHEMA.format(""))
    address = f"http://127.0.0.1:{server.server_port}/a.xsd"
    for place in (address, str(outside), "../secret.xsd", "b.xsd"):
        (context.root / "b.xsd").write_text(SCHEMA.format(""))
        (context.root / "a.gml").write_text(GML.format(place))
        assert values(load) == [7]
    for place in (address, str(outside)):
        (context.root / "a.xsd").write_text(SCHEMA.format(f'<xs:include schemaLocation="{place}"/>'))
        assert values(load) == [7]
    assert server.asked == []  # type: ignore[attr-defined]


def test_a_schema_that_leads_out(context: Context) -> None:
    (context.root / "a.gml").write_text(GML.format("a.xsd"))
    (context.root.parent / "secret.xsd").write_text(SCHEMA.format(""))
    (context.root / "a.xsd").symlink_to(context.root.parent / "secret.xsd")
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "gml", "path": "a.gml"}).call({}, context)
    assert error.value.code == "path_not_allowed"


def test_entities_of_other_files(context: Context) -> None:
    secret = context.root.parent / "secret"
    secret.write_text("secret")
    text = (
        GML.format("a.xsd").replace(">7<", ">&x;<").replace("?>", f'?><!DOCTYPE a [<!ENTITY x SYSTEM "{secret}">]>', 1)
    )
    (context.root / "a.gml").write_text(text)
    found = DataLoader.configure({"source_type": "gml", "path": "a.gml"}).call({}, context)["result"]
    assert found.columns == ["geometry"]
    assert len(found.fetchall()) == 1


def test_names_and_heights(context: Context, load: Load, save: Save) -> None:
    shapes = [shapely.Point(1, 2, 3), shapely.Point(4, 5, 6)]
    frame = geopandas.GeoDataFrame({"a b": ["x", ""], "a_b": [1, 2], "1": [3, 4]}, geometry=shapes, crs="EPSG:25832")
    save(context.session.from_frame(frame), target_type="gml", path="a.gml")
    assert {each.name for each in context.root.iterdir()} == {"a.gml", "a.xsd"}
    found = load(source_type="gml", path="a.gml")
    assert found.columns == ["a_b_1", "a_b", "_1", "geometry"]
    assert list(context.session.frame(found).geometry) == shapes


def test_a_system_without_a_code_is_refused(context: Context, save: Save, tmp_path: Path) -> None:
    crs = "+proj=lcc +lat_1=49 +lat_2=46 +lat_0=47.5 +lon_0=13 +ellps=bessel"
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs=crs)
    with pytest.raises(NodeError, match="GML cannot hold") as error:
        save(context.session.from_frame(frame), target_type="gml", path="a.gml")
    assert (error.value.code, error.value.port) == ("invalid_crs", "table")
    assert not list(context.root.iterdir())


def test_the_file_names_its_schema_as_a_uri(context: Context, save: Save, load: Load) -> None:
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4326")
    save(context.session.from_frame(frame), target_type="gml", path="a b&<c.gml")
    assert {each.name for each in context.root.iterdir()} >= {"a b&<c.gml", "a b&<c.xsd"}
    assert 'schemaLocation="http://ogr.maptools.org/ a%20b%26%3Cc.xsd"' in (context.root / "a b&<c.gml").read_text()
    assert load(source_type="gml", path="a b&<c.gml").columns == ["a", "geometry"]
