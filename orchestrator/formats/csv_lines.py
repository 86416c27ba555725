"""Lines from all over a large text file, which say of the rest of it what can be said without reading it twice."""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.formats.reading import read

WHOLE = 32 << 20  # bytes: a file of so many is read again in a tenth of a second
PLACES, PIECE = 64, 4 << 10
OF_LINES = {"header": False, "skip": 0, "ignore_errors": True, "auto_detect": False}  # how DuckDB reads them


def some_lines(path: Path, folder: Path | None) -> Path | None:
    """A file of them in a run's folder, of so many `PLACES` evenly from the beginning to the end.

    None where the file is not larger than `WHOLE`, is packed, or there is no folder. Where a line ends within a text,
    what looks like a line may be none.
    """
    if folder is None or path.suffix == ".gz" or (size := path.stat().st_size) <= WHOLE:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    some = folder / f"{uuid.uuid4().hex}.csv"
    with path.open("rb") as file, some.open("wb") as lines:
        for place in range(1, PLACES + 1):
            file.seek(max(size * place // PLACES - PIECE, 0))
            lines.write(file.read(PIECE).partition(b"\n")[2].rpartition(b"\n")[0] + b"\n")
    return some


def sample(lines: Path, options: Mapping[str, Any]) -> str:
    """The rows in them as SQL from its FROM on; `options` are those of `read_csv`, with `columns`."""
    return read("read_csv", lines, {**options, **OF_LINES})
