"""What a file holds: the tables that a reader's `layer`, `sheet` or `table` may name; the files of an archive."""

from pathlib import Path

from orchestrator.errors import NodeError
from orchestrator.files import format_of
from orchestrator.formats import readers
from orchestrator.formats.base import Layer
from orchestrator.formats.packed import members
from orchestrator.ops.base import Context
from orchestrator.paths import existing
from orchestrator.suggest import listing, near
from orchestrator.tables import Session


def layers(root: Path, path: str, kind: str | None = None) -> list[Layer]:
    """The layers of a file below the data root, read as the format `kind`; by default the one its name says.

    Raises:
        NodeError: `path_not_allowed`, `file_not_found`, `unreadable_file`, `invalid_request`, or what is wrong with
            the file.
    """
    found = existing(root, path)
    name = kind or format_of(path.lower().rstrip("/"))
    known = {each: reader for each, reader in readers().items() if "path" in reader.model_fields}
    if name is None and found.suffix.lower() == ".zip":
        return [Layer(each) for each in members(found, path)]
    if name is None:
        raise NodeError(f"No format reads files called like '{path}'.", code="unreadable_file", hint=listing(known))
    if name not in known:
        message = f"'{name}' is not a format of files.{near(name, known)}"
        raise NodeError(message, code="invalid_request", path="/query/format")
    with Session([root]) as session:
        return known[name].model_validate({"path": path}).layers(Context(session, root, design=True))
