"""`file_geodatabase`: Esri's folder of tables (`.gdb`); also zipped."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import ClassVar

from orchestrator.errors import NodeError
from orchestrator.formats.base import Context
from orchestrator.formats.vector_reader import LayerReader

CATALOG = "a00000001.gdbtable"
LARGEST = 16 << 30


class FileGeodatabaseReader(LayerReader):
    """One feature class or table of a file geodatabase: a folder `.gdb`, or a zip of it.

    Its times are read as TIMESTAMP; the object id is left out. Curves are read as lines, with a point every
    four degrees.
    """

    name: ClassVar[str] = "file_geodatabase"
    label: ClassVar[str] = "File Geodatabase"
    extensions: ClassVar[tuple[str, ...]] = (".gdb", ".gdb.zip")
    driver: ClassVar[str] = "OpenFileGDB"
    folder: ClassVar[bool] = True

    @contextmanager
    def opened(self, path: Path, context: Context) -> Iterator[str]:
        """The folder, or what is in the zip, under a plain name.

        Raises NodeError, `unreadable_file`, where it is none; `too_large`, `path_not_allowed`.
        """
        with tempfile.TemporaryDirectory(dir=context.scratch) as made:
            own = Path(made, "data.gdb")
            if path.is_dir():
                self._inside(path, context)
                own.symlink_to(path)
            elif zipfile.is_zipfile(path):
                own.mkdir()
                self._unpack(path, own)
            if not (own / CATALOG).is_file():
                raise NodeError(f"'{self.path}' is not a file geodatabase.", code="unreadable_file")
            yield str(own)

    def _inside(self, path: Path, context: Context) -> None:
        root = context.root.resolve()
        for each in path.iterdir():
            if not each.resolve().is_relative_to(root):
                message = f"'{self.path}/{each.name}' is not allowed: it leads out of the data root."
                raise NodeError(message, code="path_not_allowed")

    def _unpack(self, path: Path, own: Path) -> None:
        with zipfile.ZipFile(path) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            if sum(each.file_size for each in members) > LARGEST:
                raise NodeError(f"'{self.path}' is larger than {LARGEST >> 30} GiB unpacked.", code="too_large")
            homes = {PurePosixPath(each.filename).parent for each in members if each.filename.endswith(CATALOG)}
            for each in members:
                if PurePosixPath(each.filename).parent in homes and len(homes) == 1:
                    with packed.open(each) as source, (own / PurePosixPath(each.filename).name).open("wb") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
