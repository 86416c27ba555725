import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import SHAPE, geo, shapes, table

from orchestrator.crs import projjson
from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.spatial_join import SpatialJoin

SQUARES = geo("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", "POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))", first="square")
POINTS = geo("POINT (1.5 1.5)", "POINT (9 9)", "POINT (0 0)", None, "POINT EMPTY", "POINT (2.5 2.5)")
CASES = [
    ("intersects", [(0, 0), (0, 1), (2, 0), (5, 1)], [1, 3, 4]),
    ("within", [(0, 0), (0, 1), (5, 1)], [1, 2, 3, 4]),
    ("touches", [(2, 0)], [0, 1, 3, 4, 5]),
    ("contains", [], [0, 1, 2, 3, 4, 5]),
    ("covers", [], [0, 1, 2, 3, 4, 5]),
    ("crosses", [], [0, 1, 2, 3, 4, 5]),
    ("overlaps", [], [0, 1, 2, 3, 4, 5]),
    ("disjoint", [(1, 0), (1, 1), (2, 1), (5, 0)], [0, 3, 4]),
]


def ids(relation, *names):
    return relation.project(", ".join(names)).fetchall()


@pytest.mark.parametrize(("predicate", "joined", "left_only"), CASES)
def test_points_and_areas(run, predicate, joined, left_only):
    made = run.relations("spatial_join", {"predicate": predicate}, left=POINTS, right=SQUARES)
    assert ids(made["joined"], "id", "square") == joined
    assert [row[0] for row in ids(made["left_only"], "id")] == left_only


AREAS = [
    ("contains", [(0, 0), (1, 0), (1, 5)]),
    ("covers", [(0, 0), (0, 2), (1, 0), (1, 5)]),
    ("within", []),
]


@pytest.mark.parametrize(("predicate", "joined"), AREAS)
def test_areas_and_points(run, predicate, joined):
    made = run.relations("spatial_join", {"predicate": predicate}, left=SQUARES, right=POINTS)
    assert ids(made["joined"], "square", "id") == joined


def test_keeps_the_left_geometry_and_takes_the_right_columns(run):
    made = run.relations("spatial_join", {}, left=POINTS, right=SQUARES)
    assert made["joined"].columns == ["id", "geometry", "square"]
    assert made["left_only"].columns == ["id", "geometry"]
    assert [each.wkt for each in shapes(made["joined"])][:2] == ["POINT (1.5 1.5)"] * 2
    assert str(made["joined"].types[1]) == f"GEOMETRY('{projjson('EPSG:3857')}')".replace(", ", ",").replace(": ", ":")


def test_first_in_the_order_of_the_right(run):
    made = run.relations("spatial_join", {"multiple": "first"}, left=POINTS, right=SQUARES + " ORDER BY n DESC")
    assert ids(made["joined"], "id", "square") == [(0, 1), (2, 0), (5, 1)]


RIGHT = f"SELECT * , 'x' AS id, [1, 2] AS list, 'POINT (7 7)'::GEOMETRY AS other FROM ({SQUARES})"
COLUMNS = [
    ({}, ["id", "geometry", "square", "id_right", "list", "other"]),
    ({"columns": []}, ["id", "geometry"]),
    ({"columns": ["list", "square", "list"]}, ["id", "geometry", "list", "square"]),
    ({"columns": ["ID"], "suffix": "2"}, ["id", "geometry", "ID2"]),
    ({"columns": ["geometry"]}, ["id", "geometry", "geometry_right"]),
]


@pytest.mark.parametrize(("config", "expected"), COLUMNS)
def test_columns(run, config, expected):
    made = run.relations("spatial_join", config, left=POINTS, right=RIGHT)
    assert made["joined"].columns == expected
    assert len(made["joined"].fetchall()) == 4


@pytest.mark.parametrize(("left", "right"), [(geo(), SQUARES), (POINTS, geo(first="square")), (geo(), geo(first="b"))])
def test_one_side_is_empty(run, left, right):
    made = run.relations("spatial_join", {}, left=left, right=right)
    assert made["joined"].fetchall() == []
    assert len(made["left_only"].fetchall()) == (0 if left == geo() else 6)


