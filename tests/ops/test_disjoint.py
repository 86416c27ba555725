"""`spatial_join` with `disjoint`, whose pairs no tree of boxes finds."""

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_tables import SHAPE, geo, table
from test_spatial_join import POINTS, SQUARES, UNKNOWN, ids

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context
from orchestrator.ops.spatial_join import SpatialJoin

DISJOINT = [
    ({"multiple": "first"}, [(1, 0), (2, 1), (5, 0)]),
    ({"multiple": "count"}, [(1, 2), (2, 1), (5, 1)]),
    ({"multiple": "merge"}, [(1, [0, 1]), (2, [1]), (5, [0])]),
    ({"max_pairs": 4}, [(1, 0), (1, 1), (2, 1), (5, 0)]),
    ({"multiple": "count", "max_pairs": 0}, [(1, 2), (2, 1), (5, 1)]),
]


@pytest.mark.parametrize(("config", "expected"), DISJOINT)
def test_disjoint_rows_once(run, config, expected):
    made = run.relations("spatial_join", {"predicate": "disjoint", **config}, left=POINTS, right=SQUARES)
    assert made["joined"].project("* EXCLUDE (geometry)").fetchall() == expected
    assert sorted(row[0] for row in ids(made["left_only"], "id")) == [0, 3, 4]


@pytest.mark.parametrize("multiple", ["all", "first", "count", "merge"])
@pytest.mark.parametrize("tables", [{"left": UNKNOWN, "right": SQUARES}, {"left": SQUARES, "right": UNKNOWN}])
def test_what_has_no_place_is_not_disjoint(run, multiple, tables):
    made = run("spatial_join", {"predicate": "disjoint", "multiple": multiple}, **tables)
    assert made["joined"] == []


@pytest.mark.parametrize("multiple", ["all", "merge"])
def test_too_many_pairs_are_refused_while_they_are_found(run, multiple):
    config = {"predicate": "disjoint", "multiple": multiple, "max_pairs": 3}
    with pytest.raises(NodeError, match="More than 3 pairs are disjoint") as caught:
        run.relations("spatial_join", config, left=POINTS, right=SQUARES)
    assert (caught.value.code, caught.value.path) == ("too_large", "/config/max_pairs")


def test_broken_shapes_are_named_for_disjoint_too(run):
    with pytest.raises(NodeError, match="Row 2 of the table at 'left'"):
        run.relations("spatial_join", {"predicate": "disjoint"}, left=geo(None, "LINESTRING (0 0)"), right=SQUARES)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(SHAPE, st.integers(0, 2)), max_size=7), st.lists(st.tuples(SHAPE, st.integers(0, 2)), max_size=7)
)
def test_disjoint_in_groups_against_a_loop(opened, left, right):
    expected = [
        [m for m, (theirs, h) in enumerate(right) if g == h and ours and theirs and shapely.disjoint(ours, theirs)]
        for ours, g in left
    ]
    tables = {
        port: table(opened, [each[0] for each in given], name, [each[1] for each in given])
        for port, name, given in (("left", "a", left), ("right", "b", right))
    }
    found = {}
    for multiple in ("all", "first", "count", "merge"):
        node = SpatialJoin(predicate="disjoint", multiple=multiple, group_by=["g"])
        made = node.call(tables, Context(opened, None))["joined"]
        found[multiple] = ids(made, "a", "match_count" if multiple == "count" else "b")
    assert found == {
        "all": [(n, m) for n, each in enumerate(expected) for m in each],
        "first": [(n, each[0]) for n, each in enumerate(expected) if each],
        "count": [(n, len(each)) for n, each in enumerate(expected) if each],
        "merge": [(n, each) for n, each in enumerate(expected) if each],
    }
