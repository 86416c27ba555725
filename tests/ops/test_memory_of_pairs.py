"""Where every row meets every other, what is asked of the pairs is small, and so is the memory that it takes."""

import tracemalloc

import pytest

SPOTS = "SELECT i, ('POINT (' || {x} + i / 1e4 || ' ' || {x} + i % 37 / 1e3 || ')')::GEOMETRY AS geometry FROM r"
AREAS = "SELECT i AS k, ('POLYGON ((0 0, 9 0, 9 ' || 9 + i || ', 0 9, 0 0))')::GEOMETRY AS geometry FROM r"
OVERLAPS = [
    ("spatial_join", {"multiple": "count"}, ("left", "right")),
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


def test_of_neighbours_that_are_all_far_away(run):
    rows, most = peak(run, "nearest", {"count": 2}, {"base": places(0), "candidate": places(100)})
    assert rows == [4000, 0]
    assert most < 60
