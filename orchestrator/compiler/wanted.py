"""Which settings of a node are expressions, known from the node type's schema before its settings are read."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from orchestrator.ops.base import Op
from orchestrator.pointers import pointer


def expressions_in(op: type[Op], config: Any) -> Iterator[tuple[str, str]]:
    """The JSON pointers and texts in a posted config that stand where this node type has expressions."""
    for place, text in _texts(config, expression_names(op), ()):
        yield "/config" + pointer(place), text


def _texts(setting: Any, names: frozenset[str], above: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if not names:
        return
    pairs = setting.items() if isinstance(setting, Mapping) else enumerate(setting) if isinstance(setting, list) else ()
    for key, value in pairs:
        if isinstance(value, list | Mapping):
            yield from _texts(value, names, (*above, key))
        elif isinstance(value, str) and key in names:
            yield (*above, key), value


@cache
def expression_names(op: type[Op]) -> frozenset[str]:
    """The names of a node type's settings that are expressions, at any depth."""
    return frozenset(_named(op.config_schema()))


def _named(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for name, property in (schema.get("properties") or {}).items():
            if '"widget": "expression"' in str(property).replace("'", '"'):
                yield name
        for value in schema.values():
            yield from _named(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from _named(each)
