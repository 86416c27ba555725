import pytest

from orchestrator.ops.settings import bind_parameters


def test_hands_the_rows_on(run):
    assert run("output", {"name": "a/b ü"}, table=[{"a": 2}, {"a": 1}]) == [(2,), (1,)]


@pytest.mark.parametrize("name", ["", "x" * 201, bind_parameters("${p}", {"p": "x"})])
def test_refuses_a_name(run, name):
    assert run.refuses("output", {"name": name}, table=[{"a": 1}])[:2] == ("invalid_config", "/config/name")
