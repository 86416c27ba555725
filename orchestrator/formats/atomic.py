"""Replacing a file as a whole: a reader sees the old one or the new one, never a torn one."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, files: Callable[[Path], list[Path]]) -> Iterator[Path]:
    """A place to write to; what is there at the end takes the old dataset's place, an error leaves the old one.

    The place is in a hidden folder beside the target, on the same disk, under the same name (some formats write the
    name into the file). `files` gives a dataset's files in the order in which they are put in place.
    """
    made = _folders(path.parent)
    folder = path.parent / f".{path.name[:80]}.{uuid.uuid4().hex}.part"
    try:
        folder.mkdir()
        yield folder / path.name
        for new, old in zip(files(folder / path.name), files(path), strict=True):
            if new.exists():
                os.replace(new, old)
            else:
                old.unlink(missing_ok=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            if not any(parent.iterdir()):
                parent.rmdir()
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _folders(folder: Path) -> list[Path]:
    """Make the parent folders; returns those that were not there, innermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing
