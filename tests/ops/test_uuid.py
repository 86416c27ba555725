import uuid

import pytest

TABLE = {"t": ["a", "é", "", None, "a"], "n": [1, 2, 3, 4, 1]}


def made(run, config, table=None):
    return [row[-1] for row in run("uuid", config, table=TABLE if table is None else table)]


NAMED = [
    ({"columns": ["t"]}, uuid.NAMESPACE_OID, ["a", "é", "", None, "a"]),
    ({"columns": ["t"], "namespace": str(uuid.NAMESPACE_URL)}, uuid.NAMESPACE_URL, ["a", "é", "", None, "a"]),
    ({"columns": ["n"]}, uuid.NAMESPACE_OID, ["1:1", "1:2", "1:3", "1:4", "1:1"]),
    ({}, uuid.NAMESPACE_OID, ["1:a1:1", "2:é1:2", "0:1:3", "-1:4", "1:a1:1"]),
]


@pytest.mark.parametrize(("config", "namespace", "named"), NAMED)
def test_as_python_makes_it_of_a_name(run, config, namespace, named):
    assert made(run, config) == [None if name is None else uuid.uuid5(namespace, name) for name in named]


def test_random_ones(run):
    table = "SELECT * FROM range(1000)"
    first, second = (made(run, {"method": "random"}, table) for _ in range(2))
    assert len({*first, *second}) == 2000
    assert {(each.version, each.variant) for each in first} == {(4, uuid.RFC_4122)}
    assert {each.hex[16] for each in first} == set("89ab")


def test_a_seed_gives_the_same(run):
    first, again, other = (made(run, {"method": "random", "seed": seed}) for seed in (1, 1, 2))
    assert first == again
    assert len({*first, *other}) == 2 * len(first)


def test_everybody_who_reads_it_sees_the_same(run):
    relation = run.relations("uuid", {"method": "random"}, table=TABLE)["result"]
    assert relation.fetchall() == relation.fetchall()


def test_type(run):
    assert run.columns("uuid", {"name": "key"}, table=TABLE)[-1] == ("key", "UUID")


REFUSED = [
    ({"name": "T"}, "duplicate_column", "/config/name"),
    ({"columns": ["t", "t"]}, "invalid_config", "/config/columns/1"),
    ({"columns": ["t"], "method": "random"}, "invalid_config", "/config/columns"),
    ({"seed": 1}, "invalid_config", "/config/seed"),
    ({"namespace": "x"}, "invalid_config", "/config/namespace"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("uuid", config, table=TABLE)[:2] == (code, path)
