import threading
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import arrow_features, vector_reading
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


def test_coordinate_systems_are_made_in_no_thread_of_duckdb(
    context: Context, load: Load, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PROJ ends the process there."""
    made, threads = arrow_features.crs_metadata, []

    def recorded(crs: str | None) -> Any:
        threads.append(threading.current_thread())
        return made(crs)

    rows = 140_000
    shape = "'POINT (1 2)'::GEOMETRY('OGC:CRS84')"
    save(f"SELECT range AS n, {shape} AS geometry FROM range({rows})", target_type="flatgeobuf", path="a.fgb")
    arrow_features._geometry_field.cache_clear()
    monkeypatch.setattr(vector_reading, "IN_MEMORY", 0)
    monkeypatch.setattr(arrow_features, "crs_metadata", recorded)
    found = load(source_type="flatgeobuf", path="a.fgb")
    assert found.aggregate("count(*), sum(n)").fetchall() == [(rows, rows * (rows - 1) // 2)]
    assert threads == [threading.main_thread()]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("kind", ["geojson", "gpx", "gml"])
def test_another_encoding_than_utf_8_is_named(context: Context, design: Context, kind: str, encoding: str) -> None:
    (context.root / "a").write_bytes('{"type": "FeatureCollection", "features": []}'.encode(encoding))
    for each in (context, design):
        with pytest.raises(NodeError, match=f"'a' is {encoding.upper()}, and .* is read as UTF-8") as error:
            DataLoader.configure({"source_type": kind, "path": "a"}).call({}, each)
        assert (error.value.code, error.value.path) == ("wrong_encoding", "/config/path")
