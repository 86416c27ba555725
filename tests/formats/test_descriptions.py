"""What every format says of itself."""

from typing import ClassVar

import pytest

from orchestrator.formats import readers, writers
from orchestrator.formats.base import Reader, Writer

KINDS = [*readers().values(), *writers().values()]


def test_every_format_says_what_it_is() -> None:
    assert {
        "api", "csv", "excel", "geojson", "geopackage", "geoparquet", "json", "ndjson", "parquet", "shapefile",
        "dxf", "file_geodatabase", "flatgeobuf", "gml", "gpx", "kml", "mapinfo", "osm_pbf", "postgresql",
        "arrow", "avro", "fixed_width", "sqlite", "text", "tsv", "xml", "yaml",
    } <= set(readers())  # fmt: skip
    assert set(writers()) <= set(readers())
    for kind in (*readers().values(), *writers().values()):
        assert kind.label
        assert (kind.__doc__ or "").strip()
        assert kind.name in ("api", "postgresql") or kind.extensions


def test_a_format_that_is_not_ready_fails_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match="needs a docstring and a label"):

        class Bare(Reader):
            name: ClassVar[str] = "bare"

    with pytest.raises(TypeError, match="needs a description and an example"):

        class Silent(Writer):
            """Says nothing of its option."""

            name: ClassVar[str] = "silent"
            label: ClassVar[str] = "Silent"
            option: int = 1


TOGETHER = {name: {"mode", "keys"} for name in ("postgresql", "sqlite")}  # make sense together only


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__name__} {kind.name}")
def test_the_examples_of_its_options_are_valid(kind: type[Reader] | type[Writer]) -> None:
    fields = {info.alias or name: info for name, info in kind.model_fields.items()}
    needed = {name: info.examples[0] for name, info in fields.items() if info.is_required()}
    assert kind.model_validate({name: info.examples[0] for name, info in fields.items()})
    for name in fields.keys() - TOGETHER.get(kind.name, set()):
        for example in fields[name].examples:
            assert kind.model_validate({**needed, name: example}).model_dump(by_alias=True)[name] is not None
