"""The process that workers are forked from: whatever lives in it would be broken in its children."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, os, sys
import orchestrator.service.warm
import psutil, threading
me = psutil.Process()
print(json.dumps({
    "threads": [t.name for t in threading.enumerate()],
    "native": me.num_threads(),
    "sockets": len(me.net_connections(kind="all")),
    "children": len(me.children()),
    "servers": [name for name in sys.modules if name in ("dagster._grpc.server", "dagster_webserver")],
}))
"""


@pytest.fixture(scope="module")
def warm() -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def test_it_has_no_thread_but_the_main_one(warm: dict[str, object]) -> None:
    assert warm["threads"] == ["MainThread"]


def test_it_has_no_socket_and_no_child(warm: dict[str, object]) -> None:
    assert (warm["sockets"], warm["children"]) == (0, 0)


def test_it_loads_no_server(warm: dict[str, object]) -> None:
    assert warm["servers"] == []
