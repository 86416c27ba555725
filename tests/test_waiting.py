"""Waiting for the end of a run: what the database tells wakes it, and it looks itself where nothing is told."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest
import sqlalchemy as sa

from orchestrator.errors import NotFound
from orchestrator.runs.bell import CHANNEL, Bell
from orchestrator.runs.shapes import Execution
from orchestrator.runs.waiting import LATEST_LOOK_S, wait

RUN = "a-run"


@pytest.fixture
def bell(fresh_database_url: str) -> Iterator[Bell]:
    with closing(Bell(fresh_database_url)) as made:
        yield made


@pytest.fixture
def tell(fresh_database_url: str) -> Iterator[Callable[[], None]]:
    url = sa.make_url(fresh_database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True

        def say() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_notify('{CHANNEL}', '{RUN}_1')")

        yield say


class Run:
    """A run that ends some time after it began to be looked at; `looks` counts how often it was."""

    def __init__(self, seconds: float) -> None:
        self.ends, self.looks = time.monotonic() + seconds, 0

    def look(self) -> Execution:
        self.looks += 1
        status = "completed" if time.monotonic() >= self.ends else "running"
        return Execution(id=RUN, workflow_id="w", version=1, status=status)


async def _waited(bell: Bell, run: Run, tell: Callable[[], None] | None, at: float, seconds: float) -> float:
    """The seconds that the waiting took; what the database tells comes `at` so many seconds."""
    started = time.monotonic()
    if tell is not None:
        asyncio.get_running_loop().call_later(at, tell)
    await wait(bell, RUN, run.look, seconds)
    return time.monotonic() - started


@pytest.mark.parametrize("late", [0.0, 0.1])
def test_it_ends_with_the_run(bell: Bell, tell: Callable[[], None], late: float) -> None:
    """Also where the run's record says so a little after the event."""
    run = Run(LATEST_LOOK_S + 0.3 + late)
    seconds = asyncio.run(_waited(bell, run, tell, LATEST_LOOK_S + 0.3, 60))
    assert seconds < 2 * LATEST_LOOK_S
    assert run.looks < 20


def test_what_nobody_tells_is_seen_all_the_same(bell: Bell) -> None:
    run = Run(0.2)
    assert asyncio.run(_waited(bell, run, None, 0, 60)) < 3 * LATEST_LOOK_S


def test_it_waits_no_longer_than_it_may(bell: Bell) -> None:
    run = Run(60)
    assert 0.3 <= asyncio.run(_waited(bell, run, None, 0, 0.3)) < 0.3 + LATEST_LOOK_S


def test_what_is_not_there_is_told(bell: Bell) -> None:
    def look() -> Execution:
        raise NotFound("There is no such run.")

    with pytest.raises(NotFound):
        asyncio.run(wait(bell, RUN, look, 60))
