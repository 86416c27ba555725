"""The process that workers are forked from: whatever lives in it would be broken in its children."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, os, sys, tempfile
import orchestrator.service.warm as warm
import psutil, threading
from orchestrator import expressions, parsing, tables
from orchestrator.registry import node_types
me = psutil.Process()
print(json.dumps({
    "threads": [t.name for t in threading.enumerate()],
    "native": me.num_threads(),
    "sockets": len(me.net_connections(kind="all")),
    "children": len(me.children()),
    "left": os.listdir(tempfile.gettempdir()),
    "databases": len(tables.SESSIONS) + len(parsing._local.__dict__),
    "functions": expressions.functions.cache_info().currsize,
    "defined": len(warm.DEFINED) == len(node_types()),
    "home": os.environ["GRAPHMILL_HOME"],
    "servers": [name for name in sys.modules if name in ("dagster._grpc.server", "dagster_webserver")],
}))
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    env = os.environ | {
        "GRAPHMILL_HOME": str(tmp_path_factory.mktemp("home")),
        "TMPDIR": str(tmp_path_factory.mktemp("tmp")),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=120, env=env
    )
    return json.loads(done.stdout) | {"given_home": env["GRAPHMILL_HOME"], "said": done.stderr}


def test_it_has_no_thread_but_the_main_one(warm: dict[str, object]) -> None:
    assert warm["threads"] == ["MainThread"]


def test_it_has_no_socket_and_no_child(warm: dict[str, object]) -> None:
    assert (warm["sockets"], warm["children"]) == (0, 0)


def test_it_loads_no_server(warm: dict[str, object]) -> None:
    assert warm["servers"] == []


def test_what_is_done_once_in_a_process_has_been_done(warm: dict[str, object]) -> None:
    assert (warm["functions"], warm["defined"], warm["said"]) == (1, True, "")


def test_the_rehearsal_leaves_nothing(warm: dict[str, object]) -> None:
    assert (warm["left"], warm["databases"], warm["home"]) == ([], 0, warm["given_home"])
    assert not list((Path(str(warm["home"])) / "runs").iterdir())
