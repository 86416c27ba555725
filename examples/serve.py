"""`make run`: the whole system in the foreground, and the late flights through it.

Both are processes of their own; SIGINT, SIGTERM and SIGHUP stop them.
"""

import signal
import subprocess
import sys

from orchestrator.settings import settings

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Serve until a signal; returns the exit code of `graphmill up`."""
    host = "127.0.0.1" if settings().host in ("0.0.0.0", "::") else settings().host  # noqa: S104
    system = start("orchestrator.cli", "up")
    example = start("examples.run", f"http://{host}:{settings().port}")
    for each in SIGNALS:
        signal.signal(each, lambda *_: system.terminate())
    try:
        return system.wait()
    finally:
        example.terminate()
        example.wait()


def start(module: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """A module as a process in a session of its own: Ctrl-C reaches it through us alone, and once."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
