"""Cases of null, order, joins, empty tables, tables that differ, and coordinate systems."""

import datetime as dt

from docs.cases import Case, Value, one

EMPTY = "SELECT 'a' AS k, 1::BIGINT AS v WHERE false"
KEYS = {"k": ["a", None, "", "A", "a "]}
ON_K = {"keys": [{"left": "k", "right": "k"}]}
TIES = {"k": [2, 1, None, 1], "v": ["a", "b", "c", "d"]}
GROUPS = {"k": ["b", None, "b", "", None], "v": [None, 1, 2, 3, None]}
VALUES = {"v": ["a", "", None, "b"]}


def point(crs: str | None) -> str:
    """SQL of a table with a point in this coordinate system."""
    geometry = "'POINT (1 1)'::GEOMETRY"
    return f"SELECT st_setcrs({geometry}, '{crs}') AS g" if crs else f"SELECT {geometry} AS g"


NULLS: list[Case | Value] = [
    Value("NULL = NULL", None, "Also for `!=`, `<`, `IN`: with null nothing is true."),
    Value("NULL IS NOT DISTINCT FROM NULL", True, "The comparison for which null is a value."),
    Value("'' = NULL", None, "Empty text is not null."),
    Value("NULL OR true", True, "Null stands for a value that is not known."),
    Value("'a' || NULL", None),
    Value("concat('a', NULL)", "a", "Functions that leave nulls out: `concat`, `greatest`, `least`."),
    Case(
        "A row for which a test is null fails", "filter",
        {"clauses": [{"column": "v", "operator": "!=", "value": "a"}]}, {"table": VALUES},
        {"passed": {"v": ["", "b"]}, "failed": {"v": ["a", None]}},
    ),
    Case(
        "Unless the test takes null for a value", "filter", {"condition": "v IS DISTINCT FROM 'a'"}, {"table": VALUES},
        {"passed": {"v": ["", None, "b"]}, "failed": {"v": ["a"]}},
    ),
    Case(
        "A blank is a value", "filter", {"clauses": [{"column": "v", "operator": "has_value"}]},
        {"table": {"v": ["a", "", None, " "]}}, {"passed": {"v": ["a", " "]}, "failed": {"v": ["", None]}},
    ),
    Case(
        "Null and empty text have ports of their own", "route_by_value", {"column": "v", "values": ["a"]},
        {"table": {"v": ["a", "", None, "A"]}},
        {"a": {"v": ["a"]}, "null": {"v": [None]}, "empty": {"v": [""]}, "rest": {"v": ["A"]}},
    ),
    Case(
        "In keys of joins null is equal to nothing; empty text is a value", "join", ON_K,
        {"left": KEYS, "right": {"k": ["a", None, ""]}},
        {"joined": {"k": ["a", ""]}, "left_only": {"k": [None, "A", "a "]}, "right_only": {"k": [None]}},
    ),
    Case(
        "So too here", "lookup",
        {"keys": [{"column": "k", "lookup": "k"}], "columns": [{"column": "w", "default": "?"}]},
        {"table": KEYS, "reference": {"k": ["a", None], "w": ["x", "y"]}},
        {"result": {**KEYS, "w": ["x", "?", "?", "?", "?"]}, "not_found": {"k": [None, "", "A", "a "]}},
    ),
    Case(
        "In groups and among duplicates null is equal to null", "distinct", {"columns": ["k"]},
        {"table": {"k": ["a", None, "", None, "a"]}},
        {"unique": {"k": ["a", None, ""]}, "duplicates": {"k": [None, "a"]}},
    ),
    Case(
        "Null is a group; groups come in the order of their columns, null last", "aggregate",
        {"group_by": ["k"], "aggregations": [{"function": "count"}, {"function": "count", "column": "v"},
                                             {"function": "sum", "column": "v"}]}, {"table": GROUPS},
        {"result": {"k": ["", "b", None], "count": [1, 2, 2], "count_v": [1, 1, 1], "sum_v": [3, 2, 1]}},
    ),
    Case(
        "Null is equal to null between two states of a table", "change_detector", {"keys": ["k"]},
        {"original": {"k": [None, 1], "v": ["a", ""]}, "revised": {"k": [None, 1], "v": ["a", None]}},
        {"unchanged": {"k": [None], "v": ["a"]}, "updated": {"k": [1], "v": [None], "changed_columns": [["v"]]}},
    ),
    one("Aggregates skip nulls, `first` and `last` too", "first", {"v": [1]}, [None, 1, 2]),
    Case(
        "Windows do not, in `first`, `last`, `lag` and `lead`", "window",
        {"functions": [{"function": "first", "column": "v", "name": "f"},
                       {"function": "sum", "column": "v", "name": "s"}]},
        {"table": {"v": [None, 1, 2]}}, {"result": {"v": [None, 1, 2], "f": [None, None, None], "s": [3, 3, 3]}},
    ),
    Case(
        "Unless they shall", "window",
        {"functions": [{"function": "last", "column": "v", "frame": "running", "skip_nulls": True, "name": "w"}]},
        {"table": {"v": [None, 1, None, 2]}}, {"result": {"v": [None, 1, None, 2], "w": [None, 1, 1, 2]}},
    ),
    Case(
        "Lists keep nulls", "collect_list", {"columns": ["v"]}, {"table": {"v": [1, None]}},
        {"result": {"v": [[1, None]]}},
    ),
    one("Empty text is the least text", "min", {"v": [""]}, ["b", "", None]),
]  # fmt: skip

