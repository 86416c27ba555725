"""Dagster's own UI knows the run: one op per node, the row counts as metadata."""

from running_system import execute, save
from test_pin import graphql

from benchmarks.graphs import edge, node
from benchmarks.system import System

RUN = """
query($id: ID!) { runOrError(runId: $id) { ... on Run {
    status tags { key value } stepStats { stepKey status }
    eventConnection(limit: 1000) { events { __typename
        ... on HandledOutputEvent { stepKey outputName metadataEntries { label
            ... on IntMetadataEntry { intValue } ... on TableMetadataEntry { table { records } } } } } } } } }
"""


def test_a_run_is_shown_with_its_nodes_and_row_counts(system: System) -> None:
    rows = [{"a": number} for number in range(10)]
    nodes = [node("data", "inline_data", rows=rows), node("some", "filter", condition="a >= 4") | {"label": "Big ones"}]
    workflow = save(system, {"name": "shown", "nodes": nodes, "edges": [edge("data", "some")]})
    started = execute(system, workflow, wait=60)
    run = graphql(system, RUN, id=started["execution_id"])["runOrError"]
    assert run["status"] == "SUCCESS"
    assert {"key": "graphmill/name", "value": "shown"} in run["tags"]
    assert {each["stepKey"]: each["status"] for each in run["stepStats"]} == {
        "inline_data__data": "SUCCESS",
        "Big_ones__some": "SUCCESS",
    }
    counts = {}
    for event in run["eventConnection"]["events"]:
        for entry in event.get("metadataEntries", ()):
            if entry["label"] == "dagster/row_count":
                counts[event["stepKey"], event["outputName"]] = entry["intValue"]
    assert counts["Big_ones__some", "passed"] == 6
    assert counts["inline_data__data", "result"] == 10
