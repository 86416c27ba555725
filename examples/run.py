"""Posts the late flights to a running Graphmill, follows the run, and shows what came out.

`python -m examples.run [URL]`; `make run` calls it once the system is up.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from examples.data import FLIGHTS

BASE = "http://127.0.0.1:8000"
WORKFLOW = Path(__file__).with_name("late_flights.json")
RESULT = ("table", "result")
FILES = ("late_flights_by_carrier.csv", "late_flights_by_destination.geojson")
SIGNS = {"completed": "✓", "cached": "=", "failed": "✗", "skipped": "-", "canceled": "-"}
READY_S, ROWS = 120, 16


def main(base: str = BASE) -> bool:
    """Upload, save, execute, follow, show; returns whether the run completed."""
    with httpx.Client(base_url=base, timeout=60) as client:
        wait_until_ready(client)
        say("Data", upload(client))
        workflow = save(client, json.loads(WORKFLOW.read_text()))
        say("Workflow", [f"{workflow['name']}, version {workflow['version']} ({workflow['id']})"])
        started = answer(client.post(f"/api/workflows/{workflow['id']}/execute"))
        labels = {node["id"]: node.get("label") or node["id"] for node in workflow["nodes"]}
        say("Run", follow(client, started["execution_id"], labels))
        execution = answer(client.get(f"/api/executions/{started['execution_id']}"))
        if execution["status"] != "completed":
            say("Failed", [(execution["error"] or {}).get("message", execution["status"])])
            return False
        say(FILES[0], table(client, execution["id"]))
        files = [f"{base}/api/files/{name}" for name in FILES]
        say("Where to look", [f"{execution['run_url']} (the run in Dagster)", f"{base}/docs (the API)", *files])
        return True


def wait_until_ready(client: httpx.Client) -> None:
    """Return once every part of the system answers; give up after two minutes."""
    for _ in range(READY_S * 5):
        with suppress(httpx.TransportError):
            if client.get("/readyz").is_success:
                return
        time.sleep(0.2)
    sys.exit(f"Graphmill at {client.base_url} is not ready after {READY_S} s; its log says why.")


def upload(client: httpx.Client) -> Iterator[str]:
    """Send the files that are not there yet; a line for each."""
    there = answer(client.get("/api/files", params={"folder": "", "limit": 1000}))["items"]
    sizes = {each["path"]: each["size"] for each in there}
    for name, source in FLIGHTS.items():
        if sizes.get(name) == source.size:
            yield f"{name:<34} is there"
            continue
        with source.open() as stream:
            sent = {"file": (Path(name).name, stream)}
            stored = answer(client.post("/api/files", params={"overwrite": "true"}, files=sent, data={"path": name}))
        yield f"{name:<34} uploaded, {stored['size']:,} bytes"


def save(client: httpx.Client, graph: dict[str, Any]) -> dict[str, Any]:
    """Store the workflow; where one of this name is there, as its next version (an unchanged graph makes none)."""
    found = answer(client.get("/api/workflows", params={"search": graph["name"]}))["items"]
    mine = next((each for each in found if each["name"] == graph["name"]), None)
    path = f"/api/workflows/{mine['id']}" if mine else "/api/workflows"
    stored: dict[str, Any] = answer(client.request("PUT" if mine else "POST", path, json=graph))
    return stored


def follow(client: httpx.Client, execution_id: str, labels: dict[str, str]) -> Iterator[str]:
    """A line for each node as it ends, from the run's stream of events."""
    began = time.monotonic()
    with client.stream("GET", f"/api/executions/{execution_id}/logs", timeout=None) as events:
        for line in events.iter_lines():
            node = json.loads(line.removeprefix("data:")).get("node") if line.startswith("data:") else None
            if node and node["status"] in SIGNS:
                ports = ", ".join(f"{port} {out['rows']:,}" for port, out in node["outputs"].items() if out["rows"])
                yield f"{SIGNS[node['status']]} {labels[node['node_id']]:<36} {ports}"
    yield f"{time.monotonic() - began:.1f} s"


def table(client: httpx.Client, execution_id: str) -> Iterator[str]:
    """The first rows that came out of the last node, as text in columns."""
    node, port = RESULT
    page = answer(client.get(f"/api/executions/{execution_id}/nodes/{node}/outputs/{port}", params={"limit": ROWS}))
    values = [[f"{value:,.1f}" if isinstance(value, float) else str(value) for value in row] for row in page["rows"]]
    rows = [[column["name"] for column in page["columns"]], *values]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
    yield f"{min(page['total'], ROWS)} of {page['total']} rows"


def answer(response: httpx.Response) -> Any:
    """The JSON of an answer; a rejection ends the program with its problems."""
    if response.is_success:
        return response.json()
    found = response.json() if "json" in response.headers.get("content-type", "") else {}
    sys.exit("\n".join(each["message"] for each in found.get("problems", ())) or f"HTTP {response.status_code}")


def say(title: str, lines: Iterable[str]) -> None:
    """A heading, and the lines below it as they come."""
    print(f"\n{title}", flush=True)
    for line in lines:
        print(f"  {line.rstrip()}", flush=True)


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:2]) else 1)
