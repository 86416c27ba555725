"""What the handlers work with: opened when it is first needed, given back at the end."""

import os
import threading
from typing import Annotated

from fastapi import Depends, Request

from orchestrator.catalog import Catalog
from orchestrator.database import database_url, engine, prepare
from orchestrator.errors import Unavailable
from orchestrator.preview.sessions import close_idle
from orchestrator.runs import Runs
from orchestrator.settings import Settings


class System:
    """The parts that one app shares between its requests."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._runs: Runs | None = None

    @property
    def catalog(self) -> Catalog:
        """The stored workflows. Raises Unavailable while the database does not answer; a later call tries again."""
        with self._lock:
            if self._catalog is None:
                url = database_url(self.settings)
                prepare(url)
                self._catalog = Catalog(engine(url))
            return self._catalog

    @property
    def runs(self) -> Runs:
        """The executions. Raises Unavailable like `catalog`, and where Dagster has not been set up."""
        catalog = self.catalog
        if "DAGSTER_HOME" not in os.environ:
            raise Unavailable("Dagster is not set up here: start Graphmill with `graphmill up`.")
        with self._lock:
            if self._runs is None:
                self._runs = Runs(catalog, self.settings)
            return self._runs

    def close(self) -> None:
        """Give the database's connections back, and what is open of stored tables."""
        close_idle()
        with self._lock:
            if self._runs is not None:
                self._runs.close()
            self._runs = None
            if self._catalog is not None:
                self._catalog.engine.dispose()
            self._catalog = None


async def _system(request: Request) -> System:
    system: System = request.app.state.system
    return system


Shared = Annotated[System, Depends(_system)]
