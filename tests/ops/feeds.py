"""The tables that tests over all node types feed to each of them.

Every input port gets ROWS. A type that needs other tables says so in its own test file, `test_<type>.py`:
`FEED = {port: SQL}` (a list of SQL where a port takes many edges), `FILES = {path: text}` for the files that its
example reads below the data root, `WORKFLOWS = {id: document}` for the saved workflows that it names, and
`FIXTURES = [name]` for what else it needs, such as a database. One that makes one row of several, and rejects rows,
says `COMBINES = True`.
"""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from orchestrator.catalog import Stored
from orchestrator.compiler.saved import Library
from orchestrator.crs import projjson
from orchestrator.errors import NotFound
from orchestrator.sql import literal

POINT = f"st_setcrs('POINT (' || lon || ' ' || lat || ')', {literal(projjson('EPSG:4326'))})"
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = f"""
SELECT *, {POINT.replace("'POINT", "('POINT").replace("')',", "')')::GEOMETRY,")} AS geometry FROM (VALUES
  (1::BIGINT, 'north', 10.5::DOUBLE, DATE '2024-01-01', 8.5::DOUBLE, 47.5::DOUBLE, 'CH'),
  (2, 'south', 250.0, DATE '2024-01-02', 9.5, 47.0, 'AT'),
  (3, 'north', 7.0, DATE '2024-02-01', 8.5, 47.5, 'CH'),
  (4, 'Süd "{{}}', 120.0, DATE '2023-12-31', 10.0, 46.5, 'IT')
) v(id, region, amount, day, lon, lat, country)
"""


def feed(op, change=lambda sql: sql):
    """The SQL of each input port's tables, changed."""
    inputs = op.configure(op.example, find=saved(op)).ports.inputs if op.dynamic_ports else op.inputs
    everywhere = {name: [ROWS, ROWS] if port.many else ROWS for name, port in inputs.items()}
    given = getattr(_tests(op), "FEED", everywhere)
    assert set(given) == set(inputs), f"{op.type} has other ports than FEED says: {sorted(inputs)}"
    return {port: [change(s) for s in sql] if isinstance(sql, list) else change(sql) for port, sql in given.items()}


def combines(op) -> bool:
    """Whether it makes one row of several: then rows cannot be counted."""
    return getattr(_tests(op), "COMBINES", False)


def saved(*ops) -> Library:
    """The saved workflows that the examples of these types name."""
    return library({id: document for op in ops for id, document in getattr(_tests(op), "WORKFLOWS", {}).items()})


def library(documents, **more) -> Library:
    """Saved workflows that are in no database: their documents by id, or by id and version."""

    def versions(id, number, at):
        found = {version: each for (name, version), each in _numbered(documents) if name == id}
        number = max(found, default=0) if number is None else number
        if number not in found:
            raise NotFound(f"Workflow '{id}' is not there.")
        return Stored(id, number, found[number], True, MOMENT, MOMENT)

    return Library(versions, **more)


def _numbered(documents):
    return [(key if isinstance(key, tuple) else (key, 1), document) for key, document in documents.items()]


def write_files(op, root: Path) -> None:
    """The files that the example of this type reads."""
    for name, text in getattr(_tests(op), "FILES", {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def fixtures(op) -> list[str]:
    """The fixtures that the example of this type needs, such as a database."""
    return getattr(_tests(op), "FIXTURES", [])


def _tests(op):
    return import_module(f"test_{op.type}")
