"""Elements of GPX that hold nothing but blanks, which GDAL reads as the number 0."""

import mmap
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOME = re.compile(rb"<[^/<>!?\s]+>\s+</")  # looked for first: the other takes twice as long
# Such an element; and what only looks like one.
BLANK = re.compile(rb"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<(?P<name>[^/<>!?\s]+)>(?P<blank>\s+)</", re.DOTALL)
TEXTS = (b"name", b"cmt", b"desc", b"src", b"text", b"sym", b"type", b"fix")  # blanks are what they say


@contextmanager
def without_blanks(path: Path) -> Iterator[Path]:
    """The file, which is not empty; a copy where an element that is no text is blank: there it has no text at all."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        found = list(_blanks(whole)) if SOME.search(whole) else []
        if not found:
            yield path
            return
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, path.name)
            with made.open("wb") as target, memoryview(whole) as view:
                at = 0
                for start, end in [*found, (len(view), 0)]:
                    target.write(view[at:start])
                    at = end
            yield made


def _blanks(whole: Any) -> Iterator[tuple[int, int]]:
    for found in BLANK.finditer(whole):
        if found["name"] and found["name"].rpartition(b":")[2] not in TEXTS:
            yield found.span("blank")
