import datetime as dt

import pytest

from orchestrator.expressions import DENIED, connection
from orchestrator.ops._tested import VOLATILE
from orchestrator.ops.filter import Filter


def passed(run, config, table):
    """The ids that pass; every other row must have failed, both in input order."""
    made = run("filter", config, table=table)
    ids = [row[0] for row in made["passed"]]
    assert [row[0] for row in made["failed"]] == [row["id"] for row in table if row["id"] not in ids]
    return ids


CONDITIONS = [
    ("amount > 8", [1, 4]),
    ("amount <> 7", [1, 4, 5]),
    ("region = 'north'", [1, 4]),
    ("region IS NULL OR amount IS NULL", [2, 3]),
    ("NOT (region = 'north')", [2, 5]),
    ("NULL", []),
    ("true", [1, 2, 3, 4, 5]),
    ("day >= DATE '2024-01-02' -- a comment", [2, 4]),
    ("id IN (1, 5) AND length(region) >= 0", [1, 5]),
    ("CASE WHEN id = 2 THEN true END", [2]),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
def test_condition(run, sales, condition, expected):
    assert passed(run, {"condition": condition}, sales) == expected


CLAUSES = [
    ("region", "=", "north", [1, 4]),
    ("region", "!=", "north", [2, 5]),
    ("region", "<", "south", [1, 4, 5]),
    ("amount", "=", 10.5, [1, 4]),
    ("amount", "=", "10.5", [1, 4]),
    ("amount", "<=", 7, [3, 5]),
    ("id", ">", 2.5, [3, 4, 5]),
    ("id", "in", [1, "2", 9], [1, 2]),
    ("id", "in", [], []),
    ("amount", "not_in", [7, 8], [1, 4, 5]),
    ("amount", "not_in", [], [1, 3, 4, 5]),
    ("amount", "between", [7, 10.5], [1, 3, 4]),
    ("day", "between", ["2024-01-01", "2024-01-31"], [1, 2]),
    ("day", ">", "2024-01-01 12:00", [2, 4]),
    ("day", "=", dt.date(2024, 1, 1), [1]),
    ("region", "contains", "ort", [1, 4]),
    ("region", "not_contains", "ort", [2, 5]),
    ("region", "starts_with", "s", [2]),
    ("region", "ends_with", "th", [1, 2, 4]),
    ("region", "matches", "^[ns]o", [1, 2, 4]),
    ("id", "contains", 1, [1]),
    ("region", "contains", "%", []),
    ("region", "=", "' OR true --", []),
    ("region", "is_null", None, [3]),
    ("region", "is_not_null", None, [1, 2, 4, 5]),
    ("region", "is_empty", None, [5]),
    ("region", "is_not_empty", None, [1, 2, 4]),
    ("region", "has_value", None, [1, 2, 4]),
    ("amount", "has_value", None, [1, 3, 4, 5]),
]


@pytest.mark.parametrize(("column", "operator", "value", "expected"), CLAUSES)
def test_clause(run, sales, column, operator, value, expected):
    clause = {"column": column, "operator": operator, "value": value}
    assert passed(run, {"clauses": [clause]}, sales) == expected


TYPES = {
    "integer": (["5", " -5 ", "+05", "9223372036854775807"], ["1.5", "1e3", "0x1F", "9223372036854775808", "--5"]),
    "number": (["5", "-1.5", ".5", " 1e3 ", "+.5E-3"], ["1,5", "inf", "NaN", "1e400", "1e", "true", "5 m"]),
    "date": (["2024-01-02", "2024-2-29", "2024/01/02", " 2024-01-02 "], ["2024-02-30", "02.01.2024", "2024-01-02 12:00",
             "20240102", "infinity", "epoch"]),
    "timestamp": (["2024-01-02", "2024-01-02 12:00", "2024-01-02T12:00:00.5Z"], ["12:00", "2024-01-02 25:00"]),
    "boolean": (["true", "F", "1", "no"], ["2", "on", "wahr"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("made", ["VARCHAR", "ENUM"])
def test_what_a_text_can_be_cast_to(run, kind, made):
    right, wrong = TYPES[kind]
    table = {"t": [*right, *wrong, "", " ", None]}
    if made == "ENUM":
        values = ", ".join(f"'{each}'" for each in table["t"] if each is not None)
        table = f"SELECT unnest([{values}, NULL])::ENUM({values}) AS t"
    found = run("filter", {"clauses": [{"column": "t", "operator": "type_is", "value": kind}]}, table=table)
    assert found == {"passed": [(each,) for each in right], "failed": [(each,) for each in [*wrong, "", " ", None]]}
    casts = {"integer": "BIGINT", "number": "DOUBLE"}
    config = {"columns": [{"name": "t", "type": casts.get(kind, kind.upper())}]}
    assert not run("cast", config, table={"t": right})["rejected"]


def test_nulls_alone_are_of_no_type(run):
    config = {"clauses": [{"column": "t", "operator": "type_is", "value": "integer"}]}
    assert run("filter", config, table="SELECT NULL AS t") == {"passed": [], "failed": [(None,)]}


CASES = [
    ("=", "NORTH", [1, 4]),
    ("!=", "North", [2, 5]),
    ("<", "SOUTH", [1, 4, 5]),
    ("in", ["South", "x"], [2]),
    ("not_in", ["South"], [1, 4, 5]),
    ("between", ["N", "O"], [1, 4]),
    ("contains", "ORT", [1, 4]),
    ("not_contains", "ORT", [2, 5]),
    ("starts_with", "S", [2]),
    ("ends_with", "TH", [1, 2, 4]),
    ("matches", "^[NS]O", [1, 2, 4]),
    ("has_value", None, [1, 2, 4]),
]


@pytest.mark.parametrize(("operator", "value", "expected"), CASES)
def test_clause_without_case(run, sales, operator, value, expected):
    clause = {"column": "region", "operator": operator, "value": value, "ignore_case": True}
    assert passed(run, {"clauses": [clause]}, sales) == expected


def test_numbers_have_no_case(run, sales):
    clause = {"column": "amount", "operator": ">", "value": 8, "ignore_case": True}
    assert passed(run, {"clauses": [clause]}, sales) == [1, 4]


def test_all_and_any(run, sales):
    clauses = [{"column": "region", "operator": "=", "value": "north"}, {"column": "id", "operator": ">", "value": 3}]
    assert passed(run, {"clauses": clauses}, sales) == [4]
    assert passed(run, {"clauses": clauses, "match": "any"}, sales) == [1, 4, 5]


def test_geometry_is_only_asked_whether_it_is_there(run):
    table = "SELECT 1 AS id, 'POINT(0 0)'::GEOMETRY AS g UNION ALL SELECT 2, NULL"
    made = run("filter", {"clauses": [{"column": "g", "operator": "is_null"}]}, table=table)
    assert [row[0] for row in made["passed"]] == [2]
    refused = run.refuses("filter", {"clauses": [{"column": "g", "operator": "=", "value": 1}]}, table=table)
    assert refused[:2] == ("type_mismatch", "/config/clauses/0/operator")


def clause(column, operator, value=None):
    first = {"column": "id", "operator": "=", "value": 1}
    return {"clauses": [first, {"column": column, "operator": operator, "value": value}]}


REFUSED = [
    ({}, "invalid_config", "/config/condition"),
    ({"condition": "1=1", "clauses": [{"column": "id", "operator": "is_null"}]}, "invalid_config", "/config/condition"),
    ({"clauses": []}, "invalid_config", "/config/clauses"),
    ({"condition": "amont > 1"}, "unknown_column", "/config/condition"),
    ({"condition": "region > 1 AND day"}, "type_mismatch", "/config/condition"),
    ({"condition": "amount"}, "type_mismatch", "/config/condition"),
    ({"condition": "(SELECT true)"}, "invalid_expression", "/config/condition"),
    ({"condition": "random() < 0.5"}, "invalid_expression", "/config/condition"),
    (clause("id", "="), "invalid_config", "/config/clauses/1/value"),
    (clause("id", "is_null", 1), "invalid_config", "/config/clauses/1/value"),
    (clause("id", "in", 1), "invalid_config", "/config/clauses/1/value"),
    (clause("id", "between", [1]), "invalid_config", "/config/clauses/1/value"),
    (clause("id", "=", [1]), "invalid_config", "/config/clauses/1/value"),
    (clause("id", "like", "x"), "invalid_config", "/config/clauses/1/operator"),
    (clause("id", "=", "x"), "type_mismatch", "/config/clauses/1/value"),
    (clause("id", "=", True), "type_mismatch", "/config/clauses/1/value"),
    (clause("id", "in", [1, "x"]), "type_mismatch", "/config/clauses/1/value/1"),
    (clause("day", "between", ["2024-01-01", "soon"]), "type_mismatch", "/config/clauses/1/value/1"),
    (clause("day", "<", 5), "type_mismatch", "/config/clauses/1/value"),
    (clause("region", "<", 5), "type_mismatch", "/config/clauses/1/value"),
    (clause("region", "between", ["a", 1.5]), "type_mismatch", "/config/clauses/1/value"),
    (clause("region", "type_is"), "invalid_config", "/config/clauses/1/value"),
    (clause("region", "type_is", "intger"), "invalid_config", "/config/clauses/1/value"),
    (clause("region", "type_is", ["integer"]), "invalid_config", "/config/clauses/1/value"),
    (clause("region", "type_is", 1), "invalid_config", "/config/clauses/1/value"),
    (clause("amount", "type_is", "integer"), "type_mismatch", "/config/clauses/1/operator"),
    (clause("region", "matches", "("), "invalid_config", "/config/clauses/1/value"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, sales, config, code, path):
    assert run.refuses("filter", config, table=sales)[:2] == (code, path)


def test_message_names_column_type_and_value(run, sales):
    config = {"clauses": [{"column": "day", "operator": "<", "value": "soon"}]}
    assert run.refuses("filter", config, table=sales)[2] == "Column 'day' is DATE; 'soon' is not one."


def test_parameters_enter_as_values(sales, context, run, session):
    config = {"condition": "region = ${r}"}
    op = Filter.configure(config, {"r": "' OR '1' = '1"})
    made = op.call({"table": session.connection.sql("SELECT 'north' AS region")}, context)
    assert made["passed"].fetchall() == []


def test_knows_every_function_that_changes_by_itself():
    query = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE stability = 'VOLATILE'"
    names = {name for (name,) in connection().cursor().sql(query).fetchall() if not DENIED.match(name)}
    assert names - {"error", "vector_type"} <= VOLATILE
