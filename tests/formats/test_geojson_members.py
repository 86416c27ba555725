import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.formats.geojson_members import members
from orchestrator.ops.base import Context

Save = Callable[..., int]
POINT = {"type": "Feature", "properties": {"n": [1]}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
META: dict[str, Any] = {"meta": {"by": "é", "parts": [1, [2]]}, "licence": "ODbL"}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
def test_what_stands_beside_the_features_stays(context: Context, save: Save, first: bool, indent: int | None) -> None:
    own = {"type": "FeatureCollection", "features": [POINT, POINT], "bbox": [1, 2, 1, 2]}
    file = context.root / "a.geojson"
    file.write_text(json.dumps({**META, **own} if first else {**own, **META}, indent=indent))
    for _ in range(2):
        query = "SELECT [3] AS n, 'POINT (3 4)'::GEOMETRY('OGC:CRS84') AS geometry"
        assert save(query, target_type="geojson", path="a.geojson", mode="append") == 1
    found = json.loads(file.read_text())
    assert {name: found[name] for name in META} == META
    assert "bbox" not in found
    assert len(found["features"]) == 4
    save(query, target_type="geojson", path="a.geojson")
    assert not META.keys() & json.loads(file.read_text()).keys()
    assert [each.name for each in context.root.iterdir()] == ["a.geojson"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "Point", "coordinates": [1, 2]}', '{"features": 5}'])
def test_nothing_beside(context: Context, text: str) -> None:
    (context.root / "a").write_text(text)
    assert members(context.root / "a") == {}
