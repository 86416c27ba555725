"""In which types the values of a table come back from a file of text, which says of no value which type it had.

A file of text keeps numbers, whatever their width, and what its readers know by its form.
"""

from collections.abc import Callable
from typing import Any

from orchestrator.ops._types import nested

TIME_OF_DAY = "[T ].*[1-9]"  # behind a day, and not its beginning
TEXT = ("BLOB", "INTERVAL", "BIT", "TIME WITH TIME ZONE", "TIME_NS", "VARIANT")


def of_value(kind: Any) -> str:
    """The type of a single value: DECIMALs with a fraction are DOUBLE, and what has no form of its own is text."""
    text = str(kind)
    if text.startswith("DECIMAL") and not text.endswith(",0)"):
        return "DOUBLE"
    if text == "TIMESTAMP_NS":
        return "TIMESTAMP"
    return "VARCHAR" if text in TEXT else text


def of_text(kind: Any) -> str:
    """The same where nested values are written as JSON, which is text."""
    return "VARCHAR" if is_json(kind) else of_value(kind)


def is_json(kind: Any) -> bool:
    """Whether a value has others inside, for which text has no form but JSON."""
    return nested(str(kind)) or kind.id == "union"


def of_json(kind: Any) -> str:
    """The same where nested values are objects and lists; an object is a STRUCT."""
    return _inside(kind, of_value)


def _inside(kind: Any, single: Callable[[Any], str]) -> str:
    if kind.id in ("map", "union"):
        return "STRUCT"
    if kind.id in ("list", "array"):
        made = f"{_inside(kind.children[0][1], _late)}[]"
        return str(kind) if kind.id == "list" and made == f"{kind.children[0][1]}[]" else made
    if kind.id == "struct":
        same = all(_inside(each, _late) == str(each) for _, each in kind.children)
        fields = ", ".join(f"{name} {_inside(each, _late)}" for name, each in kind.children)
        return str(kind) if same else f"STRUCT({fields})"
    return single(kind)


def _late(kind: Any) -> str:
    """Inside of others a time with nine digits has no form that is known."""
    return "VARCHAR" if str(kind) == "TIMESTAMP_NS" else of_value(kind)


def of_elements(kind: Any) -> str:
    """The same where nested values are elements: a list is one repeated, a structure becomes columns."""
    if kind.id in ("list", "array"):
        inside = kind.children[0][1]
        return f"{of_elements(inside)} where no row has several values" if not _deep(inside) else "columns of lists"
    if _deep(kind):
        return "columns of its own"
    return of_value(kind)


def _deep(kind: Any) -> bool:
    return kind.id in ("list", "array", "struct", "map", "union")
