import json
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_shapes import geo

from orchestrator.errors import NodeError, NotFound
from orchestrator.preview import download, page, pages
from orchestrator.preview.selection import sort_keys
from orchestrator.preview.sessions import close_idle

VALUES = [
    ("NULL", None),
    ("true", True),
    ("42::TINYINT", 42),
    ("9007199254740991", 9007199254740991),
    ("9007199254740992", "9007199254740992"),
    ("(-9223372036854775808)::BIGINT", "-9223372036854775808"),
    ("18446744073709551615::UBIGINT", "18446744073709551615"),
    ("0.1::DOUBLE", 0.1),
    ("0.1::FLOAT", 0.1),
    ("1e300::DOUBLE", 1e300),
    ("0.30000000000000004::DOUBLE", 0.30000000000000004),
    ("'nan'::DOUBLE", "NaN"),
    ("'inf'::FLOAT", "Infinity"),
    ("'-inf'::DOUBLE", "-Infinity"),
    ("1.50::DECIMAL(10,2)", 1.5),
    ("12345678901234567890.12::DECIMAL(30,2)", "12345678901234567890.12"),
    ("123456789012345.6::DECIMAL(38,17)", 123456789012345.6),
    ("0.12345678901234567891::DECIMAL(38,20)", "0.12345678901234567891"),
    ("'text'", "text"),
    ("''", ""),
    ("'a\"b\\c' || chr(0) || chr(10) || 'é😀'", 'a"b\\c\0\né😀'),
    ("DATE '2024-02-29'", "2024-02-29"),
    ("TIME '10:20:30.5'", "10:20:30.5"),
    ("'10:20:30+02'::TIMETZ", "08:20:30Z"),
    ("TIMESTAMP '2024-02-29 10:20:30'", "2024-02-29T10:20:30"),
    ("TIMESTAMP_NS '2024-02-29 10:20:30.123456789'", "2024-02-29T10:20:30.123456789"),
    ("TIMESTAMPTZ '2024-02-29 10:20:30.5+02'", "2024-02-29T08:20:30.5Z"),
    ("'infinity'::TIMESTAMP", "infinity"),
    ("INTERVAL '1 year 2 months 3 days 4 hours 5 minutes 6.5 seconds'", "P1Y2M3DT4H5M6.5S"),
    ("INTERVAL '0 days'", "PT0S"),
    ("INTERVAL '-5 seconds'", "PT-5S"),
    ("INTERVAL '1 microsecond'", "PT0.000001S"),
    ("INTERVAL '1 minute 10 seconds'", "PT1M10S"),
    ("INTERVAL '-1 day'", "P-1D"),
    ("NULL::INTERVAL", None),
    ("'a\\x00\\xFF'::BLOB", "YQD/"),
    ("'7a8c1b1e-6d5a-4d0f-9d3b-3a2f1c0b9e8d'::UUID", "7a8c1b1e-6d5a-4d0f-9d3b-3a2f1c0b9e8d"),
    ("'{\"a\": [1, 9007199254740993]}'::JSON", {"a": [1, "9007199254740993"]}),
    (f"'[1e999, -{'7' * 5000}, 1E5, 12.50]'::JSON", ["1e999", f"-{'7' * 5000}", 1e5, 12.5]),
    ("[1, NULL, 3]", [1, None, 3]),
    ("[9007199254740993]", ["9007199254740993"]),
    ("['nan'::DOUBLE, 0.5]", ["NaN", 0.5]),
    ("{'a': 1, 'b c': [DATE '2024-01-01']}", {"a": 1, "b c": ["2024-01-01"]}),
    ("{'a': TIMESTAMPTZ '2024-01-01', 'b': {'c': 'x'::BLOB}}", {"a": "2024-01-01T00:00:00Z", "b": {"c": "eA=="}}),
    ("[{'t': TIMESTAMP '2024-01-01', 'l': [INTERVAL '1 day']}]", [{"t": "2024-01-01T00:00:00", "l": ["P1D"]}]),
    ("NULL::STRUCT(t TIMESTAMP)", None),
    ("MAP {'a': 1}", {"a": 1}),
    ("MAP {1: TIMESTAMP '2024-01-01'}", {"1": "2024-01-01T00:00:00"}),
    ("NULL::MAP(VARCHAR, DATE)", None),
    ("'POINT (1 2)'::GEOMETRY", {"type": "Point", "coordinates": [1, 2]}),
    ("'POINT Z (1 2 3)'::GEOMETRY", {"type": "Point", "coordinates": [1, 2, 3]}),
    ("'POINT EMPTY'::GEOMETRY", {"type": "Point", "coordinates": []}),
    ("'LINESTRING (1 2, 3 inf)'::GEOMETRY", {"type": "LineString", "coordinates": [[1, 2], [3, "Infinity"]]}),
]


