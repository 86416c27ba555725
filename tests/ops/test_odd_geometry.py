"""Every node type that works on geometry, on geometry that is odd: rows, or an error that names the row."""

import pytest
from feeds import combines, feed, write_files
from running import table
from spatial_tables import geo

from orchestrator.errors import NodeError
from orchestrator.faults import blame
from orchestrator.ops.base import Context
from orchestrator.registry import node_types
from orchestrator.schema import geometry_columns

BOW = "((0 0, 2 2, 2 0, 0 2, 0 0))"
KINDS = ("POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION")
ODD = {
    "null": [None, None],
    "empty": [f"{kind} EMPTY" for kind in KINDS],
    "invalid": [
        f"POLYGON {BOW}", "POLYGON ((0 0, 4 0, 4 4, 2 0, 0 4, 0 0))", "LINESTRING (1 1, 1 1)",
        "POLYGON ((1 1, 1 1, 1 1, 1 1))", "POLYGON ((0 0, 1 0, 1 0, 1 1, 0 0))", f"MULTIPOLYGON ({BOW}, {BOW})",
    ],
    "3D": ["POINT Z (1 2 3)", "LINESTRING Z (0 0 1, 1 1 2)", "POLYGON Z ((0 0 1, 1 0 2, 1 1 3, 0 0 1))"],
    "measured": ["POINT ZM (1 2 3 4)",
                 "LINESTRING M (0 0 1, 1 1 2)", "POLYGON ZM ((0 0 1 5, 1 0 2 6, 1 1 3 7, 0 0 1 5))"],
    "mixed": [
        "POINT (1 2)", None, "LINESTRING (0 0, 1 1)", "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))",
        "MULTIPOINT (0 0, 1 1)", "POINT EMPTY",
    ],
    "collections": [
        "GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POINT (1 1)), POLYGON EMPTY)", "MULTIPOINT (EMPTY, 1 1)",
        "GEOMETRYCOLLECTION (POINT (0 0), POLYGON ((0 0, 1 0, 1 1, 0 0)))", "MULTIPOLYGON (EMPTY)",
    ],
    "huge": ["POINT (1e308 1e308)", "LINESTRING (-1e308 0, 1e308 0)", "POLYGON ((0 0, 1e308 0, 1e308 1e308, 0 0))"],
    "infinite": ["POINT (inf 0)", "LINESTRING (0 0, inf inf)", "POINT (nan 1)"],
    "around the world": [
        "POLYGON ((179 10, -179 10, -179 11, 179 11, 179 10))", "POINT (180 90)", "POINT (0 -90)",
        "LINESTRING (170 80, -170 80)", "POLYGON ((-180 80, 180 80, 180 90, -180 90, -180 80))",
    ],
}  # fmt: skip
CRSS = ("EPSG:4326", None)
TYPES = node_types()
OTHERS = ("union", "sort", "distinct", "sample", "hash_rows", "change_detector", "log")
SPATIAL = sorted(kind for kind, op in TYPES.items() if op.category == "Spatial" or kind in OTHERS)
# Numbers too large for GEOS make it complain besides.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(scope="module")
def odd_ones(opened):
    """The tables of odd shapes: DuckDB takes long to read the text of a CRS."""
    return {
        (odd, crs): table(opened, geo(*shapes, crs=crs, column="_shape", first="_number"))
        for odd, shapes in ODD.items()
        for crs in CRSS
    }


def tables_of(session, op):
    """The usual tables of each port."""
    return {
        port: [table(session, each) for each in sql] if isinstance(sql, list) else table(session, sql)
        for port, sql in feed(op).items()
    }


def filled(session, usual, odd):
    """The first row of a usual table again and again, with each of these shapes."""
    if isinstance(usual, list):
        return [filled(session, each, odd) for each in usual]
    own = geometry_columns(usual)
    if not own:
        return usual
    columns = [f'o._shape AS "{name}"' if name in own else f'u."{name}"' for name in usual.columns]
    query = f"SELECT {', '.join(columns)} FROM {{odd}} o, (SELECT * FROM {{usual}} LIMIT 1) u ORDER BY o._number"
    return session.sql(query, odd=odd, usual=usual)


def count(relation):
    return len(relation.fetchall())


def complaint(error):
    """What an error should say and does not."""
    if error.code in ("node_failed", "internal"):
        return f"nobody thought of it: {error.message}"
    if error.code == "invalid_geometry" and error.row is None:
        return f"no row: {error.message}"
    return None if error.message.endswith((".", "?")) else f"no sentence: {error.message}"


@pytest.mark.parametrize("crs", CRSS)
@pytest.mark.parametrize("kind", SPATIAL)
def test_odd_geometry_gives_rows_or_an_error_with_its_row(kind, crs, session, tmp_path, odd_ones):
    op, wrong = TYPES[kind], {}
    write_files(op, tmp_path)
    context = Context(session, tmp_path, scratch=tmp_path)
    usual = tables_of(session, op)
    for odd in ODD:
        tables = {port: filled(session, each, odd_ones[odd, crs]) for port, each in usual.items()}
        try:
            with blame("n"):
                made = op.configure(op.example).call(tables, context)
                rows = sum(count(each) for each in made.values())
        except NodeError as error:
            wrong[odd] = complaint(error)
            continue
        if "rejected" in made and list(tables) == ["table"] and not combines(op) and rows < count(tables["table"]):
            wrong[odd] = f"only {rows} rows of {count(tables['table'])} come out"
    assert not any(wrong.values()), wrong
