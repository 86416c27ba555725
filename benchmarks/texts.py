"""What it takes to store a table of text with few values, such as the attributes of a map, next to a plain COPY."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row
from orchestrator.schema import columns
from orchestrator.sql import literal
from orchestrator.tables import STORED, Session

ROWS, COLUMNS, TIMES = 600_000, 30, 5


def measure() -> list[Row]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder, Session([Path(folder)]) as session:
        root = Path(folder)
        texts = ", ".join(f"'value ' || (n * {index} % {50 + index}) AS c{index}" for index in range(COLUMNS))
        _store(session, f"SELECT n, {texts} FROM range({ROWS}) t(n)", root / "all.parquet")
        some = f"FROM read_parquet({literal(str(root / 'all.parquet'))}) WHERE n % 5 > 0"
        pairs = [(_copy(session, some, root / "plain.parquet"), _store(session, some, root / "some.parquet"))
                 for _ in range(TIMES)]  # fmt: skip
    plain, stored = (statistics.median(each) for each in zip(*pairs, strict=True))
    what = f"{ROWS:,} rows with {COLUMNS} texts of few values, filtered and stored"
    figure = f"{stored:.2f} s, {stored / plain:.2f} times"
    return [Row(what, figure, "<= 0.5 times", stored <= plain / 2, f"plain COPY {plain:.2f} s")]


def _store(session: Session, query: str, path: Path) -> float:
    table = session.connection.sql(query)
    session.given[table] = columns(table)
    started = time.perf_counter()
    session.store(table, path)
    return time.perf_counter() - started


def _copy(session: Session, query: str, path: Path) -> float:
    started = time.perf_counter()
    session.connection.execute(f"COPY ({query}) TO {literal(str(path))} ({STORED})")
    return time.perf_counter() - started
