import pytest
from pyproj import CRS

from orchestrator import crs
from orchestrator.errors import NodeError

KNOWN = ["EPSG:4326", "epsg:3857", "4326", "WGS 84", "OGC:CRS84", "+proj=utm +zone=32 +datum=WGS84", "EPSG:2154+5773"]


@pytest.mark.parametrize("text", KNOWN)
def test_parses(text):
    assert crs.parse(text) == CRS.from_user_input(text)


@pytest.mark.parametrize("code", [3857, 4326, 25832, 2154])
@pytest.mark.parametrize("form", ["to_wkt", "to_json"])
def test_parses_what_files_carry(code, form):
    assert crs.same(getattr(CRS(code), form)(), f"EPSG:{code}")


REFUSED = [
    ("", "is not a known coordinate system"),
    ("a\0b", "is not a known coordinate system"),
    ("EPSG:43266", "EPSG:4266 or EPSG:4326"),
    ("wgs 48", r"Did you mean EPSG:4326 \(WGS 84\)"),
    ("utm zone 32n", "UTM zone 32N"),
    ("x" * 100_000, "^'x{200}' is not"),
    ("EPSG:5773", "heights only"),
    ('TIMECRS["days",TDATUM["x"],CS[temporalDateTime,1],AXIS["t",future]]', r"\(days\) describes one axis only"),
    ("+init=epsg:4326", "complete in itself"),
    ("+proj=longlat +nadgrids=some.gsb", "complete in itself"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refuses(text, message):
    with pytest.raises(NodeError, match=message) as caught:
        crs.parse(text)
    assert caught.value.code == "invalid_crs"


SAME = [
    ("EPSG:4326", "WGS 84", True),
    ("EPSG:4326", "OGC:CRS84", True),
    ("EPSG:4326", "EPSG:4258", False),
    ("EPSG:3857", "EPSG:4326", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), SAME)
def test_same(one, other, expected):
    assert crs.same(one, other) is expected


WRITTEN = [("GEOMETRY", None), ("GEOMETRY('a''b')", "a'b"), ("GEOMETRY('OGC:CRS84')", "OGC:CRS84"), ("BLOB", None)]


@pytest.mark.parametrize(("kind", "expected"), WRITTEN)
def test_written_in(kind, expected):
    assert crs.written_in(kind) == expected


@pytest.mark.parametrize(("text", "expected"), [("wgs84", "EPSG:4326"), (CRS(3857).to_json(), "EPSG:3857")])
def test_title(text, expected):
    assert crs.title(text) == expected
