"""What the API's process says is JSON, from its first line to its last."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from orchestrator.service.programs import API, programs
from orchestrator.settings import Settings


def test_every_line_of_the_api_is_json(tmp_path: Path) -> None:
    """Its port is taken, so that it ends by itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = Settings(home=tmp_path, host="127.0.0.1", port=taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", *programs(given)[API].command],
            env={**os.environ, "GRAPHMILL_HOME": str(tmp_path)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    said = [line["event"].split("[")[0].strip() for line in lines if line["logger"] == "uvicorn.error"]
    assert said[:3] == ["Started server process", "Waiting for application startup.", "Application startup complete."]
    assert "address already in use" in ended.stdout
    assert {"level", "timestamp"} <= set.intersection(*map(set, lines))
