import pytest

from orchestrator.ops.transformer import Transformer

MAP = {"operation": "map", "params": {"columns": [{"name": "double", "expression": "id * 2"}]}}
FILTER = {"operation": "filter", "params": {"condition": "id > 3"}}
AGGREGATE = {"operation": "aggregate", "params": {"group_by": ["region"], "aggregations": [{"function": "count"}]}}

GOOD = [
    (MAP, [2, 4, 6, 8, 10]),
    (FILTER, [5, 5]),
    ({"operation": "filter", "params": {"clauses": [{"column": "id", "operator": "=", "value": 1}]}}, [5]),
    (AGGREGATE, [1, 2, 1, 1]),
]


@pytest.mark.parametrize(("config", "expected"), GOOD)
def test_does_as_the_node_types_do(run, sales, config, expected):
    made = run("transformer", config, table=sales)
    found = [len(row) + 1 for row in made] if config["operation"] == "filter" else [row[-1] for row in made]
    assert found == expected


def test_filter_keeps_what_passes(run, sales):
    assert [row[0] for row in run("transformer", FILTER, table=sales)] == [4, 5]


def test_names_the_columns_of_its_operation():
    assert Transformer.configure(AGGREGATE).columns_named == [("/params/group_by/0", "region", None)]
    assert Transformer.configure(AGGREGATE).ignores_order()
    assert not Transformer.configure(FILTER).ignores_order()


def test_parameters_enter_as_values(session, context):
    op = Transformer.configure({"operation": "filter", "params": {"condition": "t = ${t}"}}, {"t": "' OR true --"})
    assert op.call({"table": session.connection.sql("SELECT 'x' AS t")}, context)["result"].fetchall() == []


REFUSED = [
    ({"operation": "sort", "params": {}}, "invalid_config", "/config/operation"),
    ({"operation": "filter", "params": {}}, "invalid_config", "/config/params/condition"),
    ({"operation": "filter", "params": {"condition": "sum(id)"}}, "invalid_expression", "/config/params/condition"),
    ({"operation": "filter", "params": {"condition": "idd > 1"}}, "unknown_column", "/config/params/condition"),
    ({"operation": "filter", "params": {"clause": 1, "condition": "true"}}, "invalid_config", "/config/params/clause"),
    ({"operation": "map", "params": {"columns": [{"name": "a"}]}}, "invalid_config",
     "/config/params/columns/0/expression"),
    ({"operation": "map", "params": {"columns": [{"name": "a", "expression": "b"}]}}, "unknown_column",
     "/config/params/columns/0/expression"),
    ({"operation": "aggregate", "params": {"aggregations": [{"function": "sum", "column": "region"}]}},
     "type_mismatch", "/config/params/aggregations/0/function"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses_below_params(run, sales, config, code, path):
    assert run.refuses("transformer", config, table=sales)[:2] == (code, path)
