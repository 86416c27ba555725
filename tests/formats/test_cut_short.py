"""Files that were cut off: a sentence, or all rows where the end holds none; never fewer rows without a word."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_formats import FILES, NEEDED, Load, Save, typed
from test_osm_pbf import extract

from orchestrator.errors import NodeError
from orchestrator.faults import translate
from orchestrator.formats import vector_reading, writers
from orchestrator.ops.base import Context
from orchestrator.ops.data_loader import DataLoader

PLACES = 30
MORE = "SELECT t.* FROM {t} t, range(100) WHERE t.int IS NOT NULL"
# Which files may give other rows, and why nobody can tell from the file.
UNKNOWABLE = {
    "csv": "a line is a row, and a shorter one at the end is one with fewer fields or letters",
    "tsv": "a line is a row, and a shorter one at the end is one with fewer fields or letters",
    "text": "a line is a row, whatever is in it",
    "fixed_width": "a line is a row, and what is missing at its end is blank",
    "ndjson": "a line is a row, and a cut at its end leaves whole lines",
    "yaml": "a list ends where the text does",
    ".mid": "the last value of the last line may be shorter, if there is one",
    "osm_pbf": "an extract does not say how many blocks it has",
}


def rows(context: Context, config: dict[str, Any]) -> Any:
    table = DataLoader.configure(config).call({}, context)["result"]
    return table.columns, [str(kind) for kind in table.types], table.fetchall()


def outcome(context: Context, config: dict[str, Any]) -> Any:
    """The rows, or the error that a run would have."""
    try:
        return rows(context, config)
    except Exception as error:
        return translate(error)


def cuts(file: Path) -> Iterator[int]:
    """Lengths of what is left of a file, without those that only lose its last letter or blanks."""
    data = file.read_bytes()
    length = len(data.rstrip()) - 1
    yield from sorted({1, length, *(length * place // PLACES for place in range(1, PLACES))} - {0})


def judge(context: Context, config: dict[str, Any], kind: str) -> None:
    folder = context.root / "folder"
    whole = rows(context, config)
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        if kind in UNKNOWABLE or file.suffix in UNKNOWABLE:
            continue
        data = file.read_bytes()
        for length in cuts(file):
            file.write_bytes(data[:length])
            found = outcome(context, config)
            if isinstance(found, NodeError):
                assert found.code != "node_failed", found
                assert file.stem in found.message
            else:
                assert found == whole, (file.name, length, len(data), found)
        file.write_bytes(data)


@pytest.mark.parametrize("ending", [end for kind in FILES for end in writers()[kind].extensions])
def test_a_file_that_was_cut(context: Context, save: Save, ending: str) -> None:
    kind = next(kind for kind in FILES if ending in writers()[kind].extensions)
    table = context.session.sql(MORE, t=typed(context, kind))
    needed, column = NEEDED.get(kind, {}), {"column": "text"} if kind == "text" else {}
    save(table, target_type=kind, path=f"folder/a{ending}", **needed, **column)
    judge(context, {"source_type": kind, "path": f"folder/a{ending}", **needed}, kind)


@pytest.mark.parametrize("index", [True, False])
def test_one_with_an_index(context: Context, save: Save, index: bool) -> None:
    table = context.session.sql(MORE, t=typed(context, "flatgeobuf")).filter("geometry IS NOT NULL")
    save(table, target_type="flatgeobuf", path="folder/a.fgb", index=index)
    judge(context, {"source_type": "flatgeobuf", "path": "folder/a.fgb"}, "flatgeobuf")


def test_a_drawing(context: Context, save: Save) -> None:
    query = "SELECT 'POINT (1 2)'::GEOMETRY AS geometry, 'a' AS layer FROM range(100)"
    save(query, target_type="dxf", path="folder/a.dxf")
    judge(context, {"source_type": "dxf", "path": "folder/a.dxf"}, "dxf")


def test_an_extract(context: Context) -> None:
    (context.root / "folder").mkdir()
    (context.root / "folder/a.osm.pbf").write_bytes(data := extract())
    config = {"source_type": "osm_pbf", "path": "folder/a.osm.pbf"}
    start = data.index(b"OSMData") - 6  # the second block
    for length in {*range(20, len(data))} - {start}:
        (context.root / "folder/a.osm.pbf").write_bytes(data[:length])
        with pytest.raises(NodeError, match=r"'folder/a.osm.pbf' ends in the middle: its last block"):
            rows(context, config)


@pytest.mark.parametrize("kind", ["gml", "gpx"])
def test_features_of_xml_without_a_schema(context: Context, save: Save, kind: str) -> None:
    """Of these GDAL gives no rows where there is something wrong anywhere."""
    table = context.session.sql(MORE, t=typed(context, kind))
    path = f"folder/a.{kind}"
    save(table, target_type=kind, path=path)
    (context.root / "folder/a.xsd").unlink(missing_ok=True)
    judge(context, {"source_type": kind, "path": path}, kind)
    file = context.root / path
    data = file.read_bytes()
    place = data.index("日本".encode(), len(data) // 2)
    line = data[:place].count(b"\n") + 1
    file.write_bytes(data[:place] + b"&" + data[place:])
    with pytest.raises(NodeError, match=f"'{path}' is not well-formed XML: line {line:,}") as error:
        rows(context, {"source_type": kind, "path": path})
    assert error.value.code == "unreadable_file"


def test_the_end_is_known_without_reading(context: Context, design: Context, save: Save) -> None:
    """Where it costs nothing, before a run."""
    for kind, ending in (("gpx", ".gpx"), ("kml", ".kml"), ("gml", ".gml"), ("shapefile", ".shp"), ("dxf", ".dxf")):
        save(typed(context, kind if kind != "dxf" else "gpx"), target_type=kind, path=f"{kind}/a{ending}")
        file = context.root / f"{kind}/a{ending}"
        file.write_bytes(file.read_bytes()[:-10])
        with pytest.raises(NodeError, match="ends in the middle") as error:
            rows(design, {"source_type": kind, "path": f"{kind}/a{ending}"})
        assert (error.value.code, error.value.path) == ("unreadable_file", "/config/path")


@pytest.mark.parametrize("after", ["", "\n", "<!-- the end -->\n", "\n<?end?>\n"])
def test_what_may_stand_behind_the_last_element(context: Context, load: Load, save: Save, after: str) -> None:
    table = typed(context, "gpx")
    save(table, target_type="gpx", path="a.gpx")
    with (context.root / "a.gpx").open("a") as file:
        file.write(after)
    assert len(load(source_type="gpx", path="a.gpx").fetchall()) == len(table.fetchall())


def test_damage_in_a_large_file_is_told(context: Context, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that go through a stored table are as few as GDAL gives."""
    monkeypatch.setattr(vector_reading, "IN_MEMORY", 0)
    save(context.session.sql(MORE, t=typed(context, "gml")), target_type="gml", path="a.gml")
    file = context.root / "a.gml"
    data = file.read_bytes()
    place = data.index("日本".encode(), len(data) // 2)
    file.write_bytes(data[:place] + b"&" + data[place:])
    with pytest.raises(NodeError, match=r"'a.gml' cannot be read to its end: it is damaged or cut off after about \d+"):
        rows(context, {"source_type": "gml", "path": "a.gml"})