def test_systems_that_differ_in_axis_order_alone(run):
    left, right = geo("POINT (1 1)", crs="EPSG:4326"), geo("POINT (1 1)", crs="OGC:CRS84", first="b")
    assert len(run.relations("spatial_join", {}, left=left, right=right)["joined"].fetchall()) == 1


def test_both_systems_unknown(run):
    left, right = geo("POINT (1 1)", crs=None), geo("POINT (1 1)", crs=None, first="b")
    assert len(run.relations("spatial_join", {}, left=left, right=right)["joined"].fetchall()) == 1


REFUSED = [
    ({}, "SELECT 1 AS a", SQUARES, "missing_geometry", None),
    ({}, POINTS, "SELECT 1 AS a", "missing_geometry", None),
    ({}, POINTS, geo("POINT (1 1)", crs="EPSG:4326"), "crs_mismatch", None),
    ({}, POINTS, geo("POINT (1 1)", crs=None), "missing_crs", None),
    ({"columns": ["square", "sqare"]}, POINTS, SQUARES, "unknown_column", "/config/columns/1"),
    ({"suffix": ""}, POINTS, POINTS, "duplicate_column", "/config/suffix"),
    ({"predicate": "near"}, POINTS, SQUARES, "invalid_config", "/config/predicate"),
]


@pytest.mark.parametrize(("config", "left", "right", "code", "path"), REFUSED)
def test_refuses_at_design_time(run, config, left, right, code, path):
    assert run.refuses("spatial_join", config, left=left, right=right)[:2] == (code, path)


def test_says_which_systems_differ(run):
    message = run.refuses("spatial_join", {}, left=POINTS, right=geo(crs="EPSG:25832"))[2]
    assert message.startswith("The geometry at 'left' is in EPSG:3857, that at 'right' in EPSG:25832.")


COLLECTION = geo("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1))", first="b")
BROKEN = [
    ("POLYGON ((0 0, 1 1))", "within", "do not form a closed linestring"),
]


@pytest.mark.parametrize(("shape", "predicate", "reason"), BROKEN)
def test_names_the_row_that_geos_cannot_use(run, shape, predicate, reason):
    left = geo("POINT (1 1)", None, shape)
    with pytest.raises(NodeError, match=f"Row 3 of the table at 'left' .*{reason}") as caught:
        run.relations("spatial_join", {"predicate": predicate}, left=left, right=COLLECTION)
    assert (caught.value.code, caught.value.row, caught.value.port) == ("invalid_geometry", 3, "left")


def test_names_the_row_of_the_right(run):
    with pytest.raises(NodeError, match="Row 2 of the table at 'right'"):
        run.relations("spatial_join", {}, left=POINTS, right=geo(None, "LINESTRING (0 0)", first="b"))


CASES_OF = [*dict.fromkeys(case[0] for case in CASES), "covered_by", "equals"]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(SHAPE, max_size=6),
    st.lists(SHAPE, max_size=6),
    st.sampled_from(CASES_OF),
    st.sampled_from(["all", "first"]),
)
def test_against_a_loop_over_shapely(opened, left, right, predicate, multiple):
    expected, alone = [], []
    for one, ours in enumerate(left):
        found = [
            (one, other)
            for other, theirs in enumerate(right)
            if ours
            and theirs
            and not ours.is_empty
            and not theirs.is_empty
            and getattr(shapely, predicate)(ours, theirs)
        ]
        expected += found[:1] if multiple == "first" else found
        alone += [] if found else [one]
    tables = {"left": table(opened, left, "a"), "right": table(opened, right, "b")}
    made = SpatialJoin(predicate=predicate, multiple=multiple).call(tables, Context(opened, None))
    assert ids(made["joined"], "a", "b") == expected
    assert [row[0] for row in ids(made["left_only"], "a")] == alone


