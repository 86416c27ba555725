"""Where every row meets every other, what is asked of the pairs is small, and so is the memory that it takes."""

import tracemalloc

import pytest

from orchestrator.ops import _near

SPOTS = "SELECT i, ('POINT (' || {x} + i / 1e4 || ' ' || {x} + i % 37 / 1e3 || ')')::GEOMETRY AS geometry FROM r"
AREAS = "SELECT i AS k, ('POLYGON ((0 0, 9 0, 9 ' || 9 + i || ', 0 9, 0 0))')::GEOMETRY AS geometry FROM r"
OVERLAPS = [
    ("spatial_join", {"multiple": "count"}, ("left", "right")),
    ("spatial_join", {"multiple": "count", "predicate": "disjoint"}, ("left", "right")),
    ("spatial_join", {"multiple": "first", "columns": [], "predicate": "disjoint"}, ("left", "right")),
    ("spatial_filter", {"match": "all", "predicate": "disjoint"}, ("candidate", "filter")),
]


def places(at, what=SPOTS):
    return f"WITH r AS (SELECT i FROM range(2000) t(i)) {what.format(x=at)}"


def peak(run, kind, config, tables):
    """The rows of each port, and the megabytes that NumPy and Python held at most."""
    tracemalloc.start()
    made = run.relations(kind, config, **tables)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return [len(each.fetchall()) for each in made.values()], most / 1e6


@pytest.mark.parametrize(("kind", "config", "ports"), OVERLAPS)
def test_of_shapes_that_all_overlap(run, kind, config, ports):
    rows, most = peak(run, kind, config, dict(zip(ports, (places(1), places(1, AREAS)), strict=True)))
    assert sorted(rows)[-1] == sum(rows) == 2000
    assert most < 180


@pytest.mark.parametrize("multiple", ["count", "first"])
def test_of_shapes_that_are_all_apart(run, multiple):
    config = {"predicate": "disjoint", "multiple": multiple}
    rows, most = peak(
        run, "spatial_join", config, {"left": places(20), "right": places(1, AREAS.replace("9 +", "-i +"))}
    )
    assert rows == [2000, 0]
    assert most < 60


def test_of_neighbours_that_are_all_far_away(run):
    rows, most = peak(run, "nearest", {"count": 2}, {"base": places(0), "candidate": places(100)})
    assert rows == [4000, 0]
    assert most < 60


def test_of_neighbours_that_are_all_at_one_place(run):
    spot = places(0).replace("{x} + ", "").replace("0 + i / 1e4", "8").replace("0 + i % 37 / 1e3", "9")
    spot = f"SELECT * REPLACE (st_setcrs(geometry, 'EPSG:4326') AS geometry) FROM ({spot})"
    rows, most = peak(run, "nearest", {"count": 2, "unit": "metre"}, {"base": spot, "candidate": spot})
    assert rows == [4000, 0]
    assert most < 20


SQUARES = """SELECT i, i % 3 AS g, format('POLYGON (({0} {1}, {2} {1}, {2} {3}, {0} {3}, {0} {1}))', x, y, x + 3, y + 3)
    ::GEOMETRY AS geometry FROM (SELECT i, i * 7 % 11 + AT AS x, i * 5 % 13 AS y FROM range(40) t(i))"""
NODES = [
    ("spatial_join", {}, ("left", "right")),
    ("spatial_join", {"multiple": "merge"}, ("left", "right")),
    ("spatial_join", {"multiple": "first", "group_by": ["g"]}, ("left", "right")),
    ("spatial_join", {"predicate": "disjoint"}, ("left", "right")),
    ("spatial_join", {"predicate": "disjoint", "multiple": "merge", "group_by": ["g"]}, ("left", "right")),
    ("spatial_join", {"predicate": "dwithin", "distance": 1, "multiple": "count"}, ("left", "right")),
    ("spatial_filter", {"match": "all", "predicate": "disjoint", "group_by": ["g"]}, ("candidate", "filter")),
    ("clip", {"clippers": "each", "columns": ["i"]}, ("table", "clipper")),
    ("clip", {"group_by": ["g"]}, ("table", "clipper")),
    ("overlay", {"how": "union", "group_by": ["g"]}, ("left", "right")),
    ("nearest", {"count": 3}, ("base", "candidate")),
]


@pytest.mark.parametrize(("kind", "config", "ports"), NODES)
def test_few_rows_at_once_give_the_same(run, monkeypatch, kind, config, ports):
    tables = dict(zip(ports, (SQUARES.replace("AT", "0"), SQUARES.replace("AT", "0.5")), strict=True))
    whole = run(kind, config, **tables)
    monkeypatch.setattr(_near, "PAIRS", 9)
    assert run(kind, config, **tables) == whole


def test_cut_by_few_at_once(run, monkeypatch):
    """Of a tenth of the rows at a time the pairs and pieces take a tenth of the memory."""
    tables = {
        "table": SQUARES.replace("range(40)", "range(400)").replace("AT", "0"),
        "clipper": SQUARES.replace("AT", "0.5"),
    }
    rows, most = peak(run, "clip", {"clippers": "each"}, tables)
    monkeypatch.setattr(_near, "PAIRS", 400)
    fewer, less = peak(run, "clip", {"clippers": "each"}, tables)
    assert (fewer, less < most / 2) == (rows, True)
