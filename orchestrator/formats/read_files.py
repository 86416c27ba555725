"""The files that a session has read: rows of some are read only where they are asked for."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.formats.found import Found
from orchestrator.tables import Session

if TYPE_CHECKING:
    from orchestrator.formats.base import FileReader

_reading: "weakref.WeakKeyDictionary[Session, dict[Path, tuple[FileReader, Found]]]" = weakref.WeakKeyDictionary()


def note(session: Session, reader: "FileReader", file: Found) -> None:
    """Keep in mind that a reader reads this file in this session."""
    _reading.setdefault(session, {})[file.path] = (reader, file)


def is_read_by(session: Session, path: Path) -> bool:
    """Whether a relation of this session may still be reading this file."""
    return path in _reading.get(session, ())


def read_late(session: Session) -> "Iterator[tuple[FileReader, Found]]":
    """The files whose values are read where rows are asked for, so that a broken one comes without its file."""
    yield from [each for each in _reading.get(session, {}).values() if each[0].late]
