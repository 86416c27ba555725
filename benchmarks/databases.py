"""What reading and writing a table of PostgreSQL costs over plain COPY of the same rows, one after the other."""

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks.table import Row
from orchestrator.connections.postgresql import Postgresql
from orchestrator.database import embedded
from orchestrator.ops.base import Context
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter
from orchestrator.tables import Session

ROWS, TIMES, BAR = 1_000_000, 5, 1.5
MADE = f"""
SELECT range AS id, md5(range::VARCHAR) AS name, range * 0.37::DOUBLE AS amount,
       DATE '2020-01-01' + (range % 2000)::INTEGER AS day, TIMESTAMP '2024-01-01' + INTERVAL 1 SECOND * range AS at
FROM range({ROWS})
"""
COLUMNS = "id bigint, name text, amount double precision, day date, at timestamp"


def measure() -> list[Row]:
    """The rows of the table."""
    # PostgreSQL refuses root, and its other user must be able to read its way to the home.
    with tempfile.TemporaryDirectory(prefix="graphmill-") as home, embedded(Path(home)) as server:
        url = server.url.replace("+psycopg2", "")
        with tempfile.TemporaryDirectory() as folder, Session([Path(folder)], memory_limit=2 << 30) as session:
            return _compared(url, Path(folder), session)


def _compared(url: str, folder: Path, session: Session) -> list[Row]:
    context = Context(session, folder, folder / "scratch", connections=lambda _: Postgresql.from_url(url))
    session.connection.execute(f"COPY ({MADE}) TO '{folder}/rows.csv' (HEADER false)")
    session.store(session.connection.sql(MADE), folder / "rows.parquet")
    rows = session.parquet(folder / "rows.parquet")
    place = {"connection": "bench", "table": "ours"}
    writer = DataWriter.configure({"target_type": "postgresql", **place})
    reader = DataLoader.configure({"source_type": "postgresql", **place})
    ways: dict[str, Callable[[], Any]] = {
        "write": lambda: writer.call({"table": rows}, context),
        "COPY in": lambda: _copy_in(url, folder / "rows.csv"),
        "read": lambda: reader.call({}, context),
        "COPY out": lambda: _copy_out(url),
    }
    seconds: dict[str, list[float]] = {each: [] for each in ways}
    for _ in range(TIMES):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    middle = {name: statistics.median(each) for name, each in seconds.items()}
    return [_row("write", middle, "COPY in"), _row("read", middle, "COPY out")]


def _row(what: str, seconds: dict[str, float], plain: str) -> Row:
    ratio = seconds[what] / seconds[plain]
    return Row(
        f"PostgreSQL: {what} {ROWS // 1_000_000} M rows of 5 columns", f"{seconds[what]:.2f} s, {ratio:.2f} times",
        f"<= {BAR} times", ratio <= BAR, f"plain {plain} {seconds[plain]:.2f} s",
    )  # fmt: skip


def _copy_in(url: str, file: Path) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor, file.open() as rows:
        cursor.execute(f"DROP TABLE IF EXISTS plain; CREATE TABLE plain ({COLUMNS})")
        cursor.copy_expert("COPY plain FROM STDIN (FORMAT csv)", rows, 1 << 18)


def _copy_out(url: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.copy_expert("COPY plain TO STDOUT (FORMAT csv)", io.BytesIO())
