"""What an expression gives on the first rows of a stored table, in a time that is bounded."""

from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any

from orchestrator.errors import GraphmillError, NodeError
from orchestrator.expressions import as_query
from orchestrator.faults import translate
from orchestrator.preview.as_json import expression, loads
from orchestrator.preview.selection import free
from orchestrator.sql import quote
from orchestrator.tables import Session

ROWS = 10
MEMORY = 256 << 20
AT_ONCE = BoundedSemaphore(2)
SLOW = "Its values take too long to compute here; what it is in a run is not affected."


def first_values(path: Path, sql: str, seconds: float = 3.0) -> list[Any]:
    """The value of a checked expression on each of the first rows, as JSON can carry it.

    A function that is busy inside, such as one on a list of a billion numbers, hears no interrupt: it is left to end
    alone, and as long as two of those are under way no others are begun.

    Raises:
        NodeError: what the expression fails with on these rows; `too_slow`.
    """
    session = Session([path.parent], memory_limit=MEMORY, threads=1)
    if not AT_ONCE.acquire(blocking=False):
        session.close()
        raise NodeError(SLOW, code="too_slow")
    answer: Future[list[Any]] = Future()
    Thread(target=_work, args=(answer, session, path, sql), daemon=True).start()
    try:
        return answer.result(seconds)
    except TookTooLong:
        session.connection.interrupt()
        raise NodeError(SLOW, code="too_slow") from None


def _work(answer: "Future[list[Any]]", session: Session, path: Path, sql: str) -> None:
    try:
        with session:
            answer.set_result(_values(session, path, sql))
    except Exception as error:
        answer.set_exception(error if isinstance(error, GraphmillError) else translate(error))
    finally:
        AT_ONCE.release()


def _values(session: Session, path: Path, sql: str) -> list[Any]:
    columns = session.parquet(path).columns
    name = free(columns)
    rows = f"(SELECT {', '.join(map(quote, columns))} FROM {session.scan(path)} LIMIT {ROWS})"
    made = session.connection.sql(f"SELECT value AS {name} FROM ({as_query(sql, rows)}) AS made(value)")
    found = made.project(f"json_array({expression(name, made.types[0])})::VARCHAR").fetchall()
    return [loads(each[0])[0] for each in found]
