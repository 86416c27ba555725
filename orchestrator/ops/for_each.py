"""`for_each`: FME's WorkspaceRunner, and its custom transformers with groups."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from duckdb import ColumnExpression, ConstantExpression
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import Interrupted, NodeError
from orchestrator.ops._groups import Groups
from orchestrator.ops._rows import short
from orchestrator.ops._saved import Given, RunsSaved, Saved, one_of, plain
from orchestrator.ops.base import Context, Relation, UnknownColumns
from orchestrator.ops.settings import Column
from orchestrator.schema import geometry_columns
from orchestrator.sql import names
from orchestrator.suggest import listing


class FromColumn(BaseModel):
    """A parameter's value that comes from the rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Column = Field(description="Column that holds the value.", examples=["region"])


class ForEach(RunsSaved):
    """Run another saved workflow once per row, or per group of rows, and put its results one below the other.

    Groups come in the order of their first rows, one after the other; nulls are one group. Columns of `group_by` and
    `keep` go before the workflow's own, unless it gives one of that name itself. A table must have the columns that the
    workflow's input declares. The first group that fails ends the run, with its values in the message; what the
    workflow has written by then stays. Without rows it is not run at all.
    """

    category: ClassVar[str] = "Flow"
    example: ClassVar[dict[str, Any]] = {
        "workflow": "topofregion1", "group_by": ["region"], "parameters": {"first": 1, "name": {"column": "region"}},
    }  # fmt: skip

    group_by: list[Column] = Field(
        [], description="Columns whose values make a group; if empty, each row is one.", examples=[["region"]]
    )
    input: str = Field(
        "", max_length=1000, description="Its input for the rows; if empty, its only one.", examples=["rows"]
    )
    output: str = Field(
        "", max_length=200, description="Its output that is collected; if empty, its only one.", examples=["result"]
    )
    parameters: dict[str, Annotated[FromColumn | Any, Field(union_mode="left_to_right")]] = Field(
        {},
        description='Values of its parameters: constants, or `{"column": …}` of a group\'s first row.',
        examples=[{"first": 1, "name": {"column": "region"}}],
    )
    keep: list[Column] = Field(
        [],
        description="Further columns to put before the result, with the value of a group's first row.",
        examples=[["region"]],
    )
    maximum: int = Field(1000, ge=1, le=100_000, description="Most groups; more fail the run before the first one.")

    def _fits(self, saved: Saved) -> None:
        self._ports(saved)
        saved.check(self._constants())

    def _ports(self, saved: Saved) -> tuple[str, str]:
        """The input and the output that are used."""
        into = one_of(self.input, saved.inputs, "input", saved, "/config/input")
        others = [name for name, port in saved.inputs.items() if name != into and not port.optional]
        if others:
            message = f"Input '{others[0]}' of '{saved.name}' has no columns and no sample, and gets no rows here."
            raise NodeError(message, code="invalid_config", path="/config/workflow")
        return into, one_of(self.output, saved.outputs, "output", saved, "/config/output")

    def _constants(self) -> Given:
        """The values of parameters that are the same for each group; the others come from its rows."""
        own = {name: value for name, value in self.parameters.items() if not isinstance(value, FromColumn)}
        known = {name: plain(value) for name, value in own.items() if name not in self._waiting}
        return Given(known, frozenset(self.parameters.keys() - known.keys()))

    def run(self, table: Annotated[Relation, "The rows for the workflow."], context: Context) -> Relation:
        """Each group's result is stored, then all are read as one.

        Raises NodeError: `too_many_groups`, `no_rows`, `type_mismatch`, what it fails of; UnknownColumns, in design.
        """
        self._no_geometry(table)
        wanted = self._designed(table, context)
        if context.design:
            if wanted is None:
                raise UnknownColumns
            return wanted
        groups = Groups(table, self.group_by, context)
        found = groups.first_rows(list(self._firsts), self.maximum + 1)
        if len(found) > self.maximum:
            what = "groups" if self.group_by else "rows"
            message = f"There are more than {self.maximum:,} {what}, and the workflow would run for each."
            raise NodeError(message, code="too_many_groups", path="/config/maximum")
        files: list[Path] = []
        own = replace(context, scratch=groups.folder / "group")
        for number, values in found.items():
            with _told(number, {name: values[name] for name in self.group_by}):
                made = self._one(groups.rows(number), values, table, own)
                wanted = context.session.empty(made) if wanted is None else wanted
                _same_columns(made, wanted)
            files.append(groups.folder / f"{len(files)}.parquet")
            context.session.store(made, files[-1])
            shutil.rmtree(groups.folder / "group", ignore_errors=True)
        if wanted is None:
            raise NodeError("Without rows the columns of the result are not known.", code="no_rows")
        return context.session.parquet(*files) if files else wanted

    @property
    def _firsts(self) -> dict[str, None]:
        """The columns whose value in a group's first row is wanted."""
        used = [value.column for value in self.parameters.values() if isinstance(value, FromColumn)]
        return dict.fromkeys([*self.group_by, *self.keep, *used])

    def _no_geometry(self, table: Relation) -> None:
        geometry = set(geometry_columns(table))
        for setting, columns in (("group_by", self.group_by), ("keep", self.keep)):
            for index, name in enumerate(columns):
                if name in geometry:
                    path = f"/config/{setting}/{index}"
                    raise NodeError(f"'{name}' is geometry: take another column.", code="type_mismatch", path=path)

    def _designed(self, table: Relation, context: Context) -> Relation | None:
        """An empty table of the result's columns; None where only a run can tell."""
        empty, design = context.session.empty(table), replace(context, design=True)
        try:
            return context.session.empty(self._one(empty, dict.fromkeys(self._firsts), empty, design))
        except UnknownColumns:
            return None

    def _one(self, rows: Relation, values: Mapping[str, Any], table: Relation, context: Context) -> Relation:
        """The result of one group, behind the values of its first row."""
        given = self._constants()
        if not context.design:
            own = {key: plain(values[v.column]) for key, v in self.parameters.items() if isinstance(v, FromColumn)}
            given = Given({**given.values, **own})
        into, out = self._ports(self.saved)
        made = self.saved.run({into: rows}, given, context)[out]
        there = {name.lower() for name in made.columns}
        kinds = dict(zip(table.columns, table.types, strict=True))
        added = [name for name in dict.fromkeys([*self.group_by, *self.keep]) if name.lower() not in there]
        constants = [ConstantExpression(values[name]).cast(kinds[name]).alias(name) for name in added]
        return made.select(*constants, *map(ColumnExpression, made.columns)) if added else made


@contextmanager
def _told(number: int, values: Mapping[str, Any]) -> Iterator[None]:
    """An error says which group it is of."""
    try:
        yield
    except Interrupted:
        raise
    except NodeError as error:
        group = ", ".join(f"{name} = {short(value)}" for name, value in values.items())
        error.message = f"{f'Group {group}' if group else f'Row {number}'}: {error.message}"
        raise


def _same_columns(made: Relation, wanted: Relation) -> None:
    if names(made) != names(wanted):
        known = listing(wanted.columns)
        message = f"The result's columns or types are not those of the others: {listing(made.columns)}, not {known}."
        raise NodeError(message, code="type_mismatch", path="/config/output")
