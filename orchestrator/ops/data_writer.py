"""`data_writer`: FME's Writer."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from orchestrator.errors import NodeError, at
from orchestrator.formats import Target, Writer, writers
from orchestrator.formats.atomic import replacing
from orchestrator.formats.base import kept
from orchestrator.formats.changed import warn, warn_of_old
from orchestrator.formats.lost_values import tell_filled, told
from orchestrator.formats.problems import sentences
from orchestrator.formats.read_files import is_read_by
from orchestrator.formats.systems import aligned, united
from orchestrator.formats.targets import check_target
from orchestrator.ops._by_format import ByFormat
from orchestrator.ops.base import Context, Relation, UnknownColumns
from orchestrator.paths import resolve


class DataWriter(ByFormat):
    """Write a dataset: a file below the data root, or a table of a database.

    The old dataset stays whole until the new one is complete. Values that the format does not give back as they are,
    such as NaN in JSON, are counted by column in the run's log.
    """

    category: ClassVar[str] = "Read and write"
    sink: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"target_type": "csv", "path": "out/late.csv", "mode": "overwrite"}
    chooser: ClassVar[str] = "target_type"

    target_type: str = Field(description="The format to write; its options stand beside it.", examples=["csv"])
    mode: Literal["overwrite", "append", "error"] = Field(
        "overwrite",
        description="What to do where the file is there already: replace it, add to it by column name, or refuse.",
        examples=["append"],
        json_schema_extra={"x-ui": {"widget": "select"}},
    )

    @classmethod
    def formats(cls) -> "dict[str, type[Any]]":
        """Every format that can be written."""
        return dict(writers())

    def run(
        self, table: Annotated[Relation, "The rows to write."], context: Context
    ) -> Annotated[Relation, "The rows that were written."]:
        """Write all rows, then hand them on; in design nothing is written, and what can be checked is.

        Raises NodeError: `file_exists`, or why it cannot be written.
        """
        if not isinstance(self, Writer):
            return cast(Target, self).save(table, context)
        writer = self
        with at("/path"):
            target = resolve(context.root, writer.path)
            check_target(writer, target)
        writer.check(table)
        if context.design:
            warn(writer, table, context)
            if target.exists():
                self._foresee(writer, table, target, context)
            return table
        if self.mode == "error" and target.exists():
            raise NodeError(f"File '{writer.path}' is there already.", code="file_exists", path="/config/path")
        with sentences(None, context.root):
            if is_read_by(context.session, target):
                table = kept(table, context)
            with told(writer, table, context) as counted:
                context.notes["rows_written"] = self._write(writer, counted, target, context)
        return table

    def _foresee(self, writer: Writer, table: Relation, target: Path, context: Context) -> None:
        """Warn where the file that is there now would end a run: by then it may be another."""
        if self.mode == "error":
            message = f"File '{writer.path}' is there already, and this node refuses to replace it: a run would fail."
            context.warn(message, code="file_exists", path="/config/path", hint="another path or mode, or remove it")
        try:
            with at("/path"), sentences(writer.path, context.root):
                if self.mode in writer.changes:
                    writer.foresee(table, target, context)
                elif self.mode == "append" and (old := writer.existing_rows(table, context)) is not None:
                    new = aligned(writer.prepare(table, context), old)
                    warn_of_old(writer, old, united(old, new, context), context)
        except UnknownColumns:
            return
        except NodeError as error:
            message = f"These rows do not go into '{writer.path}' as it is now: {error.message}"
            context.warn(message, code=error.code, path=error.path, hint=error.hint or "another path, or overwrite it")

    def _write(self, writer: Writer, table: Relation, target: Path, context: Context) -> int:
        if self.mode in writer.changes and target.exists():
            return writer.change(table, target, context)
        adding = self.mode == "append" and target.exists()
        old = writer.existing_rows(table, context) if adding else None
        with replacing(target, writer.files) as place:
            if self.mode in writer.changes:
                return writer.change(table, place, context)
            if adding:
                writer.begin(target, place)
            if old is None:
                return writer.add(table, place, context) if adding else writer.write(table, place, context)
            new = aligned(writer.prepare(table, context), old)
            together = united(old, new, context)
            before = len(old)
            writer.check(together)
            added = writer.write(together, place, context) - before
            tell_filled(writer, old, new, (before, added), context)
            return added
