import math
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.crs import projjson
from orchestrator.errors import NotFound
from orchestrator.preview import profile, profiles
from orchestrator.preview.sessions import close_idle
from orchestrator.sql import literal


def frequent(*pairs):
    return [{"value": value, "count": count} for value, count in pairs]


COLUMNS = [
    (
        "unnest([3, 1, NULL, 3, 2])",
        {"type": "INTEGER", "nulls": 1, "distinct": 3, "min": 1, "max": 3, "mean": 2.25},
        frequent((3, 2), (1, 1), (2, 1)),
    ),
    (
        "unnest(['b', '', NULL, 'b', 'a'])",
        {"type": "VARCHAR", "nulls": 1, "distinct": 3, "min": "", "max": "b", "mean": None, "empty": 1},
        frequent(("b", 2), ("", 1), ("a", 1)),
    ),
    (
        "unnest(['1.5', 'nan', NULL, '2.5', '1.5'])::DOUBLE",
        {"nulls": 1, "distinct": 3, "min": 1.5, "max": 2.5, "mean": pytest.approx(5.5 / 3)},
        frequent((1.5, 2), (2.5, 1), ("NaN", 1)),
    ),
    (
        "unnest(list_value(repeat('9', 38), repeat('9', 38), repeat('9', 38)))::DECIMAL(38,0)",
        {"nulls": 0, "distinct": 1, "min": "9" * 38, "mean": 1e38},
        frequent(("9" * 38, 3)),
    ),
    (
        "unnest(['inf', '1'])::DOUBLE",
        {"min": 1, "max": "Infinity", "mean": "Infinity"},
        frequent((1, 1), ("Infinity", 1)),
    ),
    ("unnest(['nan'])::DOUBLE", {"distinct": 1, "min": None, "max": None, "mean": None}, frequent(("NaN", 1))),
    ("unnest([true, true, false, NULL])", {"min": False, "max": True, "mean": pytest.approx(2 / 3)}, None),
    (
        "unnest([DATE '2024-01-02', DATE '2023-01-01'])",
        {"type": "DATE", "min": "2023-01-01", "max": "2024-01-02", "mean": None},
        frequent(("2023-01-01", 1), ("2024-01-02", 1)),
    ),
    ("TIMESTAMPTZ '2024-01-02 03:04:05+01'", {"min": "2024-01-02T02:04:05Z", "mean": None}, None),
    ("9007199254740993", {"min": "9007199254740993", "max": "9007199254740993"}, frequent(("9007199254740993", 1))),
    ("1.10::DECIMAL(5,2)", {"type": "DECIMAL(5,2)", "min": 1.1, "mean": 1.1}, frequent((1.1, 1))),
    ("INTERVAL '2 days'", {"min": "P2D", "mean": None}, frequent(("P2D", 1))),
    ("uuid()", {"type": "UUID", "distinct": 1, "nulls": 0}, None),
    ("unnest([[1], NULL])", {"type": "INTEGER[]", "nulls": 1, "distinct": None, "min": None, "mean": None}, []),
    ("{'a': 1}", {"nulls": 0, "distinct": None, "max": None}, []),
    ("'{}'::JSON", {"type": "JSON", "nulls": 0, "distinct": None, "max": None}, []),
    ("'a'::BLOB", {"type": "BLOB", "nulls": 0, "distinct": None, "max": None}, []),
    ("NULL::INTEGER", {"nulls": 1, "distinct": 0, "min": None, "max": None, "mean": None}, []),
    ("unnest([6, 5, 4, 3, 2, 1, 1])", {"distinct": 6}, frequent((1, 2), (2, 1), (3, 1), (4, 1), (5, 1))),
]


@pytest.mark.parametrize(("sql", "expected", "most_frequent"), COLUMNS)
def test_columns(stored, sql, expected, most_frequent):
    (found,) = profile(stored(f"SELECT {sql} AS v"))["columns"]
    assert {key: found[key] for key in expected} == expected
    assert most_frequent is None or found["most_frequent"] == most_frequent
    assert found["distinct_exact"] is (found["distinct"] is not None)


