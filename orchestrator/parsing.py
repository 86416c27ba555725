"""DuckDB as a parser: a connection of each thread that has no tables and reaches nothing."""

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import duckdb

NOTHING = "SELECT json_serialize_sql('SELECT NULL')"
_local = threading.local()


def connection() -> duckdb.DuckDBPyConnection:
    """A private connection of this thread for parsing; made anew after a fork."""
    if getattr(_local, "pid", None) != os.getpid():
        _local.connection = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "256MB"})
        _local.connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        _local.pid = os.getpid()
    return _local.connection  # type: ignore[no-any-return]


def close() -> None:
    """Close this thread's connection, so that a fork of this process does not have a dead one."""
    if connection := _local.__dict__.pop("connection", None):
        connection.close()
    _local.__dict__.clear()


def computed(constant: Mapping[str, Any], *ways: str) -> Any:
    """A constant of the parse tree in the first of these ways, SQL over `made`, that does not fail; else None."""
    parser = connection().cursor()
    query = json.loads(parser.execute(NOTHING).fetchall()[0][0])
    query["statements"][0]["node"]["select_list"] = [constant]
    for value in ways:
        with suppress(duckdb.Error):
            said = parser.execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(query)]).fetchall()[0][0]
            return parser.execute(f"SELECT {value} FROM ({said}) AS made(made)").fetchall()[0][0]
    return None
