"""Dataset formats: one file each, found by being a module of this package.

A format is a `Reader` and, where it can be written, a `Writer` of a file or another `Target`: Pydantic models of its
options. `base` says what they must do, `atomic` how a file is replaced, `problems` how the errors of other libraries
become sentences.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from orchestrator.formats.base import Format, Reader, Target, Writer

__all__ = ["Reader", "Target", "Writer", "readers", "writers"]

F = TypeVar("F", bound=Format)


@lru_cache(maxsize=1)
def readers() -> Mapping[str, type[Reader]]:
    """Every format that can be read, by name."""
    return _named(Reader)


@lru_cache(maxsize=1)
def writers() -> Mapping[str, type[Target]]:
    """Every format that can be written, by name."""
    return _named(Target)


def _named(kind: type[F]) -> Mapping[str, type[F]]:
    found: dict[str, type[F]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            own = isinstance(value, type) and issubclass(value, kind) and value.__module__ == module.__name__
            if own and value.name and found.setdefault(value.name, value) is not value:
                raise TypeError(f"two formats are called '{value.name}': {found[value.name]!r} and {value!r}")
    return MappingProxyType(dict(sorted(found.items())))
