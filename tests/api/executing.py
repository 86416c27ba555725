"""Workflows posted and executed."""

from typing import Any

from starlette.testclient import TestClient


def post(api: TestClient, graph: dict[str, Any]) -> str:
    return str(api.post("/api/workflows", json=graph).json()["id"])


def execute(api: TestClient, workflow_id: str, **more: Any) -> dict[str, Any]:
    answer = api.post(f"/api/workflows/{workflow_id}/execute", **({"params": {"wait": 60}} | more))
    assert answer.status_code in (200, 202), answer.text
    return dict(answer.json())
