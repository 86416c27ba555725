"""`unpivot`: FME's AttributeExploder."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.crs import differ, title, written_in
from orchestrator.errors import NodeError, at
from orchestrator.ops._new_columns import check_new
from orchestrator.ops._types import NULL, plain
from orchestrator.ops._widened import apart, widened
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Column, NewColumn, invalid, unique
from orchestrator.schema import is_geometry
from orchestrator.sql import literal, names, quote


class Unpivot(Op):
    """From wide to long: a row for each of several columns, with the column's name and its value.

    The other columns are repeated. Rows come in the order of the table, those of one row in the order of the columns.
    Values are of the type for all these columns: whole numbers are widened with decimals, dates with timestamps;
    others must agree. An empty text is a value; nulls are kept unless `nulls` says otherwise.
    """

    category: ClassVar[str] = "Rows"
    example: ClassVar[dict[str, Any]] = {"columns": ["amount", "lon", "lat"], "name": "measure"}

    columns: list[Column] = Field([], description="The columns to make rows of.", examples=[["y2023", "y2024"]])
    all_but: list[Column] = Field([], description="Or all columns but these.", examples=[["id"]])
    name: NewColumn = Field("name", description="New column with the name.")
    value: NewColumn = Field("value", description="New column with the value.")
    nulls: Literal["keep", "drop"] = Field("keep", description="Whether a null is a row too.")

    @model_validator(mode="after")
    def _sensible(self) -> "Unpivot":
        if bool(self.columns) == bool(self.all_but):
            raise invalid("Give either 'columns' or 'all_but'.", "columns")
        for field in ("columns", "all_but"):
            unique((name, (field, index)) for index, name in enumerate(getattr(self, field)))
        unique([(self.name, ("name",)), (self.value, ("value",))])
        return self

    def run(self, table: Annotated[Relation, "The rows to take apart."]) -> Relation:
        """Two lists, of names and of values, are taken apart side by side.

        Raises NodeError: `type_mismatch`, `crs_mismatch`, `duplicate_column`; `invalid_config` with no column left.
        """
        kinds = names(table)
        chosen = self.columns or [name for name in kinds if name not in self.all_but]
        if not chosen:
            raise NodeError("No column is left to make rows of.", code="invalid_config", path="/config/all_but")
        others = [name for name in kinds if name not in chosen]
        check_new(others, [(self.name, "/name"), (self.value, "/value")])
        values = self._values(chosen, kinds)
        made = [
            *map(quote, others),
            f"unnest([{', '.join(map(literal, chosen))}]) AS {quote(self.name)}",
            f"unnest([{', '.join(values)}]) AS {quote(self.value)}",
        ]
        result = table.project(", ".join(made))
        return result.filter(f"{quote(self.value)} IS NOT NULL") if self.nulls == "drop" else result

    def _values(self, chosen: list[str], kinds: Mapping[str, str]) -> list[str]:
        """The values in one type.

        Raises:
            NodeError: `type_mismatch`, `crs_mismatch`: two columns have nothing in common.
        """
        found: dict[str, str] = {}
        for index, name in enumerate(chosen):
            if kinds[name] != NULL and kinds[name] not in found:
                with at(f"/columns/{index}" if self.columns else "/all_but"):
                    for before, other in found.items():
                        _check((other, before), (name, kinds[name]))
                found[kinds[name]] = name
        return [widened(quote(name), found) for name in chosen]


def _check(*columns: tuple[str, str]) -> None:
    """Refuse two columns, by name and type, that cannot be one."""
    kinds = [kind for _, kind in columns]
    said = " and ".join(f"'{name}' is {plain(kind)}" for name, kind in columns)
    if all(map(is_geometry, kinds)):
        systems = [written_in(kind) for kind in kinds]
        if differ(*systems):
            named = [f"in {title(each)}" if each else "in no known system" for each in systems]
            said = " and ".join(f"'{name}' is {system}" for (name, _), system in zip(columns, named, strict=True))
            hint = "reproject the table that one of them comes from"
            raise NodeError(f"{said}: they cannot be one column. Reproject one first.", code="crs_mismatch", hint=hint)
    elif (reason := apart(*kinds)) is not None:
        message = f"{said}{reason}: they cannot be one column. Convert one of them first."
        raise NodeError(message, code="type_mismatch")
