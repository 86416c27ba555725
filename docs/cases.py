"""A case: a node or an expression, what goes in and what comes out, as a page shows it and a test runs it."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Columns = Mapping[str, Any]  # name to values
Table = Columns | str  # or SQL


@dataclass(frozen=True)
class Case:
    """A node on tables: what it gives by port, or the code of its problem."""

    says: str
    type: str
    config: Mapping[str, Any]
    tables: Mapping[str, Table | list[Table]]
    gives: Mapping[str, Columns] | str

    def row(self) -> tuple[str, ...]:
        """As a row of the page."""
        node = f"[`{self.type}`](catalogue.md#{self.type}) `{json.dumps(self.config, ensure_ascii=False)}`"
        out = f"`{self.gives}`" if isinstance(self.gives, str) else "; ".join(_ports(self.gives))
        return self.says, node, "; ".join(_ports(self.tables)), out


@dataclass(frozen=True)
class Value:
    """An expression, as in `compute`, and its value, or the code of its problem."""

    expression: str
    gives: Any
    says: str = ""
    fails: bool = False

    def row(self) -> tuple[str, ...]:
        """As a row of the page."""
        return f"`{self.expression}`", f"`{self.gives if self.fails else shown(self.gives)}`", self.says


def shown(value: Any) -> str:
    """A value as the page writes it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is None else value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None).isoformat(" ", "minutes") + ("Z" if value.tzinfo else "")
    return str(value) if isinstance(value, dt.date | Decimal) else json.dumps(value, ensure_ascii=False, default=str)


def columns(table: Columns) -> str:
    """A table as the page writes it."""
    return "; ".join(f"{name}: {', '.join(map(shown, values)) or 'no row'}" for name, values in table.items())


def _ports(tables: Mapping[str, Any]) -> Iterator[str]:
    alone = list(tables) in (["table"], ["result"])
    for port, given in tables.items():
        for number, each in enumerate(given if isinstance(given, list) else [given], start=1):
            name = "" if alone else f"{number}. " if isinstance(given, list) else f"{port} "
            yield f"{name}`{each if isinstance(each, str) else columns(each)}`"


def one(says: str, function: str, gives: Any, values: list[Any] | str, name: str = "v", **more: Any) -> Case:
    """An aggregate of a column `v`."""
    table = values if isinstance(values, str) else {"v": values}
    config = {"aggregations": [{"function": function, "column": "v", "name": name, **more}]}
    return Case(says, "aggregate", config, {"table": table}, gives if isinstance(gives, str) else {"result": gives})
