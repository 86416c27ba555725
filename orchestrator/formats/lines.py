"""The lines of a text file as rows: for `text` and `fixed_width`."""

import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.encodings import encoding_of, opened, wrong
from orchestrator.formats.streams import stored
from orchestrator.ops.base import Context, Relation

LONGEST = 64 << 20
BATCH = 20_000


def lines(path: Path, name: str, encoding: str, context: Context, skip: int = 0) -> Relation:
    """A table of `number` and `text`; a line ends with `\\n`, `\\r\\n` or `\\r`, and none of it is left out.

    Raises:
        NodeError: `wrong_encoding`, `too_large`.
    """
    return stored(_schema(), _batches(path, name, encoding_of(path, encoding), skip), context)


def whole(path: Path, name: str, encoding: str, context: Context) -> Relation:
    """The same table with one row: the whole file, its line ends as they are.

    Raises:
        NodeError: `wrong_encoding`, `too_large`.
    """
    return stored(_schema(), _all(path, name, encoding_of(path, encoding)), context)


def _schema() -> Any:
    import pyarrow

    return pyarrow.schema({"number": pyarrow.int64(), "text": pyarrow.string()})


def _batches(path: Path, name: str, encoding: str, skip: int) -> Iterator[Any]:
    import pyarrow

    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    with io.TextIOWrapper(opened(path), encoding=codec) as file:
        first, size, found = skip + 1, 0, []
        for number in count(1):
            try:
                line = file.readline(LONGEST + 1)
            except UnicodeError as error:
                raise wrong(encoding, error) from None
            if len(line) > LONGEST:
                raise NodeError(f"Line {number:,} of '{name}' is longer than {LONGEST:,} letters.", code="too_large")
            if line and number > skip:
                found.append(line.removesuffix("\n"))
                size += len(line)
            if found and (not line or len(found) == BATCH or size > LONGEST):
                numbers = pyarrow.array(range(first, first + len(found)), pyarrow.int64())
                yield pyarrow.RecordBatch.from_arrays([numbers, pyarrow.array(found)], schema=_schema())
                first, size, found = first + len(found), 0, []
            if not line:
                return


def _all(path: Path, name: str, encoding: str) -> Iterator[Any]:
    import pyarrow

    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    with io.TextIOWrapper(opened(path), encoding=codec, newline="") as file:
        try:
            found = file.read(LONGEST + 1)
        except UnicodeError as error:
            raise wrong(encoding, error) from None
    if len(found) > LONGEST:
        raise NodeError(f"'{name}' has more than {LONGEST:,} letters, too many for one row.", code="too_large")
    yield pyarrow.RecordBatch.from_pydict({"number": [1], "text": [found]}, schema=_schema())
