"""How an old file of delimited text is written: its encoding, its byte order mark and its line ends."""

import codecs
import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.formats.encodings import BOMS, HEAD, opened, unwritable

LINE_END = re.compile(r"\r\n|\n|\r")
MARKED = ("utf-8-sig", "utf-16", "utf-32")  # codecs that write their mark themselves


@dataclass(frozen=True)
class Style:
    """The encoding, what comes before the first row, and the end of each row, as far as there is one."""

    encoding: str = "utf-8"
    mark: str = ""
    line_end: str = "\n"
    has_lines: bool = False

    @property
    def plain(self) -> bool:
        """Whether DuckDB can write it."""
        return codecs.lookup(self.encoding).name == "utf-8" and not self.mark

    def encode(self, source: Path, target: Path) -> None:
        """The UTF-8 file in this style."""
        made: Any = gzip.open if target.suffix == ".gz" else open
        with (
            unwritable(self.encoding),
            source.open(encoding="utf-8", newline="") as file,
            made(target, "wt", encoding=self.encoding, newline="") as written,
        ):
            written.write(self.mark)
            while chunk := file.read(1 << 20):
                written.write(chunk)


def bring(old: Path, place: Path) -> None:
    """Put the beginning of the old file where the new one is to be, for `style`."""
    with opened(old) as file:
        place.write_bytes(file.read(HEAD))


def style(place: Path, encoding: str, quote: str) -> Style:
    """The style of the file that `bring` put there, in an encoding that a setting says or that its mark says."""
    head = b""
    if place.exists():
        with place.open("rb") as file:
            head = file.read(HEAD)
    found = next((name for bom, name in BOMS.items() if head.startswith(bom)), "utf-8")
    said = found if encoding == "auto" else encoding
    codec = codecs.lookup(said).name
    text = head.decode(codec if codec != "utf-8-sig" else "utf-8", "ignore")
    mark = text[:1] if text[:1] == "\ufeff" and codec not in MARKED else ""
    outside = re.sub(f"{re.escape(quote)}[^{re.escape(quote)}]*{re.escape(quote)}", "", text) if quote else text
    end = LINE_END.search(outside)
    return Style(said, mark, end[0] if end else "\n", end is not None)


def is_bare(path: Path) -> bool:
    """Whether a file holds nothing, or nothing but a byte order mark: as before its first row."""
    with opened(path) as file:
        start = file.read(5)
    return not start or start in BOMS
