"""The log of an execution: Dagster's events as `status`, `node` and `log` lines, without polling per client.

dagster-postgres sends `NOTIFY run_events, '<run id>_<event id>'` with every event; one connection listens for all the
streams of this process. A slow look at the table stands behind it, should a notice be lost.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from dagster import DagsterEventType as Kind
from dagster import DagsterInstance
from dagster._core.events.log import EventLogEntry

from orchestrator.runs.bell import Bell
from orchestrator.runs.progress import Progress, moment
from orchestrator.runs.shapes import Event
from orchestrator.runs.view import ENDED, STATUSES, View

PAGE = 500
LATEST_LOOK_S, SOON_S = 5.0, 0.01
STATUS_OF = {
    Kind.RUN_ENQUEUED: "pending",
    Kind.RUN_STARTING: "pending",
    Kind.RUN_START: "running",
    Kind.RUN_CANCELING: "running",
    Kind.RUN_SUCCESS: "completed",
    Kind.RUN_FAILURE: "failed",
    Kind.RUN_CANCELED: "canceled",
}
TELLING = {Kind.RUN_START, Kind.STEP_FAILURE, *(kind for kind, status in STATUS_OF.items() if status in ENDED)}


class Reader:
    """Reads the events of one execution, from the first to the last."""

    def __init__(self, instance: DagsterInstance, view: View, execution_id: str) -> None:
        self._instance, self._id = instance, execution_id
        self._progress: Progress = view.progress(view.record(execution_id).dagster_run)
        self._cursor: str | None = None
        self._before = 0

    def next(self, limit: int = PAGE) -> tuple[list[Event], bool]:
        """The next events, and whether more are stored already."""
        found = self._instance.get_records_for_run(self._id, cursor=self._cursor, limit=limit)
        self._cursor = found.cursor or self._cursor
        events = [each for record in found.records for each in self._events(record.storage_id, record.event_log_entry)]
        return events, found.has_more

    def _events(self, cursor: int, entry: EventLogEntry) -> list[Event]:
        """An event and, before it, the nodes that it tells of without naming them: skipped, cached, blamed.

        These have the id of the event before: who comes back with it gets all of them.
        """
        event = self._event(cursor, entry)
        kind = _kind(entry)
        before, self._before = self._before, cursor
        if kind not in TELLING:
            return [event]
        if STATUS_OF.get(kind) in ENDED:
            self._progress.finish(STATUS_OF[kind])
        told = {"timestamp": event.data["timestamp"], "level": "info"}
        return [*(self._now(place, before, cursor, told) for place in self._progress.untold()), event]

    def _now(self, place: str, cursor: int, since: int, told: dict[str, Any]) -> Event:
        node = self._progress.changed(place)
        said = {"message": f"'{place}' is {node.status}.", "node_id": self._progress.top(place)}
        data = told | said | {"node": node.model_dump(mode="json")}
        return Event(cursor=cursor, since=since, kind="node", data=data)

    def _event(self, cursor: int, entry: EventLogEntry) -> Event:
        place, told = self._progress.feed(entry), partial(Event, cursor=cursor, since=cursor)
        kind = _kind(entry)
        data: dict[str, Any] = {
            "timestamp": moment(entry.timestamp),
            "level": logging.getLevelName(entry.level).lower(),
            "message": entry.message or entry.user_message,
            "node_id": self._progress.node_of(entry),
        }
        if place is not None:
            node = self._progress.changed(place)
            if kind == Kind.STEP_FAILURE and node.status == "canceled":  # Dagster calls it a failure
                data |= {"level": "info", "message": f"'{place}' is canceled."}
            return told(kind="node", data=data | {"node": node.model_dump(mode="json")})
        if kind in STATUS_OF:
            error = self._progress.error if kind == Kind.RUN_FAILURE else None
            message = error.message if error else data["message"] or f"The run is {STATUS_OF[kind]}."
            if kind == Kind.RUN_CANCELED:  # Dagster calls it an error, and names its steps
                data, message = data | {"level": "info"}, "The run was canceled."
            return told(kind="status", data=data | {"status": STATUS_OF[kind], "message": message})
        return told(kind="log", data=data)


def _kind(entry: EventLogEntry) -> Kind | None:
    return entry.dagster_event.event_type if entry.dagster_event else None


class Events:
    """The logs of executions."""

    def __init__(self, instance: DagsterInstance, view: View, bell: Callable[[], Bell]) -> None:
        self._instance, self._view, self._bell = instance, view, bell

    def page(self, execution_id: str, limit: int, offset: int, after: int | None = None) -> tuple[list[Event], int]:
        """A page of an execution's events, or of those after a cursor, oldest first, and how many there are."""
        events = [each for each in self._all(execution_id) if after is None or each.since > after]
        return events[offset : offset + limit], len(events)

    def _all(self, execution_id: str) -> list[Event]:
        reader, events, more = Reader(self._instance, self._view, execution_id), [], True
        while more:
            found, more = reader.next()
            events += found
        return events

    async def stream(self, execution_id: str, after: int | None = None) -> AsyncIterator[Event]:
        """Every event after that cursor, as it comes, to the one that says how the execution ended.

        What Dagster's processes note after it, such as their exit, is in the pages only: a stream that waited for it
        would end at a moment of chance.
        """
        reader = await asyncio.to_thread(Reader, self._instance, self._view, execution_id)
        with self._bell().listen(execution_id) as rung:
            while True:
                rung.clear()
                ended = await asyncio.to_thread(self._ended, execution_id)
                more = True
                while more:
                    events, more = await asyncio.to_thread(reader.next)
                    for event in events:
                        last = event.data.get("status") in ENDED
                        if last:
                            await self._settled(execution_id)
                        if after is None or event.since > after:
                            yield event
                        if last:
                            return
                if ended:
                    return
                try:
                    await asyncio.wait_for(rung.wait(), LATEST_LOOK_S)
                except TimeoutError:
                    continue

    async def _settled(self, execution_id: str) -> None:
        """Dagster writes that a run has ended before its record says so; who asks for it next must find it ended."""
        deadline = time.monotonic() + LATEST_LOOK_S
        while not await asyncio.to_thread(self._ended, execution_id) and time.monotonic() < deadline:
            await asyncio.sleep(SOON_S)

    def _ended(self, execution_id: str) -> bool:
        run = self._instance.get_run_by_id(execution_id)
        return run is None or STATUSES[run.status] in ENDED
