"""Replacing a file as a whole: a reader sees the old one or the new one, never a torn one."""

import fcntl
import glob
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

YOUNG_S = 60  # made just now, perhaps not locked yet


@contextmanager
def replacing(path: Path, files: Callable[[Path], list[Path]]) -> Iterator[Path]:
    """A place to write to; what is there at the end takes the old dataset's place, an error leaves the old one.

    The place is in a hidden folder beside the target, on the same disk, under the same name (some formats write the
    name into the file). `files` gives a dataset's files in the order in which they are put in place. What a process
    that was killed has left of the same target is removed.
    """
    made, start = _folders(path.parent), f".{path.name[:80]}."
    _remove_abandoned(path.parent, start)
    folder = path.parent / f"{start}{uuid.uuid4().hex}.part"
    try:
        folder.mkdir()
        with _locked(folder):
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


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock the folder for as long as this process lives, and say whether it could be: not where another has it."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except OSError:  # a file system without locks, too
        free = False
    try:
        yield free
    finally:
        os.close(opened)


def _remove_abandoned(parent: Path, start: str) -> None:
    for each in parent.glob(f"{glob.escape(start)}*.part"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > YOUNG_S:
                with _locked(each) as free:
                    if free:
                        shutil.rmtree(each, ignore_errors=True)


def _folders(folder: Path) -> list[Path]:
    """Make the parent folders; returns those that were not there, innermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing
