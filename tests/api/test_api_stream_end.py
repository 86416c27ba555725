"""Whoever has seen the last event of an execution finds it ended."""

import threading
import time
from uuid import uuid4

from api_shape import chain
from dagster import DagsterEvent, DagsterEventType
from dagster._core.events.log import EventLogEntry
from starlette.testclient import TestClient

from orchestrator.compiler.jobs import Jobs
from orchestrator.runs import adapter
from orchestrator.settings import settings


def test_the_last_event_waits_for_the_record(api: TestClient) -> None:
    workflow = api.post("/api/workflows", json=chain()).json()["id"]
    compiled = Jobs(api.app.state.system.catalog).get(workflow, 1)  # type: ignore[attr-defined]
    run = adapter.create_run(compiled, settings(), run_id=str(uuid4()), run_config={}, tags={})
    event = DagsterEvent(DagsterEventType.PIPELINE_SUCCESS.value, run.job_name, message="Done.")
    entry = EventLogEntry(None, 20, "", run.run_id, time.time(), job_name=run.job_name, dagster_event=event)
    adapter.instance().event_log_storage.store_event(entry)
    record = adapter.instance().run_storage.handle_run_event
    threading.Timer(0.2, record, [run.run_id, event]).start()
    url = f"/api/executions/{run.run_id}"
    assert '"status":"completed"' in api.get(f"{url}/logs").text
    assert api.get(url).json()["status"] == "completed"
