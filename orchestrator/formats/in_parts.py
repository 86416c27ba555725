"""Datasets of several files of one name: which belong together, and how many bytes they have."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

# The endings of the files beside, by that of the one that is named.
BESIDE: Mapping[str, tuple[str, ...]] = {
    ".shp": (".dbf", ".shx", ".prj", ".cpg"), ".tab": (".dat", ".map", ".id"), ".mif": (".mid",),
}  # fmt: skip


def belongs(name: str, other: str) -> bool:
    """Whether a file of the other name or path is one beside that of this name or path, and belongs to it."""
    own, beside = PurePosixPath(name), PurePosixPath(other)
    fits = beside.suffix.lower() in BESIDE.get(own.suffix.lower(), ())
    return fits and own.with_suffix("") == beside.with_suffix("")


def bytes_of(path: Path) -> int:
    """The bytes of a file with those beside that belong to it, or of all files in a folder."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.iterdir())
    beside = path.parent.iterdir() if path.suffix.lower() in BESIDE else ()
    return path.stat().st_size + sum(each.stat().st_size for each in beside if belongs(path.name, each.name))
