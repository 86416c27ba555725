"""Which files a path means: one, those that fit a pattern, or one inside an archive."""

import os
import re
from dataclasses import dataclass
from fnmatch import translate
from itertools import takewhile
from pathlib import Path, PurePosixPath

from orchestrator.errors import NodeError
from orchestrator.paths import existing, resolve

WILD = re.compile(r"[*?\[]")
MOST = 10_000


@dataclass(frozen=True)
class Found:
    """A file: as the user calls it, where it is, and which file of an archive is meant."""

    name: str
    path: Path
    inside: str | None = None


def files(root: Path, path: str, inside: str | None = None) -> list[Found]:
    """The files that a path means, by name. One that is there is meant, also where its name looks like a pattern.

    Raises:
        NodeError: `path_not_allowed`, `file_not_found`.
    """
    found = resolve(root, path)
    if os.path.exists(found):
        return [Found(path, found, inside)]
    if inside is None and (split := _archive(root, path)):
        return [split]
    if WILD.search(path):
        return [Found(name, existing(root, name), inside) for name in _fitting(root, path)]
    return [Found(path, existing(root, path), inside)]


def _archive(root: Path, path: str) -> Found | None:
    """`data.zip/inner/file.csv`: the archive, and the file inside."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    for number in range(1, len(parts)):
        name = "/".join(parts[:number])
        if name.lower().endswith(".zip") and os.path.isfile(found := resolve(root, name)):
            return Found(name, found, "/".join(parts[number:]))
    return None


def _fitting(root: Path, pattern: str) -> list[str]:
    """The names below the root that fit, in order; hidden ones are left out, and links that lead out of the root."""
    parts = PurePosixPath(pattern.replace("\\", "/")).parts
    fixed = "/".join(takewhile(lambda part: not WILD.search(part), parts))
    forms = [None if part == "**" else re.compile(translate(part)) for part in parts]
    start, names = resolve(root, fixed) if fixed else root.resolve(), []
    for folder, folders, found in os.walk(start):
        inner = Path(fixed, Path(folder).relative_to(start))
        deep = None in forms or len(inner.parts) + 1 < len(forms)
        folders[:] = [each for each in folders if deep and not each.startswith(".")]
        for each in found:
            name = (inner / each).as_posix()
            if not each.startswith(".") and _fits(name.split("/"), forms) and _is_inside(root, Path(folder, each)):
                names.append(name)
                if len(names) > MOST:
                    raise NodeError(f"More than {MOST:,} files fit '{pattern}'.", code="too_large")
    if not names:
        raise NodeError(f"No file fits '{pattern}'.", code="file_not_found")
    return sorted(names)


def _is_inside(root: Path, path: Path) -> bool:
    return path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(root.resolve()))


def _fits(names: list[str], forms: list[re.Pattern[str] | None]) -> bool:
    """Whether the folders and the file fit; None is `**`, any number of folders."""
    places = {0}
    for form in forms:
        if form is None:
            places = set(range(min(places, default=len(names) + 1), len(names) + 1))
        else:
            places = {place + 1 for place in places if place < len(names) and form.match(names[place])}
    return len(names) in places
