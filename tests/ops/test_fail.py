import pytest

from orchestrator.errors import NodeError

ROWS = [{"id": 1, "t": "a"}, {"id": 2, "t": None}, {"id": 3, "t": "{id}"}]
FIRES = [
    ({}, "A row came in that should not be there."),
    ({"message": "Row {id}: {t}, {id} {} {"}, "Row 1: a, 1 {} {"),
    ({"condition": "id > 1", "message": "{t}"}, "null"),
    ({"condition": "t LIKE '{%'", "message": "{t}!"}, "{id}!"),
]


@pytest.mark.parametrize(("config", "message"), FIRES)
def test_fires(run, config, message):
    with pytest.raises(NodeError) as caught:
        run("fail", config, table=ROWS)
    assert (caught.value.code, caught.value.message) == ("failed_on_purpose", message)


@pytest.mark.parametrize("condition", ["id > 3", "NULL", "t = 'b'"])
def test_hands_the_rows_on(run, condition):
    assert run("fail", {"condition": condition}, table=ROWS) == [(1, "a"), (2, None), (3, "{id}")]


def test_no_row(run):
    assert run("fail", {}, table="SELECT 1 AS id WHERE false") == []


REFUSED = [
    ({"condition": "id"}, "type_mismatch", "/config/condition"),
    ({"condition": "ids > 1"}, "unknown_column", "/config/condition"),
    ({"condition": "id >"}, "invalid_expression", "/config/condition"),
    ({"message": "{ids}"}, "unknown_column", "/config/message"),
    ({"message": ""}, "invalid_config", "/config/message"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("fail", config, table=ROWS)[:2] == (code, path)
