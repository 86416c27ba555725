"""What every format must do."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from orchestrator.errors import NodeError
from orchestrator.formats import vector_reading, writers
from orchestrator.formats.base import Writer
from orchestrator.formats.problems import translate
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter
from orchestrator.schema import columns, geometry_columns
from orchestrator.sql import names

Load = Callable[..., Relation]
Save = Callable[..., int]
SPATIAL = {"flatgeobuf", "gml", "gpx", "kml", "mapinfo", "geojson", "geopackage", "shapefile", "geoparquet"}
OF_FILES = {name for name, kind in writers().items() if issubclass(kind, Writer)}
FILES = sorted(OF_FILES - {"dxf"})  # which keeps geometry and layer alone
TABLES = sorted(set(FILES) - {"text"})  # of several columns
TYPED = """
SELECT * FROM (VALUES
    (1, 1.5, 'é "q"', true, DATE '2013-01-02',
     TIMESTAMP '2013-01-02 03:04:05.678', TIMESTAMPTZ '2013-01-02 03:04:05+02'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (-3, 2.25, '日本', false, DATE '1999-12-31', TIMESTAMP '1999-12-31 23:59:59', TIMESTAMPTZ '1999-12-31 23:59:59Z')
) t("int", "float", "text", "bool", "date", "time", "zone")
"""
EXACT = {
    "int": "BIGINT", "float": "DOUBLE", "text": "VARCHAR", "bool": "BOOLEAN", "date": "DATE", "time": "TIMESTAMP",
    "zone": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
# What a format has no type for, and what comes back instead.
OTHERWISE: dict[str, dict[str, str]] = {
    "flatgeobuf": {"date": "TIMESTAMP", "zone": "TIMESTAMP"},
    "excel": {"zone": "TIMESTAMP"},
    "gml": {"zone": "TIMESTAMP"},
    "gpx": {"bool": "VARCHAR", "date": "VARCHAR", "time": "TIMESTAMP", "zone": "VARCHAR"},
    "kml": {"int": "VARCHAR", "date": "VARCHAR", "time": "VARCHAR", "zone": "VARCHAR"},
    "mapinfo": {"zone": "TIMESTAMP"},
    "geopackage": {"time": "TIMESTAMP WITH TIME ZONE"},
    "shapefile": {"time": "VARCHAR", "zone": "VARCHAR"},
}
MORE = {"gpx", "kml"}  # have columns of their own
WITHOUT_NULL = {"gpx": "geometry IS NOT NULL", "mapinfo": '"int" IS NOT NULL'}  # rows that they can hold
NAMES_OF_XML = {"gml", "gpx", "mapinfo"}  # letters, digits and a few signs
FEATURES_ALONE = MORE | {"geojson"}  # say in each feature which columns it has
TEXT = {"csv", "tsv", "excel"}  # say in each value of which type it is
WGS_84_ALONE = {"geojson", "gpx", "kml"}
# Settings without which a format does not work.
WIDTHS = {"int": 10, "float": 20, "text": 20, "bool": 5, "date": 10, "time": 30, "zone": 30}
NAMES = ["select", "a b", 'q"q', "é", "A.b", "from", "x'y"]
NEEDED: dict[str, dict[str, Any]] = {
    "fixed_width": {"fields": [{"name": key, "width": WIDTHS[key], "type": kind} for key, kind in EXACT.items()]},
}
NAMED = {"fixed_width": {"fields": [{"name": name, "width": 3} for name in NAMES]}}


def path_of(kind: str) -> str:
    return f"folder/é a[1]!b;c#d%41&e{writers()[kind].extensions[0]}"


def typed(context: Context, kind: str) -> Relation:
    connection = context.session.connection
    made = connection.sql(TYPED).project('* REPLACE ("int"::BIGINT AS "int", "float"::DOUBLE AS "float")')
    if kind not in SPATIAL:
        return made
    shapes = [shapely.Point(13.4, 52.5), None, shapely.Point(-73.5, 45)]
    frame = geopandas.GeoDataFrame({"int": [1, None, -3]}, geometry=shapes, crs="EPSG:4326")
    return context.session.sql(
        "SELECT a.*, b.geometry FROM (SELECT *, row_number() OVER () n FROM {a}) a "
        "JOIN (SELECT *, row_number() OVER () n FROM {b}) b USING (n) ORDER BY n",
        a=made, b=context.session.from_frame(frame),
    ).project("* EXCLUDE (n)").filter(WITHOUT_NULL.get(kind, "true"))  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_values_come_back(context: Context, load: Load, save: Save, kind: str) -> None:
    table = typed(context, kind)
    assert save(table, target_type=kind, path=path_of(kind), **NEEDED.get(kind, {})) == len(table.fetchall())
    found = load(source_type=kind, path=path_of(kind), **NEEDED.get(kind, {}))
    expected = EXACT | OTHERWISE.get(kind, {})
    types = {name: column.type for name, column in zip(found.columns, columns(found), strict=True)}
    if kind in SPATIAL:
        assert types.pop("geometry") == "GEOMETRY"
    if kind in MORE:
        types = {name: types[name] for name in EXACT}
    assert types | ({"int": "BIGINT"} if types["int"] == "INTEGER" else {}) == expected
    same = [name for name in EXACT if name not in OTHERWISE.get(kind, {})]
    chosen = ", ".join(f'"{name}"' for name in same)
    assert found.project(chosen).fetchall() == table.project(chosen).fetchall()


def warned(design: Context, table: Relation, **config: Any) -> str:
    """What is said before a table of these columns is written."""
    empty = design.session.connection.from_arrow(table.limit(0).to_arrow_table())
    DataWriter.configure(config).call({"table": empty}, design)
    assert {(each.severity, each.code) for each in design.warnings} <= {("warning", "format_changes")}
    return " ".join(each.message for each in design.warnings)


@pytest.mark.parametrize("kind", TABLES)
def test_what_does_not_come_back_is_warned_of(context: Context, design: Context, kind: str) -> None:
    said = warned(design, typed(context, kind), target_type=kind, path=path_of(kind), **NEEDED.get(kind, {}))
    changed = {name: made for name, made in OTHERWISE.get(kind, {}).items() if made != EXACT[name]}
    assert dict(re.findall(r"'(\w+)' \([A-Z ]+\) becomes ([A-Z ]+)", said)) == changed


CHANGES = [
    ("shapefile", "1 AS population_total, 'x' AS short", "'population_total' is called 'population'."),
    (
        "geopackage",
        "1.5::DECIMAL(9, 2) AS d, [1] AS l",
        "'d' (DECIMAL(9,2)) becomes DOUBLE; 'l' (INTEGER[]) becomes VARCHAR.",
    ),
    ("geopackage", "1::SMALLINT AS s, 1.5::FLOAT AS f, uuid() AS u, '{}'::JSON AS j", ""),
    ("shapefile", "TIME '01:02:03' AS time_of_day", "'time_of_day' (TIME) becomes 'time_of_da' (VARCHAR)."),
    ("geopackage", "'POINT (1 2)'::GEOMETRY AS g", "'g' (GEOMETRY) becomes VARCHAR."),
    ("geopackage", ", ".join(f"TIME '01:02:03' AS t{n}" for n in range(7)), "'t4' (TIME) becomes VARCHAR; and 2 more."),
    ("dxf", "1 AS a, 'x' AS layer", "column 'a' is left out."),
    ("gml", "1 AS a, '2020-01-02'::TIMESTAMP_S AS s, '2020-01-02'::TIMESTAMP_MS AS m", ""),
    ("gml", "'2020-01-02'::TIMESTAMP_NS AS n", "'n' (TIMESTAMP_NS) becomes TIMESTAMP."),
    ("kml", "5 AS name, 6 AS id", "'name' (INTEGER) becomes 'Name' (VARCHAR)."),
    ("kml", "5 AS begin_, 'x' AS \"begin\"", "'begin' is called 'begin__'."),
]


@pytest.mark.parametrize(("kind", "columns", "message"), CHANGES)
def test_other_changes_are_warned_of(context: Context, design: Context, kind: str, columns: str, message: str) -> None:
    table = context.session.connection.sql(f"SELECT 'POINT (1 2)'::GEOMETRY AS geometry, {columns}")
    said = warned(design, table, target_type=kind, path=f"a{writers()[kind].extensions[0]}")
    assert said.endswith(message) if message else not said


@pytest.mark.parametrize("kind", sorted({*SPATIAL, "parquet"}))
def test_another_name_of_the_geometry_is_warned_of(
    context: Context, design: Context, load: Load, save: Save, kind: str
) -> None:
    table = context.session.connection.sql("SELECT 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geom, 'x' AS name")
    said = warned(design, table, target_type=kind, path=path_of(kind))
    save(table, target_type=kind, path=path_of(kind))
    (found,) = geometry_columns(load(source_type=kind, path=path_of(kind)))
    assert ("'geom' is called 'geometry'" in said) == (found == "geometry") == (found != "geom")


@pytest.mark.parametrize("kind", sorted(SPATIAL - {"gpx"}))
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:25832", None])
def test_geometry_and_its_system_come_back(
    context: Context, load: Load, save: Save, kind: str, crs: str | None
) -> None:
    shapes = [shapely.Polygon([(9, 50), (9, 51), (10, 51), (9, 50)]), shapely.box(9, 50, 10, 51), None]
    frame = geopandas.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs="EPSG:4326")
    frame = frame.to_crs(crs) if crs else frame.set_crs(None, allow_override=True)
    save(context.session.from_frame(frame), target_type=kind, path=f"a{writers()[kind].extensions[0]}")
    found = load(source_type=kind, path=f"a{writers()[kind].extensions[0]}")
    (name,) = geometry_columns(found)
    wanted = "EPSG:4326" if kind in WGS_84_ALONE else crs
    assert {column.name: column.crs for column in columns(found)}[name] == wanted
    made = context.session.frame(found).geometry
    expected = frame.to_crs("EPSG:4326").geometry if kind in WGS_84_ALONE and crs else frame.geometry
    for one, other in zip(made, expected, strict=True):
        assert one is None or one.normalize().equals_exact(other.normalize(), 1e-3 if kind == "mapinfo" else 1e-6)
        assert (one is None) == (other is None)


@pytest.mark.parametrize("kind", ["flatgeobuf", "geojson", "geopackage", "gml", "gpx", "kml", "mapinfo", "shapefile"])
def test_a_large_file_goes_through_a_stored_table(
    context: Context, load: Load, save: Save, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = typed(context, kind)
    save(table, target_type=kind, path=path_of(kind))
    small = load(source_type=kind, path=path_of(kind))
    monkeypatch.setattr(vector_reading, "IN_MEMORY", 0)
    large = load(source_type=kind, path=path_of(kind))
    assert context.scratch
    assert list(context.scratch.glob("*.parquet"))
    assert large.fetchall() == small.fetchall() == large.fetchall()


@pytest.mark.parametrize("kind", TABLES)
def test_no_rows(context: Context, load: Load, save: Save, kind: str) -> None:
    table = typed(context, kind).filter("false")
    assert save(table, target_type=kind, path=path_of(kind), **NEEDED.get(kind, {})) == 0
    if kind in ("json", "ndjson", "xml", "yaml"):
        with pytest.raises(NodeError) as error:
            load(source_type=kind, path=path_of(kind), **NEEDED.get(kind, {}))
        assert error.value.code in ("file_empty", "no_table")
        return
    found = load(source_type=kind, path=path_of(kind), **NEEDED.get(kind, {}))
    assert found.fetchall() == []
    types = {each.name: "BIGINT" if each.type == "INTEGER" else each.type for each in columns(found)}
    if kind in SPATIAL:
        assert types.pop("geometry") == "GEOMETRY"
    if kind in FEATURES_ALONE:
        assert not types.keys() & EXACT.keys() - {"time"}
        assert bool(types) == (kind in MORE)
    else:
        assert types == (dict.fromkeys(EXACT, "VARCHAR") if kind in TEXT else EXACT | OTHERWISE.get(kind, {}))


@pytest.mark.parametrize("kind", sorted(set(TABLES) - NAMES_OF_XML))
def test_names_come_back(context: Context, load: Load, save: Save, kind: str) -> None:
    asked = [name for name in NAMES if kind != "kml" or name != 'q"q']
    fields = ", ".join(f"{number} AS " + '"' + name.replace('"', '""') + '"' for number, name in enumerate(asked))
    table = context.session.connection.sql(f"SELECT {fields}")
    if kind in SPATIAL:
        table = table.project("*, 'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry")
    save(table, target_type=kind, path=path_of(kind), **NAMED.get(kind, {}))
    found = load(source_type=kind, path=path_of(kind), **NAMED.get(kind, {}))
    assert [name for name in found.columns if name != "geometry"][-len(asked) :] == asked


@pytest.mark.parametrize("kind", TABLES)
def test_append(context: Context, load: Load, save: Save, kind: str) -> None:
    table = typed(context, kind)
    config = {"target_type": kind, "path": path_of(kind), "mode": "append", **NEEDED.get(kind, {})}
    count = len(table.fetchall())
    assert [save(table, **config), save(table, **config), save(table.limit(1), **config)] == [count, count, 1]
    found = load(source_type=kind, path=path_of(kind), **NEEDED.get(kind, {}))
    same = [name for name in EXACT if name not in OTHERWISE.get(kind, {})]
    chosen = ", ".join(f'"{name}"' for name in same)
    once = table.project(chosen).fetchall()
    assert found.project(chosen).fetchall() == [*once, *once, once[0]]
    if kind in SPATIAL:
        assert columns(found)[found.columns.index("geometry")].crs == "EPSG:4326"


GARBAGE = {
    "empty": b"",
    "text": b"not what it says\n\0\1\2",
    "html": b"<html><body>no</body></html>",
    "zeros": bytes(500),
}
# What is no garbage to a format that takes nearly everything.
FITS: dict[str, set[str]] = {
    "csv": {"text", "html", "zeros", "vrt", "gdalg"}, "tsv": {"text", "html", "zeros", "vrt", "gdalg"},
    "text": {*GARBAGE, "vrt", "gdalg"}, "fixed_width": {*GARBAGE, "vrt", "gdalg"}, "ndjson": {"gdalg"},
    "xml": {"html", "vrt"},
}  # fmt: skip
VIRTUAL = {
    "vrt": '<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
    "gdalg": '{{"type": "gdal_streamed_alg", "command_line": "gdal vector convert {} --output-format stream s"}}',
}


@pytest.mark.parametrize("content", [*GARBAGE, *VIRTUAL])
@pytest.mark.parametrize("kind", sorted(OF_FILES))
def test_a_file_that_is_something_else(context: Context, design: Context, kind: str, content: str) -> None:
    """Also one that would make GDAL read another file."""
    secret = context.root.parent / "secret.csv"
    secret.write_text("secret_name,b\n1,2\n")
    data = GARBAGE[content] if content in GARBAGE else VIRTUAL[content].format(secret).encode()
    name = f"a{writers()[kind].extensions[0]}"
    (context.root / name).write_bytes(data)
    if kind == "shapefile":
        for suffix in (".dbf", ".shx"):
            (context.root / f"a{suffix}").write_bytes(data)
    if content in FITS.get(kind, ()):
        return
    for each in (design, context):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": kind, "path": name}).call({}, each)["result"].fetchall()
        assert error.value.code in ("file_empty", "unreadable_file", "no_table", "wrong_encoding"), error.value
        assert name in error.value.message
        assert "secret" not in error.value.message
        assert str(context.root) not in error.value.message
        assert error.value.message.endswith(".")


@pytest.fixture
def translated(tmp_path: Path) -> Callable[[BaseException], Any]:
    return lambda error: translate(error, tmp_path)


def test_errors_that_are_not_about_a_file_stay(context: Context, translated: Callable[[BaseException], Any]) -> None:
    for query in ("SELECT 'x'::INTEGER", "SELECT nope", "SELECT error('it broke')"):
        with pytest.raises(Exception) as error:  # noqa: PT011
            context.session.connection.sql(query).fetchall()
        assert translated(error.value) is None


def test_a_stored_name_is_the_column_name(context: Context) -> None:
    assert list(names(typed(context, "csv"))) == list(EXACT)
