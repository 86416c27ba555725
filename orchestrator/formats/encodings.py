"""Text encodings: which one a file has, and making UTF-8 of what DuckDB cannot read."""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TextIO

from pydantic import AfterValidator, WithJsonSchema

from orchestrator.errors import NodeError
from orchestrator.suggest import near

COMMON = ("auto", "utf-8", "utf-8-sig", "windows-1252", "latin-1", "utf-16", "iso8859-15", "cp850", "shift_jis", "gbk")
NATIVE = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "ascii": "utf-8", "iso8859-1": "latin-1"}
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
CHUNK = 1 << 20
HEAD = 1 << 18  # what says of a text how it is written
# Of what is unpacked: the bytes of a file, and how many times as large as it was packed; small files may be anything.
LARGEST = 32 << 30
RATIO = 250
SMALL = 256 << 20


def _known(name: str) -> str:
    if name == "auto":
        return name
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        raise ValueError(f"Encoding '{name}' is not known.{near(name, COMMON)}") from None
    if not codec._is_text_encoding:
        raise ValueError(f"'{name}' is not an encoding of text.")
    return name


Encoding = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "x-ui": {"widget": "combobox", "options": list(COMMON)}}),
]


def encoding_of(path: Path, said: str) -> str:
    """The name of Python's codec: what the setting says, or what a byte order mark says, or UTF-8."""
    if said != "auto":
        return codecs.lookup(said).name
    with opened(path) as file:
        start = file.read(4)
    return next((name for bom, name in BOMS.items() if start.startswith(bom)), "utf-8")


def utf_8(path: Path, name: str, label: str, *, or_16: bool = False) -> None:
    """Refuse a file of text whose first bytes say that it is in another encoding, which `label` is not read in.

    With `or_16` it may be UTF-16, too.

    Raises:
        NodeError: `wrong_encoding`.
    """
    if (found := encoding_of(path, "auto")) not in ("utf-8", "utf-8-sig", *(("utf-16",) if or_16 else ())):
        read_as = "UTF-8 or UTF-16: save it as one of these" if or_16 else "UTF-8: save it as that"
        raise NodeError(f"'{name}' is {found.upper()}, and {label} is read as {read_as}.", code="wrong_encoding")


def opened(path: Path) -> Any:
    """The file's bytes; `.gz` unpacked.

    Raises:
        NodeError: `too_large`, while it is read: it is larger than `LARGEST` and `RATIO` allow.
    """
    return io.BufferedReader(_Unpacked(path)) if path.suffix == ".gz" else path.open("rb")


class _Unpacked(io.RawIOBase):
    """An unpacked file that cannot grow without end."""

    def __init__(self, path: Path) -> None:
        self._file, self._name = gzip.open(path), path.name  # noqa: SIM115 (closed with this one)
        self._most = min(LARGEST, max(SMALL, RATIO * path.stat().st_size))

    def readable(self) -> bool:
        """It is read only."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes."""
        count = self._file.readinto(buffer)
        if self._file.tell() > self._most:
            message = f"'{self._name}' is more than {self._most:,} bytes when it is unpacked."
            raise NodeError(message, code="too_large")
        return count

    def close(self) -> None:
        """Close the packed file as well."""
        self._file.close()
        super().close()


def text(path: Path, encoding: str) -> TextIO:
    """The file as text with its line ends as they are. A wrong byte raises `UnicodeDecodeError` when it is read."""
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    return io.TextIOWrapper(opened(path), encoding=codec, newline="")


def head(path: Path, encoding: str) -> str:
    """The first characters of a text, whole lines where there are several.

    Raises:
        NodeError: `wrong_encoding`.
    """
    with text(path, encoding) as file:
        try:
            found = file.read(HEAD)
        except UnicodeError as error:
            raise wrong(encoding, error) from None
    return found if len(found) < HEAD else found[: found.rfind("\n") + 1] or found


def as_utf8(source: Path, encoding: str, target: Path, lines: int | None = None, newline: str | None = None) -> None:
    """Write the file, or its first lines, as UTF-8, with `\\n` for every line end; with a `newline` of "" as they are.

    Raises:
        NodeError: `wrong_encoding`.
    """
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    with (
        io.TextIOWrapper(opened(source), encoding=codec, newline=newline) as file,
        target.open("w", encoding="utf-8", newline="") as made,
    ):
        try:
            if lines is not None:
                made.writelines(islice(file, lines))
                return
            while chunk := file.read(CHUNK):
                made.write(chunk)
        except UnicodeError as error:
            raise wrong(encoding, error) from None


def wrong(encoding: str, error: UnicodeError) -> NodeError:
    """The error for text that is not in its encoding."""
    byte = ""
    if isinstance(error, UnicodeDecodeError) and "BOM" not in error.reason:  # Python 3.13 has its byte
        byte = f" (byte 0x{error.object[error.start]:02x})"
    message = f"The file is not {encoding.upper()}{byte}: set its encoding."
    return NodeError(message, code="wrong_encoding", hint="windows-1252, latin-1, utf-16")


@contextmanager
def unwritable(encoding: str) -> Iterator[None]:
    """Say which letter the encoding that is written does not have.

    Raises:
        NodeError: `wrong_encoding`.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        message = f"'{letter}' cannot be written in {encoding}."
        raise NodeError(message, code="wrong_encoding", path="/config/encoding", value=letter) from None
