"""Keeps the embedded PostgreSQL running: `python -m orchestrator.service.keeper`.

Ends with an error when PostgreSQL has died; the supervisor then starts it again, and PostgreSQL recovers.
"""

import os
import signal
import sys
import threading

from orchestrator.embedded import embedded, running
from orchestrator.settings import Settings, settings

LOOK_EVERY_S = 0.5


def keep(now: Settings) -> int:
    """Hold the embedded server until SIGTERM (0) or its death (1)."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with embedded(now.home):
        print("PostgreSQL is running.", flush=True)
        while not told.wait(LOOK_EVERY_S):
            if running(now.home) is None:
                print("PostgreSQL has died.", flush=True)
                return 1
    return 0


if __name__ == "__main__":
    code = keep(settings())
    sys.stdout.flush()
    os._exit(code)
