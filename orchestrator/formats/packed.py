"""Files inside `.zip` and `.gz`: unpacked with limits into a folder of the run's own, never beside the archive.

What an archive says of itself is not believed: bytes are counted as they come out. A file is at most `LARGEST` bytes,
and once it has more than `SMALL` at most `RATIO` times as large as it was packed (real text packs to a tenth or so,
a bomb to a thousandth); half of the free disk is left alone.
"""

import codecs
import gzip
import lzma
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from orchestrator.errors import NodeError
from orchestrator.formats.encodings import LARGEST, RATIO, SMALL
from orchestrator.formats.found import Found
from orchestrator.formats.in_parts import belongs, bytes_of
from orchestrator.suggest import listing, near

CHUNK = 1 << 20
ENCRYPTED = 1
GZIP_SIZE = 4  # bytes at the end of a .gz
IN_PARTS = (".shp", ".tab", ".mif", ".gml")  # datasets of several files of one name
BROKEN = (
    zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError,
)  # fmt: skip


def unpack(file: Found, folder: Path, endings: tuple[str, ...], lines: int | None) -> str:
    """Unpack a file of an archive below `folder`; returns its path there, `data.zip/of/the/member`.

    Args:
        file: the `.zip` or `.gz`, and the member; by default the only one that ends with one of `endings`.
        folder: where to.
        endings: of the format.
        lines: so many are enough, where the file is text; None for all of it.

    Raises:
        NodeError: `too_large`, `unreadable_file`, `file_not_found`, `path_not_allowed`.
    """
    name, archive = file.name, file.path
    with _broken(name):
        if archive.suffix.lower() == ".gz":
            target = folder / PurePosixPath(name[:-3])
            with gzip.open(archive) as packed:
                _copy(packed, target, name, archive.stat().st_size, lines)
            return str(target.relative_to(folder))
        with zipfile.ZipFile(archive) as zipped:
            member = _member(zipped, name, file.inside, endings)
            stem = member.filename.rpartition(".")[0]
            for each in zipped.infolist():
                beside = member.filename.lower().endswith(IN_PARTS) and each.filename.rpartition(".")[0] == stem
                if each is not member and not beside:
                    continue
                if each.flag_bits & ENCRYPTED:
                    message = f"'{each.filename}' in '{name}' is protected by a password."
                    raise NodeError(message, code="unreadable_file")
                with zipped.open(each) as packed:
                    _copy(packed, _place(folder, name, each.filename), name, each.compress_size, lines)
            return str(_place(folder, name, member.filename).relative_to(folder))


def size(file: Found, endings: tuple[str, ...]) -> int:
    """How many bytes a file has with those that belong to it, or a folder; of an archive, what is meant in it has.

    Raises:
        NodeError: `unreadable_file`, `file_not_found`.
        OSError: it is gone.
    """
    own = bytes_of(file.path)
    if file.path.suffix.lower() == ".gz" and own > GZIP_SIZE:
        with file.path.open("rb") as packed:
            packed.seek(-GZIP_SIZE, os.SEEK_END)
            return max(own, int.from_bytes(packed.read(), "little"))  # of more than 4 GiB, what is over them
    if file.path.suffix.lower() == ".zip":
        with _broken(file.name), zipfile.ZipFile(file.path) as zipped:
            whole = file.inside is None and file.path.name.lower().endswith(endings)  # the format is a .zip itself
            one = None if whole else _member(zipped, file.name, file.inside, endings)
            files = zipped.infolist()
            meant = [each for each in files if one is None or each is one or belongs(one.filename, each.filename)]
            return max(own, sum(each.file_size for each in meant))
    return own


def members(archive: Path, name: str) -> list[str]:
    """The files in a `.zip` that may be somebody's data: not what macOS adds, nothing hidden.

    Raises:
        NodeError: `unreadable_file`.
    """
    with _broken(name), zipfile.ZipFile(archive) as zipped:
        return _seen(each.filename for each in zipped.infolist() if not each.is_dir())


def _seen(files: Iterable[str]) -> list[str]:
    return [each for each in files if not each.startswith("__MACOSX/") and not PurePosixPath(each).name.startswith(".")]


def _place(folder: Path, name: str, member: str) -> Path:
    """Where a member goes, below the folder.

    Raises:
        NodeError: `path_not_allowed`: its name would lead out.
    """
    pure = PurePosixPath(member.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in member or "\0" in member:
        message = f"'{name}' holds a file whose name leads out of its folder: '{member[:100]}'."
        raise NodeError(message, code="path_not_allowed")
    return folder / PurePosixPath(name) / pure


def _member(zipped: zipfile.ZipFile, name: str, inside: str | None, endings: tuple[str, ...]) -> zipfile.ZipInfo:
    files = {each.filename: each for each in zipped.infolist() if not each.is_dir()}
    if inside is not None:
        if inside not in files:
            message = f"'{inside}' is not in '{name}'.{near(inside, files)}"
            raise NodeError(message, code="file_not_found", hint=listing(files))
        return files[inside]
    seen = _seen(files)
    fitting = [each for each in seen if each.lower().endswith(endings)] or (seen if len(seen) == 1 else [])
    if len(fitting) != 1:
        what = f"{len(fitting)} files" if fitting else "no file"
        message = f"'{name}' holds {what} that could be meant ({', '.join(endings)}): say which is."
        raise NodeError(message, code="file_not_found", path="/config/inside", hint=listing(fitting or seen))
    return files[fitting[0]]


def _copy(packed: gzip.GzipFile | IO[bytes], target: Path, name: str, size: int, lines: int | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    most = min(LARGEST, max(SMALL, RATIO * size), shutil.disk_usage(target.parent).free // 2)
    done = 0
    with target.open("wb") as made:
        for chunk in _chunks(packed, lines):
            done += len(chunk)
            if done > most:
                message = f"'{name}' is more than {most:,} bytes when it is unpacked."
                raise NodeError(message, code="too_large")
            made.write(chunk)


def _chunks(packed: IO[bytes] | gzip.GzipFile, lines: int | None) -> Iterator[bytes]:
    start = packed.read(2)
    yield start
    if lines is None or start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE[:2]):
        while chunk := packed.read(CHUNK):
            yield chunk
        return
    part = b""
    for _ in range(lines):
        # A line may be endless: it comes in parts.
        while part := packed.readline(CHUNK):
            yield part
            if part.endswith(b"\n"):
                break
        if not part:
            return


@contextmanager
def _broken(name: str) -> Iterator[None]:
    try:
        yield
    except NodeError:
        raise
    except BROKEN as error:
        message = f"'{name}' cannot be unpacked: {str(error)[:200].rstrip('.') or 'it ends too early'}."
        raise NodeError(message, code="unreadable_file") from None
