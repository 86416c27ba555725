"""Cases of null, empty text and ends of ranges in node types that no other section has."""

from docs.cases import Case, Value

NODES: list[Case | Value] = [
    Case(
        "Null stays where no row before it has a value; empty text is one",
        "fill_nulls",
        {"columns": ["v"], "method": "previous"},
        {"table": {"v": [None, "a", None, "", None]}},
        {"result": {"v": [None, "a", "a", "", ""]}},
    ),
    Case(
        "Each group by itself",
        "fill_nulls",
        {"columns": ["v"], "method": "previous", "group_by": ["k"]},
        {"table": {"k": ["a", "b", "a", None, None], "v": [1, None, None, 2, None]}},
        {"result": {"k": ["a", "b", "a", None, None], "v": [1, None, 1, 2, 2]}},
    ),
    Case(
        "Null is a value that may be mapped; what is not listed gets the default",
        "map_values",
        {
            "column": "v",
            "mapping": [{"from": "a", "to": "A"}, {"from": None, "to": "none"}],
            "default": "value",
            "default_value": "?",
        },
        {"table": {"v": ["a", None, "", "A"]}},
        {"result": {"v": ["A", "none", "?", "?"]}},
    ),
    Case(
        "A range begins with its lower end; null and NaN have no label",
        "bins",
        {"column": "v", "ranges": [{"from": 0, "to": 10, "label": "low"}, {"from": 10, "label": "high"}], "name": "w"},
        {"table": {"v": [0, 9.5, 10, -1, None]}},
        {"result": {"v": [0.0, 9.5, 10.0, -1.0, None], "w": ["low", "low", "high", None, None]}},
    ),
    Case(
        "Only what is asked for becomes null",
        "null_values",
        {"columns": ["v"], "states": ["empty"], "values": ["n/a"]},
        {"table": {"v": ["", "n/a", " ", None]}},
        {"result": {"v": [None, None, " ", None]}},
    ),
    Case(
        "A column that is missing is added",
        "null_values",
        {"columns": ["v", "w"], "states": ["null", "missing"], "to": "value", "value": 0},
        {"table": {"v": [1, None]}},
        {"result": {"v": [1, 0], "w": [0, 0]}},
    ),
    Case(
        "The first condition that is true; null is not",
        "route",
        {"branches": [{"port": "big", "condition": "v > 10"}, {"port": "some", "condition": "v > 0"}]},
        {"table": {"v": [20, 5, None, -1]}},
        {"big": {"v": [20]}, "some": {"v": [5]}, "rest": {"v": [None, -1]}},
    ),
    Case(
        "Null breaks no rule but `not_null`; all broken rules are listed",
        "validate",
        {
            "rules": [
                {"column": "v", "kind": "not_null"},
                {"column": "v", "kind": "range", "min": 1},
                {"column": "k", "kind": "unique"},
            ]
        },
        {"table": {"k": ["a", "a", "b", None, None], "v": [1, 0, 2, 3, None]}},
        {
            "passed": {"k": ["b", None], "v": [2, 3]},
            "failed": {
                "k": ["a", "a", None],
                "v": [1, 0, None],
                "broken_rules": [["k unique"], ["v range", "k unique"], ["v not_null"]],
            },
        },
    ),
    Case(
        "Null is equal to null",
        "matcher",
        {"columns": ["k"]},
        {"table": {"k": ["a", None, "b", "a", None]}},
        {
            "matched": {"k": ["a", None, "a", None], "match_id": [1, 2, 1, 2]},
            "single_matched": {"k": ["a", None], "match_id": [1, 2]},
            "not_matched": {"k": ["b"]},
        },
    ),
    Case(
        "Null is like nothing, not even null",
        "fuzzy_join",
        {"left_column": "k", "right_column": "name", "threshold": 80, "ignore_accents": True},
        {"left": {"k": ["Zürich", "Bern", None]}, "right": {"name": ["Zurich", "Basel", None], "n": [1, 2, 3]}},
        {
            "joined": {"k": ["Zürich"], "name": ["Zurich"], "n": [1], "score": [100.0]},
            "left_only": {"k": ["Bern", None]},
        },
    ),
    Case(
        "No candidate",
        "fuzzy_join",
        {"left_column": "k", "right_column": "name", "threshold": 80, "ignore_accents": True},
        {"left": {"k": ["Zürich"]}, "right": "SELECT 'a' AS name, 1 AS n WHERE false"},
        {"joined": {"k": [], "name": [], "n": [], "score": []}, "left_only": {"k": ["Zürich"]}},
    ),
    Case(
        "A cell without rows is null, and 0 for `count`",
        "pivot",
        {"group_by": ["k"], "column": "c", "values": ["x", "y"], "values_from": "v", "function": "sum"},
        {"table": {"k": ["b", "a", "b", None], "c": ["x", "y", "x", "z"], "v": [1, 2, 3, 4]}},
        {"result": {"k": ["b", "a", None], "x": [4, None, None], "y": [None, 2, None]}},
    ),
    Case(
        "Nulls come out too",
        "unpivot",
        {"columns": ["a", "b"]},
        {"table": {"k": [1, 2], "a": [10, None], "b": [30, 40]}},
        {"result": {"k": [1, 1, 2, 2], "name": ["a", "b", "a", "b"], "value": [10, 30, None, 40]}},
    ),
    Case(
        "The last bin holds its upper end; null is in none",
        "histogram",
        {"column": "v", "bins": 2},
        {"table": {"v": [0, 5, 10, None]}},
        {
            "result": {
                "lower": [0.0, 5.0],
                "upper": [5.0, 10.0],
                "label": ["0 – 5", "5 – 10"],
                "count": [1, 2],
                "share": [0.3333333333333333, 0.6666666666666666],
            }
        },
    ),
    Case(
        "Null stays null, and empty text is one empty part",
        "split_column",
        {"column": "v", "delimiter": ",", "into": "rows"},
        {"table": {"v": ["a,b", "", None]}},
        {"result": {"v": ["a", "b", "", None]}},
    ),
    Case(
        "Nulls are left out",
        "concat_columns",
        {"columns": ["a", "b"], "separator": "-", "name": "c"},
        {"table": {"a": ["x", None, None], "b": ["y", "z", None]}},
        {"result": {"a": ["x", None, None], "b": ["y", "z", None], "c": ["x-y", "z", None]}},
    ),
    Case(
        "Null is a group",
        "counter",
        {"name": "n", "group_by": ["k"]},
        {"table": {"k": ["a", None, "a", None]}},
        {"result": {"k": ["a", None, "a", None], "n": [1, 1, 2, 2]}},
    ),
    Case(
        "Null: not at all",
        "repeat_rows",
        {"column": "n"},
        {"table": {"k": ["a", "b", "c"], "n": [2, None, 0]}},
        {"result": {"k": ["a", "a"], "n": [2, 2]}},
    ),
    Case(
        "Null and an empty list give one row of null",
        "explode_list",
        {"column": "l"},
        {"table": "SELECT unnest([1, 2, 3]) AS id, unnest([[1, 2], [], NULL]) AS l"},
        {"result": {"id": [1, 1, 2, 3], "l": [1, 2, None, None]}},
    ),
    Case(
        "Null matches nothing",
        "string_search",
        {"column": "v", "find": "a"},
        {"table": {"v": ["abc", "", None]}},
        {"matched": {"v": ["abc"], "match": ["a"]}, "not_matched": {"v": ["", None]}},
    ),
    Case(
        "Lower ends belong to a range",
        "route_by_range",
        {"column": "v", "ranges": [{"port": "low", "from": 0, "to": 10}]},
        {"table": {"v": [0, 10, None]}},
        {"low": {"v": [0]}, "rest": {"v": [10, None]}},
    ),
    Case(
        "A value that the reference lacks breaks the rule; null does not",
        "validate",
        {"rules": [{"column": "k", "kind": "reference", "reference": "code"}]},
        {"table": {"k": ["a", "x", None]}, "reference": {"code": ["a", None]}},
        {"passed": {"k": ["a", None]}, "failed": {"k": ["x"], "broken_rules": [["k reference"]]}},
    ),
    Case(
        "No reference: every value is wrong",
        "validate",
        {"rules": [{"column": "k", "kind": "reference", "reference": "code"}]},
        {"table": {"k": ["a", None]}, "reference": "SELECT 'a' AS code WHERE false"},
        {"passed": {"k": [None]}, "failed": {"k": ["a"], "broken_rules": [["k reference"]]}},
    ),
]
