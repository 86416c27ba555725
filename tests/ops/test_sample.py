import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import ROWS, relation, said
from test_against_pandas import quick

from orchestrator.ops.base import Context

TEN = "SELECT range + 1 AS id, CASE WHEN range < 6 THEN 'a' WHEN range < 9 THEN 'b' END AS k FROM range(10)"

GOOD = [
    ({"n": 3}, [1, 2, 3]),
    ({"n": 0}, []),
    ({"n": 99}, list(range(1, 11))),
    ({"method": "last", "n": 2}, [9, 10]),
    ({"method": "every", "n": 3}, [1, 4, 7, 10]),
    ({"method": "every", "n": 99}, [1]),
    ({"method": "every", "n": 1}, list(range(1, 11))),
    ({"fraction": 0.25}, [1, 2, 3]),
    ({"fraction": 0}, []),
    ({"fraction": 1}, list(range(1, 11))),
    ({"method": "last", "fraction": 0.2}, [9, 10]),
    ({"n": 1, "group_by": ["k"]}, [1, 7, 10]),
    ({"method": "last", "n": 2, "group_by": ["k"]}, [5, 6, 8, 9, 10]),
    ({"method": "every", "n": 3, "group_by": ["k"]}, [1, 4, 7, 10]),
    ({"fraction": 0.5, "group_by": ["k"]}, [1, 2, 3, 7, 8, 10]),
]


@pytest.mark.parametrize(("config", "ids"), GOOD)
def test_takes(run, config, ids):
    made = run("sample", config, table=TEN)
    assert [row[0] for row in made["sampled"]] == ids
    assert [row[0] for row in made["rest"]] == [n for n in range(1, 11) if n not in ids]


RANDOM = [({"n": 4}, 4), ({"fraction": 0.31}, 3), ({"n": 50}, 10), ({"n": 2, "group_by": ["k"]}, 5)]


@pytest.mark.parametrize(("config", "count"), RANDOM)
def test_random_is_exact_and_repeatable(run, config, count):
    config = {"method": "random", "seed": 7, **config}
    made = run("sample", config, table=TEN)
    ids = [row[0] for row in made["sampled"]]
    assert (len(ids), sorted(ids)) == (count, ids)
    assert sorted(ids + [row[0] for row in made["rest"]]) == list(range(1, 11))
    assert run("sample", config, table=TEN) == made


def test_random_depends_on_the_seed_and_is_spread(run):
    table = "SELECT range AS id FROM range(100000)"
    picks = [run("sample", {"method": "random", "n": 1000, "seed": s}, table=table)["sampled"] for s in (1, 2)]
    assert picks[0] != picks[1]
    assert 45000 < sum(row[0] for row in picks[0]) / 1000 < 55000


AGREE = [
    {"n": 700},
    {"method": "last", "n": 700},
    {"method": "every", "n": 3, "group_by": ["k"]},
    {"method": "random", "fraction": 0.5, "group_by": ["k"]},
]


@pytest.mark.parametrize("config", AGREE)
def test_ports_agree_where_the_input_is_another_each_time(run, session, tmp_path, config):
    context = Context(session, tmp_path, tmp_path / "scratch")
    query = "SELECT i, (random() * 9)::INTEGER AS k FROM range(2000) t(i) ORDER BY random()"
    made = run("sample", config, context, table=query)
    assert sorted(row[0] for row in made["sampled"] + made["rest"]) == list(range(2000))


@pytest.mark.parametrize("name", ["_row", "_rows", "_place", "_count", 'a"b'])
def test_any_column_name(run, name):
    made = run("sample", {"n": 1, "group_by": [name]}, table=[{"id": 1, name: 1}, {"id": 2, name: 1}])
    assert made == {"sampled": [(1, 1)], "rest": [(2, 1)]}


REFUSED = [
    ({}, "/config/n"),
    ({"n": 1, "fraction": 0.5}, "/config/n"),
    ({"n": -1}, "/config/n"),
    ({"fraction": 1.5}, "/config/fraction"),
    ({"method": "every", "fraction": 0.5}, "/config/n"),
    ({"method": "every", "n": 0}, "/config/n"),
    ({"method": "some", "n": 1}, "/config/method"),
]


@pytest.mark.parametrize(("config", "path"), REFUSED)
def test_refuses(run, config, path):
    assert run.refuses("sample", config, table=TEN)[:2] == ("invalid_config", path)


METHODS = st.sampled_from(["first", "last", "every", "random"])
HOW_MANY = st.fixed_dictionaries({"n": st.integers(1, 6)}) | st.fixed_dictionaries(
    {"fraction": st.integers(0, 4).map(lambda n: n / 4)}
)


@quick
@given(ROWS, METHODS, HOW_MANY, st.sampled_from([[], ["t"], ["b", "d"]]), st.integers(-3, 3))
def test_as_plain_python(run, rows, method, how_many, group_by, seed):
    config = {"method": method, "group_by": group_by, "seed": seed, **how_many}
    if method == "every":
        config = {**config, "n": how_many.get("n", 2)}
        config.pop("fraction", None)
    made = run("sample", config, table=relation(run, rows))
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in group_by), []).append(row["id"])
    taken = {row[0] for row in made["sampled"]}
    if method == "random":
        counts = [len(taken & set(ids)) for ids in groups.values()]
        assert counts == [len(ids[: count(config, ids)]) for ids in groups.values()]
    else:
        assert taken == {number for ids in groups.values() for number in sampled(ids, config)}
    for port, wanted in (("sampled", taken), ("rest", {row["id"] for row in rows} - taken)):
        assert said(made[port]) == said(row for row in rows if row["id"] in wanted)


def sampled(ids, config):
    if config["method"] == "every":
        return ids[:: config["n"]]
    most = count(config, ids)
    return ids[:most] if config["method"] == "first" else ids[max(len(ids) - most, 0) :]


def count(config, ids):
    return config["n"] if "n" in config else math.floor(len(ids) * config["fraction"] + 0.5)
