"""Which settings of a node are expressions, known from the node type's schema before its settings are read."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from orchestrator.ops.base import Op


def expressions_in(op: type[Op], config: Any) -> Iterator[str]:
    """The texts in a posted config that stand where this node type has expressions."""
    yield from _texts(config, expression_names(op))


def _texts(setting: Any, names: frozenset[str]) -> Iterator[str]:
    if isinstance(setting, Mapping):
        for key, value in setting.items():
            if key in names and isinstance(value, str):
                yield value
            elif names and isinstance(value, list | Mapping):
                yield from _texts(value, names)
    elif isinstance(setting, list):
        for each in setting:
            yield from _texts(each, names)


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
