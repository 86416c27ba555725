"""Values that come back as others: the run's log has a line for each loss and column, and none for what is kept."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_writer import DataWriter
from orchestrator.tables import Session

MOMENT, TIME = "TIMESTAMP '2020-01-02 03:04:05.123456'", "TIME '03:04:05.123456'"
FINE, CUT = "Times finer than a millisecond", "are cut"
DIGITS, SUM = "Numbers of more than 15 digits", "0.1::DOUBLE + 0.2::DOUBLE"
NOT_FINITE = ("NaN or infinity", "become null")
EMPTY = ("''", "Empty texts", "come back as null")
ENDS = "Texts with blanks at an end"
# The file, the value, and what is said of it.
LOST = {
    "a.tab": [
        ("NULL::BIGINT", "Nulls", "become 0"),
        ("NULL::DECIMAL(4, 1)", "Nulls", "become 0"),
        ("NULL::VARCHAR", "Nulls", "become empty text"),
        ("NULL::INTEGER[]", "Nulls", "become empty text"),
        ("NULL::BOOLEAN", "Nulls", "become false"),
        (MOMENT, FINE, CUT),
        (TIME, FINE, CUT),
    ],
    "a.mif": [(SUM, DIGITS, "are rounded"), (r"e'a\nb'", "Texts with line ends", r"get \n for each")],
    "a.shp": [
        EMPTY,
        ("' a'", ENDS, "lose them"),
        ("'a '", ENDS, "lose them"),
        ("1 / 3", f"{DIGITS} after the point", "are rounded"),
    ],
    "a.gml": [
        EMPTY,
        ("' a'", "Texts with blanks or line ends before them", "lose these"),
        (r"e'a\r\nb'", "Texts with carriage returns", "get line feeds"),
        (SUM, DIGITS, "are rounded"),
        (MOMENT, FINE, CUT),
    ],
    "a.kml": [
        EMPTY,
        ("'a '", f"{ENDS}, or a line end before them,", "lose these"),
        (r"e'a\r\nb'", "Texts with carriage returns", "get line feeds"),
        (SUM, DIGITS, "are rounded"),
    ],
    "a.geojson": [
        (SUM, "Numbers with a run of 0 or 9 in their last digits", "are rounded"),
        ("-96.78049999999999::DOUBLE", "Numbers with a run of 0 or 9 in their last digits", "are rounded"),
        ("'nan'::DOUBLE", *NOT_FINITE),
        ("[1.5, 'inf'::DOUBLE]", *NOT_FINITE),
        (MOMENT, FINE, CUT),
        (f"({MOMENT})::TIMESTAMPTZ", FINE, CUT),
        (TIME, FINE, CUT),
    ],
    "a.gpkg": [
        ("'nan'::DOUBLE", "NaN", "become null"),
        (f"({MOMENT})::TIMESTAMPTZ", FINE, CUT),
        ("TIMESTAMP_NS '2020-01-02 03:04:05.123000789'", FINE, CUT),
    ],
    "a.fgb": [
        (MOMENT, FINE, CUT),
        ("TIMESTAMP '1969-12-31 23:59:59.5'", "Fractions of the last second of a minute before 1970", CUT),
    ],
    "a.gpx": [EMPTY, ("' '", "Texts of blanks alone", "come back as null")],
    "a.xlsx": [EMPTY, ("'-inf'::DOUBLE", *NOT_FINITE)],
    "a.sqlite": [("'nan'::DOUBLE", "NaN", "become null")],
    "a.fwf": [EMPTY, ("' a'", ENDS, "lose them")],
    "a.txt": [
        ("NULL::BIGINT", "Nulls", "become empty lines"),
        (r"e'a\nb'", "Texts with line ends", "become several rows"),
    ],
    **{f"a.{name}": [("'nan'::DOUBLE", *NOT_FINITE), ("{'b': 'inf'::DOUBLE}", *NOT_FINITE)] for name in
       ("json", "ndjson", "xml", "yaml")},
}  # fmt: skip
KEPT = [
    "0.1::DOUBLE",
    "0.1::FLOAT",
    "123456.789::DOUBLE",
    "'a b'",
    "'é'",
    "true",
    "TIMESTAMP '2020-01-02 03:04:05.123'",
    "TIMESTAMP '1960-01-02 03:04:58.123'",
    "TIMESTAMP '1960-01-02 03:04:59'",
]
FORMATS = {
    "tab": "mapinfo", "mif": "mapinfo", "shp": "shapefile", "gpkg": "geopackage", "fgb": "flatgeobuf",
    "xlsx": "excel", "txt": "text", "fwf": "fixed_width",
}  # fmt: skip
SHAPES = ("mapinfo", "shapefile", "gml", "kml", "geojson", "geopackage", "flatgeobuf", "gpx")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session of the test's own."""
    with Session([tmp_path]) as made:
        yield made


def written(table: str | Relation, path: str, context: Context, **config: Any) -> list[str]:
    lines: list[str] = []
    heard = dataclasses.replace(context, log=lambda level, text: lines.append(f"{level}: {text}"))
    rows = context.session.connection.sql(table) if isinstance(table, str) else table
    ending = path.rpartition(".")[2]
    if ending == "fwf":
        config["fields"] = [{"name": "v", "width": 30}]
    writer = DataWriter.configure({"target_type": FORMATS.get(ending, ending), "path": path, **config})
    writer.call({"table": rows}, heard)
    return lines