def test_counts_rows_and_keeps_the_order_of_columns(stored):
    found = profile(stored('SELECT i AS b, \'x\' AS "a ""odd"" one" FROM range(7) t(i)'))
    assert found["rows"] == 7
    assert [each["name"] for each in found["columns"]] == ["b", 'a "odd" one']


def test_no_rows(stored):
    found = profile(stored("SELECT 1 AS a, 'x' AS b WHERE false"))
    assert found["rows"] == 0
    for each in found["columns"]:
        assert (each["nulls"], each["distinct"], each["min"], each["most_frequent"]) == (0, 0, None, [])


def test_large_tables_are_estimated(stored, monkeypatch):
    """The same code at a smaller size: what is frequent among many values is found and counted exactly."""
    monkeypatch.setattr(profiles, "EXACT_ROWS", 10_000)
    monkeypatch.setattr(profiles, "EXACT_VALUES", 1_000)
    query = "SELECT CASE WHEN i % 3 = 0 THEN -9 ELSE i END AS many, i % 10 AS few FROM range(60000) t(i)"
    many, few = profile(stored(query))["columns"]
    assert many["distinct"] == pytest.approx(40_001, rel=0.1)
    assert many["most_frequent"][0] == {"value": -9, "count": 20_000}
    assert (many["distinct_exact"], few["distinct_exact"], few["distinct"]) == (False, True, 10)
    assert few["most_frequent"] == frequent(*((number, 6000) for number in range(5)))


def test_estimate_is_never_more_than_the_rows(stored, monkeypatch):
    monkeypatch.setattr(profiles, "EXACT_ROWS", 10)
    (found,) = profile(stored("SELECT i FROM range(50000) t(i)"))["columns"]
    assert found["distinct"] <= 50_000


SHAPES = [
    "POINT (1 2)",
    "POINT Z (3 4 5)",
    "POINT EMPTY",
    "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
    "POLYGON ((0 0, 1 1))",
    "LINESTRING (0 0, inf 1)",
    None,
]


def test_geometry(stored):
    rows = ", ".join("(NULL)" if each is None else f"({literal(each)})" for each in SHAPES)
    crs = literal(projjson("EPSG:3857"))
    (found,) = profile(stored(f"SELECT st_setcrs(g::GEOMETRY, {crs}) AS g FROM (VALUES {rows}) t(g)"))["columns"]
    assert found == {
        "name": "g",
        "type": "GEOMETRY",
        "crs": "EPSG:3857",
        "nulls": 1,
        "empty": 1,
        "invalid": 3,
        "kinds": {"LineString": 1, "Point": 2, "Point Z": 1, "Polygon": 1},
        "bounds": [0, 0, 3, 4],
    }


def test_geometry_without_any(stored):
    path = stored("SELECT unnest(['POINT EMPTY', NULL])::GEOMETRY AS g")
    (found,) = profile(path)["columns"]
    assert (found["nulls"], found["empty"], found["bounds"], found["kinds"]) == (1, 1, None, {"Point": 1})


def test_not_stored(tmp_path):
    with pytest.raises(NotFound, match="not stored"):
        profile(tmp_path / "nothing.parquet")


VALUE = st.one_of(st.none(), st.integers(-3, 3), st.integers(-(2**62), 2**62))


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUE, max_size=60))
def test_against_a_loop(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("profile") / "result.parquet"
    pq.write_table(pa.table({"v": pa.array(values, pa.int64())}), path)
    (found,) = profile(path)["columns"]
    there = [each for each in values if each is not None]
    counts = sorted(Counter(there).items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    assert found["nulls"] == values.count(None)
    assert found["distinct"] == len(set(there))
    assert [(int(each["value"]), each["count"]) for each in found["most_frequent"]] == counts
    if there:
        assert (int(found["min"]), int(found["max"])) == (min(there), max(there))
        assert math.isclose(found["mean"], sum(there) / len(there), rel_tol=1e-9, abs_tol=1e-3)
    close_idle()