@pytest.mark.parametrize(("sql", "expected"), VALUES)
def test_values(stored, sql, expected):
    found = page(stored(f"SELECT {sql} AS v"))["rows"]
    assert found == [[expected]]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(), st.floats(), st.integers(-(2**63), 2**63 - 1)), max_size=20))
def test_every_value_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("values") / "result.parquet"
    pq.write_table(
        pa.table(dict(zip("sfi", zip(*rows, strict=True), strict=False)) or {"s": [], "f": [], "i": []}), path
    )
    for (text, number, whole), found in zip(rows, page(path)["rows"], strict=True):
        assert found[0] == text
        assert float(found[1]) == number or math.isnan(number)
        assert int(found[2]) == whole
        assert isinstance(found[2], int) is (abs(whole) < 2**53)
    close_idle()


def test_columns(stored):
    query = f'SELECT 1 AS a, {geo("POINT Z (1 2 3)", "EPSG:3857")} AS g, \'x\' AS "odd ""name"'
    assert page(stored(query))["columns"] == [
        {"name": "a", "type": "INTEGER", "nullable": True},
        {"name": "g", "type": "GEOMETRY", "nullable": True, "crs": "EPSG:3857", "geometry_types": ["Point Z"]},
        {"name": 'odd "name', "type": "VARCHAR", "nullable": True},
    ]


PAGES = [
    ({}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10),
    ({"limit": 3}, [0, 1, 2], 10),
    ({"limit": 3, "offset": 8}, [8, 9], 10),
    ({"offset": 100}, [], 10),
    ({"limit": 0}, [], 10),
    ({"sort": "-n", "limit": 2}, [9, 8], 10),
    ({"sort": "letter,-n"}, [9, 6, 3, 0, 7, 4, 1, 8, 5, 2], 10),
    ({"sort": "letter"}, [0, 3, 6, 9, 1, 4, 7, 2, 5, 8], 10),
    ({"sort": "rest"}, [1, 5, 9, 2, 6, 3, 7, 0, 4, 8], 10),
    ({"sort": "-rest"}, [3, 7, 2, 6, 1, 5, 9, 0, 4, 8], 10),
    ({"sort": "LETTER", "limit": 2, "offset": 3}, [9, 1], 10),
    ({"sort": ""}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10),
    ({"where": "n > 6"}, [7, 8, 9], 3),
    ({"where": "n > 6", "limit": 1, "offset": 1}, [8], 3),
    ({"where": "rest IS NULL", "sort": "-n"}, [8, 4, 0], 3),
    ({"where": "rest = 1 -- only these"}, [1, 5, 9], 3),
    ({"where": "NULL"}, [], 0),
    ({"where": ""}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10),
]


@pytest.mark.parametrize(("asked", "expected", "total"), PAGES)
def test_pages(numbers, asked, expected, total):
    found = page(numbers, **asked)
    assert [row[0] for row in found["rows"]] == expected
    assert found["total"] == total


