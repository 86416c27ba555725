"""Finds node types and formats: every module of a package, through an entry point."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType

from orchestrator.errors import NotFound
from orchestrator.ops.base import Op
from orchestrator.suggest import near

GROUP = "graphmill.ops"


@lru_cache(maxsize=1)
def node_types() -> Mapping[str, type[Op]]:
    """Every node type by its id, in alphabetical order.

    Raises:
        TypeError: two node types have the same id.
    """
    found: dict[str, type[Op]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        for module in modules(entry.load()):
            for op in _ops(module):
                if found.setdefault(op.type, op) is not op:
                    raise TypeError(f"two node types are called '{op.type}': {found[op.type]!r} and {op!r}")
    return MappingProxyType(dict(sorted(found.items())))


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """The module itself, or every public module of a package."""
    if not hasattr(package, "__path__"):
        yield package
        return
    for info in pkgutil.iter_modules(package.__path__):
        if not info.name.startswith("_"):
            yield importlib.import_module(f"{package.__name__}.{info.name}")


def _ops(module: ModuleType) -> Iterator[type[Op]]:
    for value in vars(module).values():
        own = isinstance(value, type) and issubclass(value, Op) and value.__module__ == module.__name__
        if own and value.type and "run" in vars(value):
            yield value


def node_type(name: str) -> type[Op]:
    """The node type of this id.

    Raises:
        NotFound: with the near-miss.
    """
    known = node_types()
    if name not in known:
        raise NotFound(f"Node type '{name}' is not known.{near(name, known)}", code="unknown_node_type")
    return known[name]