ORDER: list[Case | Value] = [
    Case(
        "Equal rows keep their order, null is last", "sort", {"by": [{"column": "k"}]}, {"table": TIES},
        {"result": {"k": [1, 1, 2, None], "v": ["b", "d", "a", "c"]}},
    ),
    Case(
        "In the other direction too", "sort", {"by": [{"column": "k", "descending": True}]}, {"table": TIES},
        {"result": {"k": [2, 1, 1, None], "v": ["a", "b", "d", "c"]}},
    ),
    Case(
        "Text goes by code points", "sort", {"by": [{"column": "v"}]},
        {"table": {"v": ["é", "z", "B", "a", "10", "9", ""]}},
        {"result": {"v": ["", "10", "9", "B", "a", "z", "é"]}},
    ),
    Case(
        "NaN is the greatest number", "sort", {"by": [{"column": "v"}]},
        {"table": {"v": [float("nan"), float("inf"), 1.0]}}, {"result": {"v": [1.0, float("inf"), float("nan")]}},
    ),
    Case(
        "The first is the first of the input, whatever the number of threads", "distinct", {"columns": ["k"]},
        {"table": "SELECT i AS id, i % 3 AS k FROM range(300000) t(i)"}, {"unique": {"id": [0, 1, 2], "k": [0, 1, 2]}},
    ),
    Case(
        "So too the first and last of a group", "aggregate",
        {"group_by": ["k"], "aggregations": [{"function": "first", "column": "id"},
                                             {"function": "last", "column": "id"}]},
        {"table": "SELECT i AS id, i % 2 AS k FROM range(300000) t(i)"},
        {"result": {"k": [0, 1], "first_id": [0, 1], "last_id": [299998, 299999]}},
    ),
    Case(
        "Groups in the order of their first rows", "collect_list", {"group_by": ["k"], "columns": ["v"]},
        {"table": {"k": ["b", "a", "b"], "v": [1, 2, 3]}}, {"result": {"k": ["b", "a"], "v": [[1, 3], [2]]}},
    ),
    Case(
        "Every nth begins with the first", "sample", {"method": "every", "n": 2}, {"table": {"v": [1, 2, 3, 4, 5]}},
        {"sampled": {"v": [1, 3, 5]}, "rest": {"v": [2, 4]}},
    ),
]  # fmt: skip