MORE = [
    ({"predicate": "covered_by"}, [(0, 0), (0, 1), (2, 0), (5, 1)]),
    ({"predicate": "equals"}, []),
    ({"predicate": "dwithin", "distance": 0}, [(0, 0), (0, 1), (2, 0), (5, 1)]),
    ({"predicate": "dwithin", "distance": 0.5 * 2**0.5 + 1e-9}, [(0, 0), (0, 1), (2, 0), (5, 0), (5, 1)]),
    ({"predicate": "dwithin", "distance": 100, "unit": "metre"}, [(n, m) for n in (0, 1, 2, 5) for m in (0, 1)]),
]


@pytest.mark.parametrize(("config", "joined"), MORE)
def test_more_predicates(run, config, joined):
    made = run.relations("spatial_join", config, left=POINTS, right=SQUARES)
    assert ids(made["joined"], "id", "square") == joined


ONCE = [
    ({"multiple": "count"}, [("match_count", "BIGINT")], [(0, 2), (2, 1), (5, 1)]),
    ({"multiple": "count", "count_column": "n"}, [("n", "BIGINT")], [(0, 2), (2, 1), (5, 1)]),
    ({"multiple": "merge", "columns": ["square"]}, [("square", "INTEGER[]")], [(0, [0, 1]), (2, [0]), (5, [1])]),
    (
        {"multiple": "merge"},
        [("square", "INTEGER[]"), ("id_right", "VARCHAR[]"), ("list", "INTEGER[][]")],
        [(0, [0, 1], ["x", "x"], [[1, 2], [1, 2]]), (2, [0], ["x"], [[1, 2]]), (5, [1], ["x"], [[1, 2]])],
    ),
]


@pytest.mark.parametrize(("config", "columns", "expected"), ONCE)
def test_a_left_row_once(run, config, columns, expected):
    made = run.relations("spatial_join", config, left=POINTS, right=RIGHT)
    assert list(zip(made["joined"].columns[2:], map(str, made["joined"].types[2:]), strict=True)) == columns
    assert made["joined"].project("* EXCLUDE (geometry)").fetchall() == expected
    assert [row[0] for row in ids(made["left_only"], "id")] == [1, 3, 4]


UNKNOWN = geo("POINT (NaN NaN)", "LINESTRING (7 7, NaN 8, 9 9)", "LINESTRING (7 7, inf 8)", None, "POINT EMPTY")
COVER = geo("POLYGON ((0 0, 99 0, 99 99, 0 99, 0 0))", first="square")


@pytest.mark.parametrize("predicate", CASES_OF)
@pytest.mark.parametrize("tables", [{"left": UNKNOWN, "right": COVER}, {"left": COVER, "right": UNKNOWN}])
def test_what_has_no_place_matches_nothing(run, predicate, tables):
    assert run("spatial_join", {"predicate": predicate}, **tables)["joined"] == []


DWITHIN = {"predicate": "dwithin", "distance": 112_000, "unit": "metre"}


def test_metres_between_degrees(run):
    left = geo("POINT (179.5 0)", "POINT (0 0)", None, crs="EPSG:4326", first="a")
    right = geo("POINT (-179.5 0)", "POINT (0 1)", "POINT (1.1 0)", crs="EPSG:4326", first="b")
    made = run.relations("spatial_join", DWITHIN, left=left, right=right)
    assert ids(made["joined"], "a", "b") == [(0, 0), (1, 1)]


MISTAKES = [
    ({"predicate": "dwithin"}, POINTS, "invalid_config", "/config/distance"),
    ({"distance": 5}, POINTS, "invalid_config", "/config/distance"),
    ({"multiple": "count", "columns": ["square"]}, POINTS, "invalid_config", "/config/columns"),
    ({"multiple": "count", "count_column": "ID"}, POINTS, "duplicate_column", "/config/count_column"),
    ({"multiple": "merge", "columns": ["square", "other"]}, POINTS, "type_mismatch", "/config/columns/1"),
]


@pytest.mark.parametrize(("config", "left", "code", "path"), MISTAKES)
def test_refuses_settings_that_do_not_fit(run, config, left, code, path):
    assert run.refuses("spatial_join", config, left=left, right=RIGHT)[:2] == (code, path)
