"""A stored table as a file, in pieces: no more than some thousand rows of it are in memory at once."""

import io
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from orchestrator.crs import written_in
from orchestrator.errors import NodeError
from orchestrator.exact import plain
from orchestrator.formats.parquet import copy_parquet
from orchestrator.ops._spatial import kind_of
from orchestrator.preview import csv_text, geojson
from orchestrator.preview.selection import Selection, asked, at
from orchestrator.preview.sessions import MEMORY, existing, within
from orchestrator.schema import geometry_columns
from orchestrator.suggest import listing, near
from orchestrator.tables import Session

Pieces = Generator[bytes, None, None]
PIECE = 1 << 20
BATCH = 10_000
LONGEST_S = 300.0  # until the first piece, where rows are computed
MEDIA_TYPES = {
    "application/geo+json": "geojson",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.stream": "arrow",
}


def download(
    path: Path, format: str, *, sort: str | None = None, where: str | None = None,
    limit: int | None = None, offset: int = 0,
) -> Pieces:  # fmt: skip
    """A stored table, or the rows that are asked for, as `geojson` (RFC 7946, WGS 84), `csv`, `parquet` or `arrow`
    (an IPC stream), piece by piece. What is wrong with the request is said before the first piece. Who does not want
    all of them closes it.

    Raises:
        NodeError: as `pages.page`; `too_slow`; `unknown_format`; `missing_geometry` and `missing_crs` for `geojson`.
        NotFound: `output_not_found`.
    """
    if format not in WRITERS:
        known = ("json", *WRITERS)
        message = f"Format '{format}' is not known.{near(format, known)}"
        raise NodeError(message, code="unknown_format", hint=listing(known), path=at("format"))
    selection = Selection(where or None, sort or None, limit, offset)
    path = existing(path)
    session = Session([path.parent], memory_limit=MEMORY)
    pieces = WRITERS[format](path, selection, session)
    try:
        with asked("where" if selection.where else None), within(session, LONGEST_S if where else None):
            if selection.where:
                session.connection.sql(selection.count(session, path, session.parquet(path).columns))
            first = next(pieces, b"")
    except BaseException:
        session.close()
        existing(path)
        raise
    return _all(first, pieces, session)


def _all(first: bytes, rest: Pieces, session: Session) -> Pieces:
    """Whoever stops early gives the session back by closing this."""
    try:
        yield first
        yield from rest
    finally:
        rest.close()
        session.close()


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _parquet(path: Path, selection: Selection, session: Session) -> Pieces:
    """The stored file, or another one beside it for as long as it is being sent.

    What is stored says nothing of a geometry column without rows, and takes one without a coordinate system for WGS 84.
    """
    table = session.parquet(path)
    names = geometry_columns(table)
    known = all(written_in(kind_of(table, name)) for name in names) and (not names or table.limit(1).fetchall())
    if selection.everything and known and plain(table) is table:
        yield from _file(path)
        return
    with tempfile.TemporaryDirectory(prefix=".download-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        rows = session.connection.sql(selection.rows(session, path, table.columns))
        copy_parquet(rows, made, session, "lz4", "PARQUET_VERSION v2")
        yield from _file(made)


def _arrow(path: Path, selection: Selection, session: Session) -> Pieces:
    import pyarrow as pa

    rows = session.connection.sql(selection.rows(session, path, session.parquet(path).columns))
    sink = io.BytesIO()
    with rows.to_arrow_reader(BATCH) as reader, pa.ipc.new_stream(sink, reader.schema) as stream:
        for batch in reader:
            stream.write_batch(batch)
            yield _drained(sink)
    yield _drained(sink)


def _csv(path: Path, selection: Selection, session: Session) -> Pieces:
    table = session.parquet(path)
    query = f"SELECT {csv_text.line(table)} FROM ({selection.rows(session, path, table.columns)})"
    with session.connection.sql(query).to_arrow_reader(BATCH) as reader:
        head = csv_text.header(table)
        for batch in reader:
            yield head + csv_text.text(batch.column(0))
            head = b""
        yield head


def _geojson(path: Path, selection: Selection, session: Session) -> Pieces:
    table = session.parquet(path)
    plan = geojson.plan(table, selection.rows(session, path, table.columns))
    with session.connection.sql(plan.query).to_arrow_reader(BATCH) as reader:
        yield from geojson.pieces(reader, plan)


def _drained(sink: io.BytesIO) -> bytes:
    piece = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return piece


WRITERS: dict[str, Callable[[Path, Selection, Session], Pieces]] = {
    "geojson": _geojson,
    "csv": _csv,
    "parquet": _parquet,
    "arrow": _arrow,
}
