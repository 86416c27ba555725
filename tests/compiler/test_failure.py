"""What Dagster stores of a node's error, while it waits to be tried again, too."""

import pytest
from compiler.graphs import compute, graph, instance, node, rows, run
from dagster import DagsterEventType

from orchestrator.compiler.failure import failure, noted
from orchestrator.errors import NodeError
from orchestrator.runs.reasons import error_of

AGAIN = {"max_retries": 2, "delay_s": 0.0}
KEY = [{"name": "key", "type": "secret"}]


def loader(path):
    return node("c", "data_loader", {"source_type": "csv", "path": path}, retry=AGAIN)


CASES = [
    (compute("c", "error('no: ' || chr(10) || 'graphmill: {}')", retry=AGAIN), [], "invalid_value"),
    (compute("c", "b::INT", retry=AGAIN), [], "conversion_failed"),
    (compute("c", "upper(${key})::INT", retry=AGAIN), KEY, "conversion_failed"),
    (node("c", "cast", {"columns": [{"name": "b", "type": "INT"}]}, retry=AGAIN), [], "rejected_rows"),
    (node("c", "fail", {"message": "Not {b} with ${key}"}, retry=AGAIN), KEY, "failed_on_purpose"),
    (loader("${key}.csv"), KEY, "file_not_found"),
]


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(("own", "parameters", "code"), CASES)
def test_a_node_that_is_tried_again_says_what_it_says_at_the_end(own, parameters, code, cache):
    edges = [] if own["type"] == "data_loader" else ["in -> c"]
    given = {"key": "k3y"} if parameters else {}
    ran = run(graph([rows(), own], edges, parameters=parameters), cache=cache, **given)
    stored = [each.dagster_event for each in instance().all_logs(ran.run_id) if each.dagster_event]
    waiting = [each for each in stored if each.event_type is DagsterEventType.STEP_UP_FOR_RETRY]
    told = [error_of(each.event_specific_data, "c") for each in waiting]
    assert ran.error.code == code
    assert told == [ran.error, ran.error]


def test_it_can_be_written_as_utf_8():
    made = failure(NodeError("A file 'a\udcff' is missing.", value="\ud800"))
    assert (made.description, made.metadata["graphmill/value"].value) == ("A file 'a?' is missing.", "?")


@pytest.mark.parametrize("words", [
    "Failure: It failed.\n", "Failure: It failed.\ngraphmill: {\"graphmill/code\": \"a", "E: graphmill: {}", "",
])  # fmt: skip
def test_words_without_a_place(words):
    assert noted(words) is None