JOINS: list[Case | Value] = [
    Case(
        "A row for every pair, in the order of the left table, then of the right", "join", ON_K,
        {"left": {"k": [1, 2, 1], "v": ["a", "b", "c"]}, "right": {"k": [1, 1], "w": ["x", "y"]}},
        {"joined": {"k": [1, 1, 1, 1], "v": ["a", "a", "c", "c"], "w": ["x", "y", "x", "y"]}},
    ),
    Case(
        "Keys come out once, under their left names; other names get the suffix", "join",
        {"keys": [{"left": "a", "right": "b"}]},
        {"left": {"a": [1], "v": [2]}, "right": {"b": [1], "v": [3], "V_right": [4]}},
        {"joined": {"a": [1], "v": [2], "v_right": [3], "V_right_right": [4]}},
    ),
    Case(
        "A full join fills the keys from both sides; its right rows come last", "join", {"how": "full", **ON_K},
        {"left": {"k": [1, None], "v": ["a", "b"]}, "right": {"k": [3, 1], "w": ["x", "y"]}},
        {"joined": {"k": [1, None, 3], "v": ["a", "b", None], "w": ["y", None, "x"]}},
    ),
    Case(
        "One row for each requestor: the first supplier, and the requestor's value of a common name", "merge_features",
        {"keys": [{"requestor": "k", "supplier": "k"}]},
        {"requestor": {"k": ["a", "x"], "v": [1, 2]}, "supplier": {"k": ["a", "a"], "v": [8, 9], "w": ["p", "q"]}},
        {"merged": {"k": ["a"], "v": [1], "w": ["p"]}, "unmerged_requestor": {"k": ["x"], "v": [2]},
         "unused_supplier": {"k": ["a"], "v": [9], "w": ["q"]}},
    ),
    Case(
        "Names compare without case", "cross_join", {}, {"left": {"a": [1, 2]}, "right": {"A": [3]}},
        {"result": {"a": [1, 2], "A_right": [3, 3]}},
    ),
    Case(
        "A key that may be there once is there twice", "lookup",
        {"keys": [{"column": "k", "lookup": "k"}], "columns": [{"column": "w"}], "duplicates": "fail"},
        {"table": {"k": ["a"]}, "reference": {"k": ["x", "x"], "w": [1, 2]}}, "duplicate_key",
    ),
    Case("A number is no text", "join", ON_K, {"left": {"k": [1]}, "right": {"k": ["1"]}}, "type_mismatch"),
    Case(
        "NaN is equal to NaN", "join", ON_K, {"left": {"k": [float("nan")]}, "right": {"k": [float("nan")]}},
        {"joined": {"k": [float("nan")]}},
    ),
    Case(
        "A whole number and a DOUBLE are compared as DOUBLE, which has 53 bits", "join", ON_K,
        {"left": {"k": [2**53 + 1]}, "right": {"k": [2.0**53]}}, {"joined": {"k": [2**53 + 1]}},
    ),
]  # fmt: skip

EMPTIES: list[Case | Value] = [
    Case("One row without groups", "aggregate",
         {"aggregations": [{"function": "count"}, {"function": "sum", "column": "v"}]},
         {"table": EMPTY}, {"result": {"count": [0], "sum_v": [None]}}),
    Case("None with groups", "aggregate", {"group_by": ["k"], "aggregations": [{"function": "count"}]},
         {"table": EMPTY}, {"result": {"k": [], "count": []}}),
    Case("The same of all rows", "statistics", {"columns": ["v"], "statistics": ["count", "mean"]},
         {"table": EMPTY}, {"complete": {"k": [], "v": [], "v_count": [], "v_mean": []},
                            "summary": {"v_count": [0], "v_mean": [None]}}),
    Case("The list is empty, not null", "collect_list", {"columns": ["v"]}, {"table": EMPTY}, {"result": {"v": [[]]}}),
    Case("Right table empty", "join", {"how": "left", **ON_K}, {"left": {"k": ["a"]}, "right": EMPTY},
         {"joined": {"k": ["a"], "v": [None]}, "left_only": {"k": ["a"]}, "right_only": {"k": [], "v": []}}),
    Case("Left table empty", "join", {"how": "full", **ON_K},
         {"left": "SELECT 'a' AS k WHERE false", "right": {"k": ["a"], "v": [1]}},
         {"joined": {"k": ["a"], "v": [1]}, "left_only": {"k": []}, "right_only": {"k": ["a"], "v": [1]}}),
    Case("No supplier", "merge_features", {"keys": [{"requestor": "k", "supplier": "k"}]},
         {"requestor": {"k": ["a"]}, "supplier": EMPTY},
         {"merged": {"k": [], "v": []}, "unmerged_requestor": {"k": ["a"]}}),
    Case("Nothing to look up: the default", "lookup",
         {"keys": [{"column": "k", "lookup": "k"}], "columns": [{"column": "v", "default": 0}]},
         {"table": {"k": ["a"]}, "reference": EMPTY}, {"result": {"k": ["a"], "v": [0]}, "not_found": {"k": ["a"]}}),
    Case("All rows are new", "change_detector", {"keys": ["k"]}, {"original": EMPTY, "revised": {"k": ["a"], "v": [1]}},
         {"inserted": {"k": ["a"], "v": [1]}, "unchanged": {"k": [], "v": []}}),
    Case("No pair", "cross_join", {}, {"left": {"k": ["a"]}, "right": EMPTY},
         {"result": {"k": [], "k_right": [], "v": []}}),
    Case("Its columns and types count", "union", {}, {"tables": [EMPTY, {"v": [2.5]}]},
         {"result": {"k": [None], "v": [2.5]}}),
    Case("Every port is there", "route_by_value", {"column": "k", "values": ["a"]}, {"table": EMPTY},
         {port: {"k": [], "v": []} for port in ("a", "null", "empty", "rest")}),
]  # fmt: skip

