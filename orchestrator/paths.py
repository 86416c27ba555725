"""Paths of a workflow: relative to the data root, and never out of it."""

import os
from contextlib import suppress
from pathlib import Path, PurePosixPath

from orchestrator.errors import NodeError
from orchestrator.graph import is_text
from orchestrator.suggest import near


def resolve(root: Path, path: str) -> Path:
    """The file that a workflow's path means. Follows symlinks; the end must be below the data root.

    Raises:
        NodeError: `path_not_allowed`, for an absolute path, one with `..`, or a symlink that leads out.
    """
    pure = PurePosixPath(path.replace("\\", "/"))
    if not path.strip() or "\0" in path:
        raise NodeError("A path is needed, relative to the data root.", code="path_not_allowed")
    if pure.is_absolute() or ".." in pure.parts or (len(path) > 1 and path[1] == ":"):
        rule = "paths are relative to the data root and have no '..'"
        raise NodeError(f"'{path}' is not allowed: {rule}.", code="path_not_allowed")
    try:
        found = (root / pure).resolve()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found.lstat()  # a name may be too long
    except (OSError, RuntimeError, ValueError):
        raise NodeError(f"'{path[:200]}' is not a path that can be used.", code="path_not_allowed") from None
    if not found.is_relative_to(root.resolve()):
        raise NodeError(f"'{path}' is not allowed: it leads out of the data root.", code="path_not_allowed")
    return found


def existing(root: Path, path: str) -> Path:
    """The same, for a file or folder that must be there.

    Raises:
        NodeError: `path_not_allowed` or `file_not_found`, with the nearest name in its folder.
    """
    found = resolve(root, path)
    if not os.path.exists(found):  # unlike Path.exists, False where a name is too long
        beside = sorted(filter(is_text, os.listdir(found.parent))) if os.path.isdir(found.parent) else []
        message = f"File '{path}' is not there.{near(found.name, beside)}"
        raise NodeError(message, code="file_not_found")
    return found
