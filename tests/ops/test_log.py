import dataclasses

import pytest

ROWS = [{"id": 1, "t": "a"}, {"id": 2, "t": None}, {"id": 3, "t": ""}]
CASES = [
    ({"limit": 2}, [("info", "id: 1, t: a"), ("info", "id: 2, t: null")]),
    ({"message": "Look: {id}", "limit": 0, "level": "error"}, [("error", "Look: {id}")]),
    ({"message": "All", "level": "warning"}, 
     [("warning", "All"), *(("warning", f"id: {n}, t: {t}") for n, t in ((1, "a"), (2, "null"), (3, "")))]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "lines"), CASES)
def test_writes_lines_and_hands_all_rows_on(run, context, config, lines):
    said = []
    context = dataclasses.replace(context, log=lambda level, text: said.append((level, text)))
    assert run("log", config, context, table=ROWS) == [(1, "a"), (2, None), (3, "")]
    assert said == lines


def test_rows_in_the_log_are_those_handed_on(run, context):
    said = []
    context = dataclasses.replace(context, scratch=context.root, log=lambda _, text: said.append(text))
    made = run("log", {"limit": 1000}, context, table="SELECT (random() * 1e9)::BIGINT AS n FROM range(9)")
    assert said == [f"n: {n}" for (n,) in made]


@pytest.mark.parametrize("config", [{"level": "fatal"}, {"limit": -1}, {"limit": 1001}])
def test_refuses(run, config):
    code, path, _ = run.refuses("log", config, table=ROWS)
    assert (code, path) == ("invalid_config", f"/config/{next(iter(config))}")
