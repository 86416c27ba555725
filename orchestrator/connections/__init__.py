"""Connections to databases: one file per kind, found by being a module of this package.

A node names a connection; `Context.connections` gives it. What it opens is checked like the addresses of HTTP readers.
"""

import importlib
import os
import pkgutil
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, WithJsonSchema

from orchestrator.connections.base import Connection
from orchestrator.errors import NodeError, UnknownColumns
from orchestrator.suggest import listing, near

if TYPE_CHECKING:
    from orchestrator.ops.base import Context

__all__ = ["NAME", "Connection", "ConnectionName", "from_environment", "kinds", "unknown", "using"]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
PREFIX = "GRAPHMILL_CONNECTION_"
ConnectionName = Annotated[
    str,
    Field(min_length=1, max_length=100),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100, "x-ui": {"widget": "connection"}}),
]


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, type[Connection]]:
    """Every kind of connection, by name."""
    found: dict[str, type[Connection]] = {}
    for info in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{info.name}")).values():
            if isinstance(value, type) and issubclass(value, Connection) and value.kind:
                found[value.kind] = value
    return MappingProxyType(dict(sorted(found.items())))


def from_environment(name: str) -> Connection:
    """The connection that `GRAPHMILL_CONNECTION_<NAME>` says, as a URL such as `postgresql://user:password@host/db`.

    Whoever sets the environment may lead it anywhere, also to a private address or a socket.

    Raises:
        NodeError: `unknown_connection`; `invalid_setting` where it is not the URL of a database.
    """
    variable = _variable(name)
    url = os.environ.get(variable)
    if url is None:
        said = sorted(each.removeprefix(PREFIX).lower() for each in os.environ if each.startswith(PREFIX))
        raise unknown(name, said)
    kind = next((each for each in kinds().values() if url.partition(":")[0] in each.schemes), None)
    if kind is None:
        message = f"{variable} is not the URL of a database of a kind that is known: {listing(kinds())}."
        raise NodeError(message, code="invalid_setting", path="/config/connection")
    return kind.from_url(url)


def unknown(name: str, known: list[str]) -> NodeError:
    """The problem of a connection that is not there, with the near-miss."""
    close = near(name, known) or f" Store it, or set {_variable(name)} in the environment."
    message = f"Connection '{name}' is not known.{close}"
    hint = f"connections: {listing(known) or 'none'}"
    return NodeError(message, code="unknown_connection", path="/config/connection", hint=hint)


def _variable(name: str) -> str:
    return PREFIX + re.sub(r"\W", "_", name).upper()


@contextmanager
def using(name: str, context: "Context") -> Iterator[Connection]:
    """The connection that a node names. In design one that does not answer is a warning: columns are not known then.

    Raises:
        NodeError: `unknown_connection`, `connection_failed`, `address_not_allowed`, on `/config/connection`.
        UnknownColumns: in design, in place of `connection_failed` and `query_timeout`.
    """
    try:
        yield context.connections(name)
    except NodeError as error:
        if context.design and error.code in ("connection_failed", "query_timeout"):
            raise UnknownColumns(error.message, code=error.code, path=error.path) from None
        raise
