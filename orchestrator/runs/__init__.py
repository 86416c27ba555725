"""Executions: start, watch, cancel, retry, delete. The border to Dagster's instance."""

import builtins
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from dagster import DagsterInstance

from orchestrator.catalog import Catalog, digest
from orchestrator.compiler.jobs import Jobs
from orchestrator.errors import Conflict, NotFound, Unavailable
from orchestrator.names import key, port_of
from orchestrator.runs import adapter
from orchestrator.runs.bell import Bell
from orchestrator.runs.events import Events
from orchestrator.runs.retry import Retrier, Version
from orchestrator.runs.shapes import Event, Execution, Status
from orchestrator.runs.start import Starter, Wish
from orchestrator.runs.view import ENDED, View
from orchestrator.runs.waiting import wait
from orchestrator.settings import Settings
from orchestrator.suggest import listing, near

__all__ = ["Event", "Execution", "Runs", "Status", "Wish"]

FIRST_LOOK_S = 0.02
CREATION_S = 5.0
LONGEST_CREATION = timedelta(minutes=1)


class Runs:
    """Every call on executions. Opens Dagster's instance at the first use; safe to share by threads."""

    def __init__(self, catalog: Catalog, settings: Settings, jobs: Jobs | None = None) -> None:
        self._catalog, self._settings = catalog, settings
        self._jobs = jobs or Jobs(catalog)

    @cached_property
    def _instance(self) -> DagsterInstance:
        return adapter.instance()

    @cached_property
    def _view(self) -> View:
        return View(self._instance, self._jobs, self._settings)

    @cached_property
    def _starter(self) -> Starter:
        return Starter(self._catalog, self._jobs, self._settings)

    @cached_property
    def _bell(self) -> Bell:
        return Bell(self._catalog.engine.url.render_as_string(hide_password=False))

    @cached_property
    def _events(self) -> Events:
        bell: Callable[[], Bell] = lambda: self._bell  # noqa: E731
        return Events(self._instance, self._view, bell)

    def start(self, workflow_id: str, wish: Wish | None = None, *, idempotency_key: str | None = None) -> Execution:
        """Start the latest version of a workflow. The same key returns the same execution.

        Raises:
            NotFound, Conflict, InvalidGraph: see `Starter.start`; Conflict also for a key used for another request.
            Unavailable: another call with this key is still about to create the execution.
        """
        wish = wish or Wish()
        if idempotency_key is None:
            return self._brief(self._starter.start(workflow_id, wish))
        return self._once(idempotency_key, workflow_id, wish)

    def _once(self, idempotency_key: str, workflow_id: str, wish: Wish) -> Execution:
        execution_id = str(uuid4())
        request = digest({"workflow": workflow_id, **asdict(wish)})
        claimed = self._catalog.claim(idempotency_key, workflow_id, request, execution_id)
        if claimed != execution_id:
            found = self._claimed(claimed)
            return self._once(idempotency_key, workflow_id, wish) if found is None else found
        try:
            self._starter.start(workflow_id, wish, execution_id)
        except BaseException:
            self._catalog.forget_key(idempotency_key)
            raise
        return self._brief(execution_id)

    def _claimed(self, execution_id: str) -> Execution | None:
        """An execution that another call is perhaps still creating; None where that call ended before it had."""
        deadline = time.monotonic() + CREATION_S
        while True:
            with suppress(NotFound):
                return self._brief(execution_id)
            if time.monotonic() > deadline:
                break
            time.sleep(FIRST_LOOK_S)
        if self._catalog.forget_execution(execution_id, before=datetime.now(UTC) - LONGEST_CREATION):
            return None
        raise Unavailable("The execution of this Idempotency-Key is about to be created; ask again in a moment.")

    def _brief(self, execution_id: str) -> Execution:
        return self._view.summary(self._view.record(execution_id))

    def get(self, execution_id: str) -> Execution:
        """An execution with every node's state. Raises NotFound."""
        return self._view.get(execution_id)

    def list(
        self, workflow_id: str | None = None, status: Status | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[builtins.list[Execution], int]:
        """A page of executions without nodes, newest first, and how many there are."""
        return self._view.list(workflow_id, status, limit, offset)

    async def wait(self, execution_id: str, seconds: float) -> Execution:
        """The execution when it has ended, or as it stands after so many seconds. Raises NotFound."""
        return await wait(self._bell, execution_id, lambda: self._brief(execution_id), seconds)

    def cancel(self, execution_id: str) -> Execution:
        """Stop an execution; its process is gone within seconds, also inside native code.

        Raises:
            NotFound: no such execution.
            Conflict: it has ended already.
        """
        from orchestrator.service.stop import cancel

        found = self._brief(execution_id)
        if found.status in ENDED:
            raise Conflict(f"Execution '{execution_id}' is {found.status} already.")
        cancel(self._instance, execution_id, self._settings)
        return self._brief(execution_id)

    def retry(self, execution_id: str, start_from: str = "failure", version: Version = "same") -> Execution:
        """Run an execution again: from its failure, from the start, or from a node. See `Retrier.retry`."""
        retrier = Retrier(self._jobs, self._view, self._starter, self._settings)
        return self._brief(retrier.retry(execution_id, start_from, version))

    def delete(self, execution_id: str) -> None:
        """Remove an execution, its events and its stored tables.

        Raises:
            NotFound: no such execution.
            Conflict: it has not ended.
        """
        found = self._brief(execution_id)
        if found.status not in ENDED:
            raise Conflict(f"Execution '{execution_id}' is {found.status}; cancel it first.")
        self._instance.delete_run(execution_id)
        self._catalog.forget_execution(execution_id)
        shutil.rmtree(self._settings.runs / execution_id, ignore_errors=True)

    def events(
        self, execution_id: str, limit: int = 100, offset: int = 0, after: int | None = None
    ) -> tuple[builtins.list[Event], int]:
        """A page of an execution's log, or of what came after a cursor, oldest first, and how many events there are.

        Raises NotFound.
        """
        return self._events.page(execution_id, limit, offset, after)

    def stream(self, execution_id: str, after: int | None = None) -> AsyncIterator[Event]:
        """The log from the first event (or after a cursor) to the last, as it comes."""
        return self._events.stream(execution_id, after)

    def table(self, execution_id: str, node_id: str, port: str) -> Path:
        """The stored Parquet file of a port.

        Raises:
            NotFound: no such execution, node or stored table; names the ports that are stored.
        """
        run = self._view.record(execution_id).dagster_run
        stored = self._settings.runs / execution_id / "tables" / key(node_id)
        there = {port_of(path.stem): path for path in stored.glob("*.parquet")}
        if port not in there:
            plan = self._view.plan(run)
            there = there or self._view.results(run, plan, node_id)
            if port not in there:
                known = f"Stored are: {listing(sorted(there))}." if there else self._view.no_table(run, plan, node_id)
                said = f"No table is stored for port '{port}' of node '{node_id}'. {known}"
                raise NotFound(said, code="output_not_found")
        return there[port]

    def output(self, execution_id: str, name: str) -> Path:
        """The stored Parquet file of what an `output` node names so.

        Raises:
            NotFound: no such execution, output or stored table; names the outputs that there are.
        """
        nodes = self._view.outputs(execution_id)
        if name not in nodes:
            known = f" There are: {listing(nodes)}." if nodes else " This workflow has no `output` node."
            raise NotFound(f"Output '{name}' is not there.{near(name, nodes)}{known}")
        return self.table(execution_id, nodes[name], "result")

    def close(self) -> None:
        """Stop listening to the database."""
        if "_bell" in self.__dict__:
            self._bell.close()