UNIONS: list[Case | Value] = [
    Case("Matched by name in any case, null where a table has none", "union", {},
         {"tables": [{"a": [1], "b": ["x"]}, {"c": [True], "A": [2]}]},
         {"result": {"a": [1, 2], "b": ["x", None], "c": [None, True]}}),
    Case("Or common columns alone", "union", {"columns": "common"},
         {"tables": [{"a": [1], "b": ["x"]}, {"c": [True], "A": [2]}]}, {"result": {"a": [1, 2]}}),
    Case("Whole numbers become DOUBLE beside decimals", "union", {}, {"tables": [{"a": [1]}, {"a": [2.5]}]},
         {"result": {"a": [1.0, 2.5]}}),
    Case("Of which DOUBLE keeps 53 bits", "union", {}, {"tables": [{"a": [2**53 + 1]}, {"a": [2.5]}]},
         {"result": {"a": [2.0**53, 2.5]}}),
    Case("Dates become timestamps", "union", {},
         {"tables": [{"d": [dt.date(2024, 1, 1)]}, {"d": [dt.datetime(2024, 1, 2, 3)]}]},
         {"result": {"d": [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2, 3)]}}),
    Case("Numbers and text do not go together", "union", {}, {"tables": [{"a": [1]}, {"a": ["x"]}]}, "type_mismatch"),
    Case("DECIMALs that need more than 38 digits neither", "union", {},
         {"tables": ["SELECT 1::DECIMAL(38, 0) AS a", "SELECT 1::DECIMAL(4, 3) AS a"]}, "type_mismatch"),
]  # fmt: skip

SYSTEMS: list[Case | Value] = [
    Case("Two systems do not meet", "union", {}, {"tables": [point("EPSG:2056"), point("EPSG:4326")]}, "crs_mismatch"),
    Case("Nor by place", "spatial_join", {}, {"left": point("EPSG:2056"), "right": point("EPSG:4326")}, "crs_mismatch"),
    Case("One that is not known neither", "union", {}, {"tables": [point("EPSG:4326"), point(None)]}, "missing_crs"),
    Case("Nor is it guessed", "reproject", {"to": "EPSG:2056"}, {"table": point(None)}, "missing_crs"),
    Case("Metres need one", "buffer", {"distance": 1, "unit": "metre"}, {"table": point(None)}, "missing_crs"),
    Case(
        "A vertex that is no number is nowhere",
        "centroid",
        {},
        {"table": "SELECT 'POINT (1 NaN)'::GEOMETRY AS g"},
        "invalid_geometry",
    ),
    Case(
        "Nor is it merged with others",
        "dissolve",
        {},
        {"table": "SELECT unnest(['POINT (1 NaN)'::GEOMETRY, 'POINT (1 1)'::GEOMETRY]) AS g"},
        "invalid_geometry",
    ),
    Case("From the centre of the Earth there is no map", "centroid", {}, {"table": point("EPSG:4978")}, "invalid_crs"),
    Case("Nor one to merge or draw on", "dissolve", {}, {"table": point("EPSG:4978")}, "invalid_crs"),
    Case(
        "Its numbers are numbers",
        "bounding_box",
        {"per": "group", "output": "columns"},
        {"table": point("EPSG:4978")},
        {"result": {"xmin": [1.0], "ymin": [1.0], "xmax": [1.0], "ymax": [1.0]}},
    ),
]
