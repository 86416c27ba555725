"""Where records are added to an XML file, whose old ones stay as they are, byte by byte."""

import re
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from orchestrator.formats.cut_short import tail
from orchestrator.formats.xml_elements import XSI
from orchestrator.formats.xml_ends import AFTER

HEAD = 1 << 16
START = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml version=[\"']1\.0[\"'](?: encoding=[\"']utf-8[\"'])?\s*\?>"
    rb"(?:\s|<!--(?:(?!-->).)*-->)*<([^\s<>/:]+) xmlns:xsi=[\"']" + re.escape(XSI.encode()) + rb"[\"']\s*>",
    re.IGNORECASE | re.DOTALL,
)


def end(path: Path) -> int | None:
    """The byte at which a root ends that can hold what is written here; None of any other file."""
    with path.open("rb") as file:
        start = START.match(file.read(HEAD))
    found = AFTER.search(last := tail(path))
    return path.stat().st_size - len(last) + found.start() if start and found and start[1] == found[1] else None


def add(path: Path, place: int, elements: Generator[str]) -> int:
    """Put elements before this byte; returns how many. They are closed whatever happens: they hold the connection."""
    count = 0
    with closing(elements), path.open("r+b") as file:
        file.seek(place)
        after = file.read()
        file.seek(place)
        file.truncate()
        for count, each in enumerate(elements, 1):  # noqa: B007 (how many there are)
            file.write(each.encode())
        file.write(after)
    return count
