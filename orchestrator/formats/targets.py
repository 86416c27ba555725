"""Whether a file may be written under its name."""

from pathlib import Path

from orchestrator.errors import NodeError
from orchestrator.formats import readers, writers
from orchestrator.formats.base import Writer

ARCHIVES = (".zip", ".gz")


def check_target(writer: Writer, target: Path) -> None:
    """See that the target is no folder, lies in one, and does not end like a file of another format.

    Raises:
        NodeError: `path_not_allowed`, `wrong_extension`.
    """
    if target.is_dir():
        raise NodeError(f"'{writer.path}' is a folder: name a file.", code="path_not_allowed")
    if not next(each for each in target.parents if each.exists()).is_dir():
        raise NodeError(f"'{writer.path}' is below a file: name a folder.", code="path_not_allowed")
    name = target.name.lower()
    kind = _kind(name)
    if kind is None or name.endswith(writer.extensions):
        return
    only_read = name.endswith(readers()[writer.name].extensions)
    said = "which is only read" if only_read else f"and {writer.name} is written ({writer.extensions[0]})"
    message = f"'{writer.path}' ends like {writer.name if only_read else kind}, {said}."
    raise NodeError(message, code="wrong_extension", hint=f"it may end with {', '.join(writer.extensions)}")


def _kind(name: str) -> str | None:
    """The format that a file of this name, in small letters, is taken for."""
    known = [*writers().items(), *readers().items()]
    ends = [(end, kind) for kind, each in known for end in each.extensions]
    ends += [(end, "an archive") for end in ARCHIVES]
    return next((kind for end, kind in ends if name.endswith(end)), None)
