import hashlib
import itertools

import pytest

KNOWN = [
    ("SELECT 'a' AS a, 'bc' AS b", "1:a2:bc"),
    ("SELECT 'é' AS a, NULL::VARCHAR AS b", "2:é-"),
    ("SELECT '' AS a", "0:"),
    ("SELECT 1 AS a, 1.0::DOUBLE AS b, 1.50::DECIMAL(5,2) AS c, true AS d", "1:13:1.04:1.504:true"),
    ("SELECT DATE '2024-01-01' AS a, TIMESTAMPTZ '2024-01-01 12:00+01' AS b", "10:2024-01-0122:2024-01-01 11:00:00+00"),
    ("SELECT ['a', 'b, c'] AS a, {'x': 1} AS b", '12:["a","b, c"]7:{"x":1}'),
    ("SELECT '\\xAB'::BLOB AS a", "2:AB"),
    ("SELECT 'POINT (1 2)'::GEOMETRY AS a", "42:0101000000000000000000F03F0000000000000040"),
    ("SELECT st_setcrs('POINT (1 2)'::GEOMETRY, 'OGC:CRS84') AS a", "42:0101000000000000000000F03F0000000000000040"),
]


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
@pytest.mark.parametrize(("table", "text"), KNOWN)
def test_anybody_can_compute_it(run, algorithm, table, text):
    ((*_, made),) = run("hash_rows", {"algorithm": algorithm}, table=table)
    assert made == hashlib.new(algorithm, text.encode()).hexdigest()


def hashes(run, table, **config):
    return [row[-1] for row in run("hash_rows", config, table=table)]


def test_rows_that_differ(run):
    values = ["", "a", "ab", "abc", "bc", "c", "1:a", "-", "0:", None]
    pairs = list(itertools.product(values, repeat=2))
    table = {"a": [a for a, _ in pairs], "b": [b for _, b in pairs]}
    assert len(set(hashes(run, table))) == len(pairs)


def test_rows_that_are_written_the_same(run):
    made = [hashes(run, f"SELECT {value} AS a")[0] for value in ("1", "'1'", "1::DECIMAL(3,0)")]
    assert len(set(made)) == 1
    assert hashes(run, "SELECT 1.0::DOUBLE AS a")[0] not in made


def test_chosen_columns_in_their_order(run):
    table = {"a": ["x", "x"], "b": ["y", "z"]}
    assert len(set(hashes(run, table, columns=["a"]))) == 1
    assert hashes(run, table, columns=["a", "b"]) == hashes(run, table) != hashes(run, table, columns=["b", "a"])
    assert run.columns("hash_rows", {}, table=table)[-1] == ("hash", "VARCHAR")


REFUSED = [
    ({"name": "A"}, "duplicate_column", "/config/name"),
    ({"columns": ["a", "a"]}, "invalid_config", "/config/columns/1"),
    ({"algorithm": "crc"}, "invalid_config", "/config/algorithm"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("hash_rows", config, table="SELECT 1 AS a")[:2] == (code, path)
