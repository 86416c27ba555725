"""Uploaded data below the data root: stored whole or not at all, listed, deleted."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self
from uuid import uuid4

from orchestrator.errors import Conflict, NodeError, TooLarge
from orchestrator.graph import is_text
from orchestrator.paths import existing, resolve

TYPES = {
    ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".txt": "text/plain", ".json": "application/json",
    ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson", ".geojson": "application/geo+json",
    ".parquet": "application/vnd.apache.parquet", ".geoparquet": "application/vnd.apache.parquet",
    ".gpkg": "application/geopackage+sqlite3",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".shp": "application/vnd.shp",
}  # fmt: skip


@dataclass(frozen=True)
class FileInfo:
    """A file: `path` is relative to the data root, `size` in bytes, `format` the `source_type` that reads it."""

    name: str
    path: str
    size: int
    modified_at: datetime
    type: str
    format: str | None


def list_files(root: Path, folder: str = "") -> list[FileInfo]:
    """Every file below a folder of the data root, by path; hidden ones and links that lead out are left out.

    A folder that is a dataset, such as `roads.gdb`, is one entry; its files are listed where it is the folder.

    Raises:
        NodeError: `path_not_allowed`, also for a file, or `file_not_found`.
    """
    root = root.resolve()
    start = existing(root, folder) if folder else root
    if start.is_file():
        raise NodeError(f"'{folder}' is a file, not a folder.", code="path_not_allowed")
    return sorted((_file(root, path) for path in _below(root, start)), key=lambda each: each.path)


def find(root: Path, path: str) -> Path:
    """The file of that path.

    Raises:
        NodeError: `path_not_allowed`, `file_not_found`, `not_a_file`.
    """
    _not_hidden(path)
    found = existing(root, path)
    if not found.is_file():
        raise NodeError(f"'{path}' is a folder, not a file.", code="not_a_file")
    return found


def delete(root: Path, path: str) -> None:
    """Delete a file, or a folder that is a dataset; a link to one loses the link only.

    Raises:
        NodeError: `path_not_allowed`, `file_not_found`, `not_a_file`.
    """
    _not_hidden(path)
    place = root.resolve() / path.replace("\\", "/")
    if existing(root, path).is_dir() and _is_dataset(place) and not place.is_symlink():
        hidden = place.with_name(f".{uuid4().hex}.part")
        place.rename(hidden)  # at once: no half of it is ever there
        shutil.rmtree(hidden, ignore_errors=True)
        return
    find(root, path)
    place.unlink(missing_ok=True)


class Upload:
    """A file on its way in: written under a hidden name, and given its own by `finish`.

    Leaving the `with` block without it removes what was written. Errors of the disk become NodeErrors.
    """

    def __init__(self, root: Path, limit: int) -> None:
        self.root = root.resolve()
        self.limit = limit
        self.size = 0
        self.temporary = self.root / f".{uuid4().hex}.part"
        self._file = self.temporary.open("xb")

    def write(self, chunk: bytes) -> None:
        """Add to the file. Raises TooLarge over the limit."""
        self.size += len(chunk)
        if self.size > self.limit:
            raise TooLarge(f"A file is at most {self.limit:,} bytes (GRAPHMILL_MAX_UPLOAD).")
        with _disk():
            self._file.write(chunk)

    def finish(self, path: str, *, overwrite: bool = False) -> FileInfo:
        """Give the file its place, relative to the data root; its folders are made.

        Raises:
            NodeError: `path_not_allowed`, `disk_full`.
            Conflict: something is there already.
        """
        _not_hidden(path)
        target = resolve(self.root, path)
        with _disk():
            if os.path.isdir(target):
                raise Conflict(f"'{path}' is a folder.", code="file_exists")
            self._file.close()
            target.parent.mkdir(parents=True, exist_ok=True)
            self._place(target, path, overwrite)
        return _file(self.root, target)

    def _place(self, target: Path, path: str, overwrite: bool) -> None:
        source = self.temporary
        if target.parent.stat().st_dev != self.root.stat().st_dev:
            source = target.parent / self.temporary.name
            shutil.move(self.temporary, source)
        try:
            if overwrite:
                os.replace(source, target)
            else:
                _link(source, target)
        except FileExistsError:
            message = f"File '{path}' is there already; `overwrite=true` replaces it."
            raise Conflict(message, code="file_exists") from None
        finally:
            source.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.temporary.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    """Unlike a rename, a link fails when somebody else was first; not every disk has links."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        if target.exists():
            raise FileExistsError(target) from None
        os.replace(source, target)


@contextmanager
def _disk() -> Iterator[None]:
    """Errors of the disk as sentences."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NodeError("The disk is full; nothing was stored.", code="disk_full") from None
        if error.errno in (errno.EACCES, errno.EROFS):
            raise NodeError("The data root cannot be written to there.", code="path_not_allowed") from None
        if error.errno in (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ENOTDIR, errno.EEXIST):
            message = "No file can have that path: a name is too long, or a file is where a folder must be."
            raise NodeError(message, code="path_not_allowed") from None
        raise


def clean_name(name: str) -> str:
    """A file's name from what a browser sends, which may be a whole path of its own machine."""
    return PurePosixPath(name.replace("\\", "/")).name


def _not_hidden(path: str) -> None:
    if any(part.startswith(".") and part not in (".", "..") for part in path.replace("\\", "/").split("/")):
        raise NodeError(f"'{path}' is not allowed: names do not begin with a dot.", code="path_not_allowed")


def _below(root: Path, start: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(start):
        datasets = [each for each in folders if _is_dataset(Path(each))]
        folders[:] = [each for each in folders if not each.startswith(".") and each not in datasets]
        for name in (*names, *datasets):
            path = Path(folder, name)
            inside = not path.is_symlink() or path.resolve().is_relative_to(root)
            if inside and not name.startswith(".") and is_text(name) and (name in datasets or path.is_file()):
                yield path


def _file(root: Path, path: Path) -> FileInfo:
    found = [each.lstat() for each in path.iterdir()] if path.is_dir() else []
    found = found or [path.stat()]
    modified = datetime.fromtimestamp(max(each.st_mtime for each in found), UTC)
    name, place = path.name, path.relative_to(root).as_posix()
    size = sum(each.st_size for each in found)
    return FileInfo(name, place, size, modified, media_type(path), format_of(name.lower()))


def _is_dataset(path: Path) -> bool:
    """Whether a folder called so is one dataset, which a format reads as a whole."""
    return path.name.lower().endswith(_datasets())


@lru_cache(maxsize=1)
def _datasets() -> tuple[str, ...]:
    from orchestrator.formats import readers

    return tuple(end for each in readers().values() if each.folder for end in each.extensions)


def media_type(path: Path) -> str:
    """The media type of a file called so."""
    return TYPES.get(path.suffix.lower()) or guess_type(path.name)[0] or "application/octet-stream"


def format_of(name: str) -> str | None:
    """The format that reads files called so; `csv` before others that read `.csv` too."""
    from orchestrator.formats import readers

    fitting = [each for each, reader in readers().items() if name.endswith(reader.extensions)]
    return next((each for each in fitting if name.endswith("." + each)), next(iter(fitting), None))
