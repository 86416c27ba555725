"""Lines that are added to a text file, whose old ones stay as they are, byte by byte."""

import codecs
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from orchestrator.formats.csv_style import is_bare, style
from orchestrator.formats.encodings import CHUNK, encoding_of, text, unwritable, wrong


def bring(old: Path, place: Path, encoding: str) -> None:
    """Put a copy of the old file where the new one is to be.

    Raises:
        NodeError: `wrong_encoding`: it is in another one.
    """
    codec = encoding_of(old, encoding)
    with text(old, codec) as file:
        try:
            while file.read(CHUNK):
                pass
        except UnicodeError as error:
            raise wrong(codec, error) from None
    shutil.copyfile(old, place)


@contextmanager
def lines_of(path: Path, encoding: str, line_end: str) -> Iterator[tuple[TextIO, str]]:
    """The file to write to, behind what `bring` put there, and what ends a line: the old one, where there is a line.

    Raises:
        NodeError: `wrong_encoding`: the encoding does not have a letter.
    """
    found = style(path, encoding, "")
    there = path.exists() and path.stat().st_size > 0
    end = found.line_end if there and line_end and found.has_lines else line_end
    codec = _codec(path, found.encoding) if there else found.encoding
    with path.open("a" if there else "w", encoding=codec, newline="") as file, unwritable(codec):
        if there and end and not is_bare(path) and not _ends(path, end, codec):
            file.write(end)
        yield file, end


def _codec(path: Path, encoding: str) -> str:
    """The encoding of what is added: no second byte order mark, and the order of bytes that the first one says."""
    with path.open("rb") as file:
        order = "be" if file.read(2) in (codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE[:2]) else "le"
    plain = {"utf-8-sig": "utf-8", "utf-16": f"utf-16-{order}", "utf-32": f"utf-32-{order}"}
    return plain.get(codecs.lookup(encoding).name, encoding)


def _ends(path: Path, end: str, encoding: str) -> bool:
    """Whether the file ends with a line end."""
    wanted = end.encode(encoding)
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(wanted)))
        return file.read() == wanted
