"""Rows that meet in groups: as if each group were a table of its own."""

import dataclasses
import random

import pytest
import shapely
from spatial_tables import geo

LEFT = {"spatial_filter": "candidate", "spatial_join": "left", "clip": "table", "overlay": "left", "nearest": "base"}
RIGHT = {
    "spatial_filter": "filter", "spatial_join": "right", "clip": "clipper", "overlay": "right", "nearest": "candidate",
}  # fmt: skip
CASES = [
    ("spatial_filter", {}),
    ("spatial_filter", {"match": "all"}),
    ("spatial_filter", {"predicate": "disjoint"}),
    ("spatial_filter", {"predicate": "disjoint", "match": "all"}),
    ("spatial_filter", {"predicate": "dwithin", "distance": 1}),
    ("spatial_join", {}),
    ("spatial_join", {"multiple": "first"}),
    ("spatial_join", {"multiple": "count"}),
    ("spatial_join", {"predicate": "disjoint"}),
    ("spatial_join", {"predicate": "disjoint", "multiple": "first"}),
    ("spatial_join", {"predicate": "disjoint", "multiple": "count"}),
    ("clip", {}),
    ("clip", {"clippers": "each"}),
    ("overlay", {}),
    ("overlay", {"how": "difference"}),
    ("overlay", {"how": "union"}),
    ("nearest", {}),
    ("nearest", {"count": 3, "rank": "rank"}),
    ("nearest", {"count": 2, "max_distance": 2, "bearing": "bearing"}),
]


def many(count, size, seed, first):
    draw = random.Random(seed)
    corners = [(draw.randint(0, 20), draw.randint(0, 20)) for _ in range(count)]
    boxes = [shapely.box(x, y, x + size, y + size) for x, y in corners]
    keys = f"CASE n % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'b' WHEN 2 THEN NULL ELSE '{first}' END"
    table = geo(None, *boxes, "POLYGON EMPTY", first="n")
    return f"SELECT n AS {first}, {keys} AS k, n % 2 AS half, geometry FROM ({table})"


LEFTS, RIGHTS = many(60, 3, 1, "l"), many(15, 5, 2, "r")


def ports(made):
    """By port, also of a node that has one."""
    return made if isinstance(made, dict) else {"result": made}


@pytest.mark.parametrize(("type_", "config"), CASES)
@pytest.mark.parametrize("group_by", [["k"], ["k", "half"]])
def test_is_as_each_group_by_itself(run, type_, config, group_by):
    given = {LEFT[type_]: LEFTS, RIGHT[type_]: RIGHTS}
    made = ports(run(type_, config | {"group_by": group_by}, **given))
    expected = {port: [] for port in made}
    keys = ", ".join(group_by)
    groups = f"SELECT {keys} FROM ({LEFTS}) UNION SELECT {keys} FROM ({RIGHTS})"
    for group in run.session.connection.sql(groups).fetchall():
        values = ["NULL" if each is None else repr(each) for each in group]
        test = " AND ".join(f"{k} IS NOT DISTINCT FROM {v}" for k, v in zip(group_by, values, strict=True))
        alone = run(type_, config, **{port: f"FROM ({table}) WHERE {test}" for port, table in given.items()})
        for port, rows in ports(alone).items():
            expected[port] += rows
    assert {port: sorted(map(repr, rows)) for port, rows in made.items()} == {
        port: sorted(map(repr, rows)) for port, rows in expected.items()
    }
    if type_ != "overlay":  # pairs come before what is left
        assert all([row[0] for row in rows] == sorted(row[0] for row in rows) for rows in made.values())
    assert any(made.values())


@pytest.mark.parametrize("type_", LEFT)
def test_refuses(run, type_):
    given = {LEFT[type_]: LEFTS, RIGHT[type_]: RIGHTS}
    assert run.refuses(type_, {"group_by": ["r"]}, **given)[:2] == ("unknown_column", "/config/group_by/0")
    assert run.refuses(type_, {"group_by": ["k", "l"]}, **given)[:2] == ("unknown_column", "/config/group_by/1")
    assert run.refuses(type_, {"group_by": ["geometry"]}, **given)[:2] == ("type_mismatch", "/config/group_by/0")
    assert run.refuses(type_, {"group_by": ["k", "k"]}, **given)[:2] == ("invalid_config", "/config/group_by/1")
    other = {**given, RIGHT[type_]: RIGHTS.replace("n % 2 AS half", "'x' AS half")}
    assert run.refuses(type_, {"group_by": ["half"]}, **other)[:2] == ("type_mismatch", "/config/group_by/0")


@pytest.mark.parametrize(("type_", "config"), CASES)
def test_in_a_fused_run_each_table_is_read_once(run, tmp_path, type_, config):
    """Read again, a query may give its rows in another order, and the groups would be those of other rows."""
    if config.get("multiple") == "first" or config.get("clippers") == "each":
        config = config | {"columns": ["r"]}
    context = dataclasses.replace(run.context, scratch=tmp_path / "scratch")
    config = config | {"group_by": ["k"]}
    shuffled = {LEFT[type_]: f"{LEFTS} ORDER BY random()", RIGHT[type_]: f"{RIGHTS} ORDER BY random()"}
    made = ports(run(type_, config, context=context, **shuffled))
    plain = ports(run(type_, config, **{LEFT[type_]: LEFTS, RIGHT[type_]: RIGHTS}))
    matched = next(iter(made))
    if config.get("multiple") == "first" or type_ == "nearest":  # of another order another is the first
        assert sorted({row[0] for row in made[matched]}) == sorted({row[0] for row in plain[matched]})
    else:
        assert sorted(map(repr, made[matched])) == sorted(map(repr, plain[matched]))