def rows_of(path: str, values: list[str]) -> str:
    ending = path.rpartition(".")[2]
    shape = ", 'POINT (1 2)'::GEOMETRY AS geometry" if FORMATS.get(ending, ending) in SHAPES else ""
    return " UNION ALL ".join(f"SELECT {value} AS v{shape}" for value in values)


@pytest.mark.parametrize(
    ("path", "value", "what", "becomes"), [(path, *case) for path, cases in LOST.items() for case in cases]
)
def test_what_is_lost_is_counted_by_column(path: str, value: str, what: str, becomes: str, context: Context) -> None:
    (line,) = [line for line in written(rows_of(path, [value, value]), path, context) if " in column " in line]
    assert line.startswith(f"warning: {what} (2) in column 'v' {becomes}: ")
    assert line.endswith(" does not keep them.")


@pytest.mark.parametrize("path", LOST)
def test_nothing_is_said_of_what_is_kept(path: str, context: Context) -> None:
    assert [written(rows_of(path, [value]), path, context) for value in KEPT] == [[]] * len(KEPT)


@pytest.mark.parametrize(
    ("path", "name", "told"), [("a.gpx", "time", True), ("a.gpx", "Time", False), ("a.kml", "End", True)]
)
def test_only_columns_of_these_names_are_times_of_the_format(
    path: str, name: str, told: bool, context: Context
) -> None:
    value = f"SELECT {MOMENT} AS \"{name}\", 'POINT (1 2)'::GEOMETRY AS geometry"
    assert (
        written(value, path, context)
        == [f"warning: {FINE} (1) in column '{name}' {CUT}: {path[2:].upper()} does not keep them."] * told
    )


@pytest.mark.parametrize("path", ["a.json", "a.geojson", "a.gpkg", "a.shp", "a.gml", "a.gpx"])
def test_the_rows_are_computed_once(path: str, context: Context) -> None:
    context.session.connection.execute("CREATE TEMP SEQUENCE asked")
    value = "''" if path in ("a.shp", "a.gml", "a.gpx") else "'nan'::DOUBLE"
    rows = context.session.connection.sql(
        f"SELECT columns(lambda c: c <> 'range') FROM ({rows_of(path, [value])}), range(1000)"
    )
    counted = rows.project("* REPLACE (CASE WHEN nextval('asked') > 0 THEN v END AS v)")
    (line,) = written(counted, path, context)
    assert "(1,000) in column 'v'" in line
    assert context.session.connection.sql("SELECT currval('asked')").fetchall() == [(1000,)]


def test_a_column_has_a_line_for_each_loss_and_rows_of_before_have_none(
    context: Context, load: Callable[..., Relation]
) -> None:
    rows = rows_of("a.gml", ["''", "' a'", "'  b'", "'c'"])
    first = written(rows, "a.gml", context)
    assert [line.partition(" in column")[0].rpartition(" ")[2] for line in first] == ["(1)", "(2)"]
    assert written(rows, "a.gml", context, mode="append") == first
    assert [row[0] for row in load(source_type="gml", path="a.gml").project("v").fetchall()] == [
        None,
        "a",
        "b",
        "c",
    ] * 2
    assert context.session.connection.sql("SELECT * FROM duckdb_sequences()").fetchall() == []


def test_rows_that_python_holds_and_a_write_that_fails(context: Context) -> None:
    import pyarrow

    table = context.session.arrow(pyarrow.table({"a": [1.5, float("nan")], "b": ["x", None]}))
    (line,) = written(table, "a.json", context)
    assert "(1) in column 'a'" in line
    with pytest.raises(Exception, match="boom"):
        written(
            "SELECT CASE WHEN i = 9 THEN error('boom') ELSE 'nan'::DOUBLE END AS v FROM range(10) q(i)",
            "a.json",
            context,
        )
    assert context.session.connection.sql("SELECT * FROM duckdb_sequences()").fetchall() == []


FILLED = [
    ("a.tab", "1 AS n", "1 AS n, 'x' AS t", "Nulls (2) in column 't' of the rows that were there become empty text"),
    (
        "a.mif", "1 AS n, 2.5::DOUBLE AS x", "1 AS N",
        "Nulls (3) in column 'x' of the file, which these rows do not have, become 0",
    ),
    (
        "a.tab", "1 AS n, true AS b", "1 AS n",
        "Nulls (3) in column 'b' of the file, which these rows do not have, become false",
    ),
    ("a.tab", "1 AS n, DATE '2020-01-02' AS d", "1 AS n", None),
    ("a.geojson", "1 AS n, 2.5::DOUBLE AS x", "1 AS n", None),
    ("a.gml", "1 AS n, 'x' AS t", "1 AS n", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "then", "said"), FILLED)
def test_rows_that_lack_a_column_are_told_of(
    path: str, before: str, then: str, said: str | None, context: Context
) -> None:
    shape = "'POINT (1 2)'::GEOMETRY AS geometry"
    assert written(f"SELECT {before}, {shape} FROM range(2)", path, context) == []
    lines = written(f"SELECT {then}, {shape} FROM range(3)", path, context, mode="append")
    assert lines == ([f"warning: {said}: MapInfo does not keep them."] if said else [])
