"""`list_files`: FME's Directory and File Pathnames reader."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar

import pyarrow
from pydantic import Field

from orchestrator import files
from orchestrator.errors import NodeError, at
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.paths import resolve

COLUMNS = pyarrow.schema({
    "path": pyarrow.string(), "name": pyarrow.string(), "extension": pyarrow.string(), "size": pyarrow.int64(),
    "modified": pyarrow.timestamp("us", tz="UTC"),
})  # fmt: skip


class ListFiles(Op):
    """A row for each file in a folder of the data root, by path.

    `path` is relative to the data root, as other nodes take it; `extension` is in small letters and has no dot, empty
    where there is none; `size` is in bytes. Hidden files, names that are no UTF-8, and links that lead
    out of the data root are left out.
    """

    category: ClassVar[str] = "Read and write"
    example: ClassVar[dict[str, Any]] = {"folder": "in", "pattern": "*.csv"}

    folder: str = Field("", description="Folder below the data root; empty for the root itself.", examples=["in"])
    pattern: str = Field(
        "*", min_length=1, max_length=1000, description="Names to list: `*`, `?` and `[a-z]` stand for others."
    )
    recursive: bool = Field(False, description="Whether to go into folders of the folder, at any depth.")

    def run(self, context: Context) -> Relation:
        """Looks only when it runs: a folder may be new. Raises NodeError: `path_not_allowed`, `file_not_found`."""
        with at("/folder"):
            start = resolve(context.root, self.folder or ".")
            if start.is_file():
                raise NodeError(f"'{self.folder}' is a file, not a folder.", code="path_not_allowed")
            found = [] if context.design else files.list_files(context.root, self.folder)
        rows = [each for each in found if self._wanted(each, start, context.root)]
        values = {
            "path": [each.path for each in rows],
            "name": [each.name for each in rows],
            "extension": [Path(each.name).suffix[1:].lower() for each in rows],
            "size": [each.size for each in rows],
            "modified": [each.modified_at for each in rows],
        }
        return context.session.arrow(pyarrow.table(values, schema=COLUMNS))

    def _wanted(self, file: files.FileInfo, start: Path, root: Path) -> bool:
        deep = (root.resolve() / file.path).parent != start
        return fnmatchcase(file.name, self.pattern) and (self.recursive or not deep)
