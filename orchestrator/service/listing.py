"""Dagster's webserver and daemon learn which workflows there are.

They ask the code server for its id each second, and load the location again when it changes. So the id changes with the
listed workflows; not at every save, because a load costs a call per listed job.
"""

import threading
import time
from collections.abc import Callable, Hashable
from uuid import uuid4

from orchestrator.errors import GraphmillError

EVERY_S, REST_S = 0.5, 10.0


class Listing:
    """An id for what is `listed`: another one at most `EVERY_S` after a change, and `REST_S` after the one before."""

    def __init__(self, listed: Callable[[], Hashable], clock: Callable[[], float] = time.monotonic) -> None:
        self._listed = listed
        self._clock = clock
        self._id = str(uuid4())
        self._known: Hashable = None
        self._looked = self._changed = float("-inf")
        self._lock = threading.Lock()

    def id(self) -> str:
        """The id now. While the catalog cannot be read it stays."""
        with self._lock:
            now = self._clock()
            if now - self._looked >= EVERY_S and now - self._changed >= REST_S:
                self._looked = now
                self._look(now)
            return self._id

    def _look(self, now: float) -> None:
        try:
            found = self._listed()
        except GraphmillError:
            return
        if self._known is not None and found != self._known:
            self._id, self._changed = str(uuid4()), now
        self._known = found
