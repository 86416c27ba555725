"""The one shape of every rejection, and graphs to post."""

from typing import Any

import httpx2 as httpx

FIELDS = {"severity", "code", "message", "node_id", "edge_id", "port", "path", "hint"}


def problems_of(answer: httpx.Response, status: int, *codes: str) -> list[dict[str, Any]]:
    """The problems of a rejection, which must be in the shape, with this status and these codes."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    said = answer.json()
    assert set(said) == {"type", "title", "status", "detail", "problems"}
    assert said["status"] == status
    assert said["type"].startswith("urn:graphmill:problem:")
    assert said["title"]
    assert said["detail"]
    assert said["problems"]
    for problem in said["problems"]:
        assert set(problem) == FIELDS
        assert problem["message"]
    for secret in ("Traceback", "/tmp/", "/home/", "site-packages", 'File "'):
        assert secret not in answer.text
    assert {each["code"] for each in said["problems"]} >= set(codes), said
    return list(said["problems"])


def inline(node_id: str = "1", **more: Any) -> dict[str, Any]:
    """A node that needs no input."""
    return {"id": node_id, "type": "inline_data", "config": {"rows": [{"a": 1, "b": "x"}]}, **more}


def chain(**more: Any) -> dict[str, Any]:
    """A graph of two nodes that can run."""
    return {
        "name": "Chain",
        "nodes": [inline(), {"id": "dndnode-2", "type": "filter", "config": {"condition": "a > 0"}}],
        "edges": [{"id": "e1", "source": "1", "target": "dndnode-2"}],
        **more,
    }