REFUSED = [
    ({"limit": -1}, "invalid_request", "/query/limit", "'limit' is -1"),
    ({"offset": -1}, "invalid_request", "/query/offset", "'offset' is -1"),
    ({"limit": 10_001}, "invalid_request", "/query/limit", "at most 10,000"),
    ({"sort": "lettre"}, "unknown_column", "/query/sort", "'lettre' is not in this table. Did you mean 'letter'"),
    ({"sort": "n,--n"}, "unknown_column", "/query/sort", "'-n'"),
    ({"where": "lettre = 'a'"}, "unknown_column", "/query/where", "Did you mean 'letter'"),
    ({"where": "filename LIKE '/%'"}, "unknown_column", "/query/where", "'filename' is not in this table"),
    ({"where": "_row = 1"}, "unknown_column", "/query/where", "'_row' is not in this table"),
    ({"where": "len(repeat(letter, 500000000)) > 0"}, "invalid_expression", "/query/where", "at most 10,000,000"),
    ({"where": "file_row_number = 1"}, "unknown_column", "/query/where", "'file_row_number' is not"),
    ({"where": "n >"}, "invalid_expression", "/query/where", "cannot be used"),
    ({"where": "n = 1; SELECT 1"}, "invalid_expression", "/query/where", "cannot be used"),
    ({"where": "(SELECT 1) = 1"}, "invalid_expression", "/query/where", "subquery"),
    ({"where": "read_text('/etc/passwd') = ''"}, "invalid_expression", "/query/where", "not allowed"),
    ({"where": "letter"}, "type_mismatch", "/query/where", "gives VARCHAR, not true or false"),
    ({"where": "n + 1"}, "type_mismatch", "/query/where", ", not true or false"),
    ({"where": "[n] -- a list"}, "type_mismatch", "/query/where", "[], not true or false"),
    ({"where": "error('stop')"}, None, "/query/where", "stop"),
]


@pytest.mark.parametrize(("asked", "code", "path", "message"), REFUSED)
def test_refuses(numbers, asked, code, path, message):
    with pytest.raises(NodeError) as caught:
        page(numbers, **asked)
    assert caught.value.path == path
    assert code in {None, caught.value.code}
    assert message in caught.value.message


def test_a_page_does_not_take_for_ever(numbers, monkeypatch):
    monkeypatch.setattr(pages, "LONGEST_S", 0.2)
    with pytest.raises(NodeError, match="longer than") as caught:
        page(numbers, where="list_sum(list_transform(range(n + 5000000), lambda x: x * 2)) > 0 AND " * 30 + "true")
    assert (caught.value.code, caught.value.path) == ("too_slow", "/query/where")
    assert page(numbers)["total"] == 10


@pytest.mark.parametrize("call", [page, lambda path: download(path, "csv")])
def test_not_stored(tmp_path, call):
    with pytest.raises(NotFound, match="not stored") as caught:
        call(tmp_path / "nothing.parquet")
    assert caught.value.code == "output_not_found"


def test_a_broken_file_says_nothing_of_where_it_is(tmp_path):
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 this is no table PAR1")
    with pytest.raises(NodeError) as caught:
        page(path)
    assert str(tmp_path) not in caught.value.message


def test_columns_called_like_what_duckdb_adds(stored):
    path = stored("SELECT i AS file_row_number, 'x' AS filename, i AS _row, i AS _row_ FROM range(5) t(i)")
    found = page(path, sort="-file_row_number", where="_row > 2 AND filename = 'x'")
    assert found["rows"] == [[4, "x", 4, 4], [3, "x", 3, 3]]
    assert page(path, offset=4)["rows"] == [[4, "x", 4, 4]]


KEYS = [
    ("a,-b", [("a", False), ("b", True)]),
    (" a , - b", [("a", False), (" b", True)]),
    ('"a,b",-"-c"', [("a,b", False), ("-c", True)]),
    ('"say ""x"""', [('say "x"', False)]),
    (",,", []),
]


@pytest.mark.parametrize(("text", "expected"), KEYS)
def test_sort_keys(text, expected):
    assert list(sort_keys(text)) == expected
