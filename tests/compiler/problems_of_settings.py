"""Graphs whose parameters and settings are wrong, with the problems that they have."""

from compiler.graphs import compute, graph, keep, node, rows
from compiler.problems import JOIN, case, problem

CASES = [
    case(
        "unknown_parameter: a placeholder, beside another mistake",
        graph(
            [rows(), keep("k", "a > ${min_dely} AND ${other}", label="K"), keep("l", "a > ("), keep("m", "${}")],
            ["in -> k", "in -> l", "in -> m"],
            parameters=[{"name": "min_delay", "type": "integer", "default": 1}],
        ),
        problem(
            "unknown_parameter", "Parameter 'min_dely' is not in this workflow. Did you mean 'min_delay'?",
            node_id="k", path="/config/condition", hint="parameters: min_delay",
        ),
        problem(
            "unknown_parameter", "Parameter 'other' is not in this workflow.",
            node_id="k", path="/config/condition", hint="parameters: min_delay",
        ),
        problem(
            "invalid_expression", "This expression cannot be used: it is not complete, or has a ')' too many.",
            node_id="l", path="/config/condition",
        ),
        problem(
            "unknown_parameter", "Parameter '' is not in this workflow.",
            node_id="m", path="/config/condition", hint="parameters: min_delay",
        ),
    ),
    case(
        "unknown_parameter: where there is none, deep in a config",
        graph([rows(made=[{"a": "x ${b/c'd} y"}])]),
        problem(
            "unknown_parameter", "Parameter 'b/c'd' is not in this workflow.",
            node_id="in", path="/config/rows/0/a", hint="parameters: none",
        ),
    ),
    case(
        "unknown_parameter: given",
        graph([rows()], parameters=[{"name": "a"}]),
        problem(
            "unknown_parameter", "Parameter 'b' is not in this workflow.", path="/parameters/b", hint="a",
        ),
        b=1,
    ),
    case(
        "missing_parameter",
        graph([rows()], parameters=[{"name": "a", "required": True}, {"name": "b"}]),
        problem("missing_parameter", "Parameter 'a' needs a value.", path="/parameters/a"),
        b="x",
    ),
    case(
        "invalid_config: a setting that does not exist",
        graph([rows(), keep("k", colour="red")], ["in -> k"]),
    ),
    case(
        "invalid_config: another setting that does not exist",
        graph([rows(), node("k", "filter", {"condition": "a > 1", "matsch": "any"})], ["in -> k"]),
        problem(
            "invalid_config", "'matsch' is no setting of 'filter'. Did you mean 'match'?",
            node_id="k", path="/config/matsch", hint="condition, clauses, match",
        ),
    ),
    case(
        "invalid_config: a setting inside another that does not exist",
        graph([rows(), node("k", "filter", {"clauses": [{"column": "a", "operator": "is_null", "colum": 1}]})],
              ["in -> k"]),
        problem(
            "invalid_config", "'colum' is no setting of 'filter' in 'clauses'. Did you mean 'column'?",
            node_id="k", path="/config/clauses/0/colum", hint="column, operator, value, ignore_case",
        ),
    ),
    case(
        "invalid_config: a setting that is missing",
        graph([rows(), node("k", "compute")], ["in -> k"]),
        problem("invalid_config", "'columns' is needed.", node_id="k", path="/config/columns"),
    ),
    case(
        "invalid_config: every mistake of a node",
        graph([rows(), node("s", "sort", {"by": [{"column": 1}, {"column": "a", "nulls": "x"}]})], ["in -> s"]),
        problem("invalid_config", "'column' must be a string.", node_id="s", path="/config/by/0/column"),
        problem("invalid_config", "'nulls' must be 'first' or 'last'.", node_id="s", path="/config/by/1/nulls"),
    ),
    case(
        "invalid_config: an option that is not known, and an entry of a list",
        graph([rows(), node("s", "aggregate", {"group_by": [1], "aggregations": [
            {"column": "a", "function": "summ", "name": "b"}]})], ["in -> s"]),
        problem("invalid_config", "Entry 1 of 'group_by' must be a string.", node_id="s", path="/config/group_by/0"),
        problem(
            "invalid_config", "'function' must be 'count', 'count_distinct', 'sum', 'mean', 'min', 'max', 'median', "
            "'stddev', 'first', 'last', 'concat' or 'union_geometry'. Did you mean 'sum'?",
            node_id="s", path="/config/aggregations/0/function",
        ),
    ),
    case(
        "invalid_expression",
        graph(
            [rows(), compute("c", "(SELECT 1)"), keep("k", "read_csv('/etc/passwd')"), keep("l", "a; DROP")],
            ["in -> c", "in -> k", "in -> l"],
        ),
        problem(
            "invalid_expression",
            "This expression cannot be used: a subquery is not allowed: join the other table in first.",
            node_id="c", path="/config/columns/0/expression",
        ),
        problem(
            "invalid_expression", "This expression cannot be used: function 'read_csv' is not allowed.",
            node_id="k", path="/config/condition",
        ),
        problem(
            "invalid_expression", 'This expression cannot be used: syntax error at or near ";".',
            node_id="l", path="/config/condition",
        ),
    ),
    case(
        "unknown_column: in an expression",
        graph([rows(made=[{"dep_delay": 1, "day": 2}]), keep("k", "dep_dely > 1")], ["in -> k"]),
        problem(
            "unknown_column", "Column 'dep_dely' is not in this table. Did you mean 'dep_delay'?",
            node_id="k", port="table", path="/config/condition", hint="dep_delay",
        ),
    ),
    case(
        "unknown_column: in a setting",
        graph(
            [rows(made=[{"dep_delay": 1, "day": 2}]), node("s", "sort", {"by": [{"column": "dep_dely"}]})], ["in -> s"]
        ),
        problem(
            "unknown_column", "Column 'dep_dely' is not in this table. Did you mean 'dep_delay'?",
            node_id="s", port="table", path="/config/by/0/column", hint="dep_delay, day",
        ),
    ),
    case(
        "unknown_column: at the second input",
        graph([rows("l"), rows("r", [{"b": 1}]), JOIN], ["l -> j.left", "r -> j.right"]),
        problem(
            "unknown_column", "Column 'a' is not in this table.",
            node_id="j", port="right", path="/config/keys/0/right", hint="b",
        ),
    ),
    case(
        "type_mismatch",
        graph([rows(), keep("k", "a + 1")], ["in -> k"]),
        problem(
            "type_mismatch", "The condition gives BIGINT, not true or false. Compare it with something, such as > 0.",
            node_id="k", path="/config/condition",
        ),
    ),
    case(
        "path_not_allowed",
        graph([node("l", "data_loader", {"source_type": "csv", "path": "../secret.csv"})]),
        problem(
            "path_not_allowed",
            "'../secret.csv' is not allowed: paths are relative to the data root and have no '..'.",
            node_id="l", path="/config/path",
        ),
    ),
    case(
        "file_not_found",
        graph([node("l", "data_loader", {"source_type": "csv", "path": "flihts.csv"})]),
        problem(
            "file_not_found", "File 'flihts.csv' is not there. Did you mean 'flights.csv'?",
            node_id="l", path="/config/path",
        ),
    ),
    case(
        "invalid_parameter: its own mistakes",
        graph(
            [rows()],
            parameters=[{"name": "n", "type": "integer", "default": "x"}, {"name": "n"},
                        {"name": "c", "type": "choice", "choices": ["a", "b"], "default": "d"}],
        ),
        problem("invalid_parameter", "Parameter 'n' takes a whole number; 'x' is not.", path="/parameters/0/default"),
        problem("invalid_parameter", "Two parameters are called 'n'.", path="/parameters/1/name"),
        problem("invalid_parameter", "Parameter 'c' takes one of a, b; 'd' is not.", path="/parameters/2/default"),
    ),
]  # fmt: skip
