"""What an interrupted change leaves beside an SQLite database: a journal, from which SQLite restores what was."""

import sqlite3
from contextlib import closing
from pathlib import Path

from orchestrator.errors import NodeError

NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")  # ends a journal of several databases, behind a file's name


def restored(path: Path, name: str) -> None:
    """Take back what a process that ended had not committed: who only reads a database may not, and cannot read it.

    Raises:
        NodeError: `unreadable_file`: the journal names another file, which SQLite would remove, wherever it is.
    """
    journal = path.with_name(f"{path.name}-journal")
    if not journal.exists():
        return
    with journal.open("rb") as file:
        file.seek(max(0, journal.stat().st_size - len(NAMES_ANOTHER)))
        if file.read() == NAMES_ANOTHER:
            message = f"'{name}' has a journal of a change of several databases, '{journal.name}', which is not used."
            raise NodeError(message, code="unreadable_file", hint="open it with SQLite once, or remove the journal")
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        message = f"'{name}' cannot be restored from its journal: {str(error)[:200]}."
        raise NodeError(message, code="unreadable_file") from None
