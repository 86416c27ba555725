"""Whether a file is all there, from its first and last bytes: GDAL reads a file that was cut as one of fewer rows."""

from pathlib import Path

from orchestrator.errors import NodeError

TAIL = 4096


def cut_short(name: str, why: str) -> NodeError:
    """The error for a file that ends too early; `why` is how that is known."""
    message = f"'{name}' ends in the middle: {why}. It was cut off, or not copied as a whole."
    return NodeError(message, code="unreadable_file", hint="copy the file again")


def tail(path: Path, size: int = TAIL) -> bytes:
    """The last bytes of a file."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        return file.read()


def has_bytes(path: Path, name: str, wanted: int, what: str) -> None:
    """Refuse a file with fewer bytes than it says itself.

    Raises:
        NodeError: `unreadable_file`.
    """
    if (size := path.stat().st_size) < wanted:
        raise cut_short(name, f"{what} {wanted:,} bytes, and it has {size:,}")


def dbase(path: Path, name: str) -> int:
    """The rows that the header of a dBASE table counts; refused where they are not all there.

    Raises:
        NodeError: `unreadable_file`.
    """
    with path.open("rb") as file:
        header = file.read(32)
    if len(header) < 32:
        raise cut_short(name, f"a header has 32 bytes, and it has {len(header)}")
    rows, start, width = (int.from_bytes(header[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    has_bytes(path, name, start + rows * width, f"its {rows:,} rows have")
    return rows


def pages(path: Path, name: str) -> None:
    """Refuse an SQLite file without all pages that its header counts, and of which nothing is in another file.

    Raises:
        NodeError: `unreadable_file`.
    """
    with path.open("rb") as file:
        header = file.read(100)
    if any(path.with_name(f"{path.name}{suffix}").exists() for suffix in ("-wal", "-journal")):
        return
    size = int.from_bytes(header[16:18], "big")
    counted = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 1
    has_bytes(path, name, max(100, counted * (65_536 if size == 1 else size)), "its pages have")
