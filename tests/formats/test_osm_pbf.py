"""OpenStreetMap's format is small: blobs of protobuf. What the tests need of it is written here."""

import zlib
from collections.abc import Callable, Iterable

import pytest

from orchestrator.layers import layers
from orchestrator.ops.base import Context, Relation
from orchestrator.schema import columns

Load = Callable[..., Relation]


def varint(number: int) -> bytes:
    made = b""
    while number > 127:
        made, number = made + bytes([number & 127 | 128]), number >> 7
    return made + bytes([number])


def zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def packed(numbers: Iterable[int]) -> bytes:
    return b"".join(map(varint, numbers))


def blob(kind: bytes, data: bytes) -> bytes:
    body = field(2, len(data)) + field(3, zlib.compress(data))
    header = field(1, kind) + field(3, len(body))
    return len(header).to_bytes(4, "big") + header + body


def extract() -> bytes:
    """Four nodes, the first a café; a way around them that is a park, and one that is a road."""
    words = [b"", b"amenity", b"cafe", b"name", "Café".encode(), b"leisure", b"park", b"highway", b"residential", b"x"]
    places = [(1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 1)]
    nodes = [
        field(1, (zigzag(number))) + field(8, zigzag(lat * 10**7)) + field(9, zigzag(lon * 10**7))
        for number, lat, lon in places
    ]
    nodes[0] += field(2, packed([1, 3, 9])) + field(3, packed([2, 4, 9]))

    def way(number: int, key: int, value: int, steps: list[int]) -> bytes:
        return (
            field(1, number)
            + field(2, packed([key]))
            + field(3, packed([value]))
            + field(8, packed(map(zigzag, steps)))
        )

    ways = [way(10, 5, 6, [1, 1, 1, 1, -3]), way(11, 7, 8, [1, 1])]
    group = [b"".join(field(1, each) for each in nodes), b"".join(field(3, each) for each in ways)]
    block = field(1, b"".join(field(1, word) for word in words)) + b"".join(field(2, each) for each in group)
    header = field(4, b"OsmSchema-V0.6") + field(4, b"DenseNodes")
    return blob(b"OSMHeader", header) + blob(b"OSMData", block)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("points", [("1", "Café", '"amenity"=>"cafe","x"=>"x"', "POINT (1 1)")]),
        ("lines", [("11", None, None, "LINESTRING (1 1, 2 1)")]),
        ("multipolygons", [(None, None, None, "MULTIPOLYGON (((1 1, 2 1, 2 2, 1 2, 1 1)))")]),
        ("multilinestrings", []),
        ("other_relations", []),
    ],
)
def test_layers(context: Context, load: Load, layer: str, expected: list[object]) -> None:
    (context.root / "a.osm.pbf").write_bytes(extract())
    found = load(source_type="osm_pbf", path="a.osm.pbf", layer=layer)
    assert found.project("osm_id, name, other_tags, geometry::VARCHAR").fetchall() == expected
    assert columns(found)[-1].crs == "EPSG:4326"
    listed = {each.name: each for each in layers(context.root, "a.osm.pbf")}
    assert len(listed) == 5
    assert (listed[layer].rows, listed[layer].columns) == (None, columns(found))
