"""Columns of two tables that must be there, and of types that can be equal."""

from collections.abc import Iterable, Mapping

from orchestrator.crs import differ, remedy, title, written_in
from orchestrator.errors import NodeError
from orchestrator.faults import unknown_column
from orchestrator.ops._types import NULL, family, plain
from orchestrator.schema import is_geometry

Tables = Mapping[str, Mapping[str, str]]


def check_comparable(columns: tuple[str, str], tables: Tables, path: str) -> None:
    """See that a column of one table can be equal to one of another; `tables` are port to column name to type.

    Raises:
        NodeError: `unknown_column`, `type_mismatch`, `crs_mismatch`, on the setting `path`.
    """
    for name, (port, table) in zip(columns, tables.items(), strict=True):
        if name not in table:
            error = unknown_column(name, table, port)
            error.message = error.message.replace("this table", f"'{port}'", 1)
            error.path = path
            raise error
    kinds = [table[name] for name, table in zip(columns, tables.values(), strict=True)]
    if family(kinds[0]) != family(kinds[1]) and NULL not in kinds:
        said = [f"'{name}' ({port}) is {plain(kind)}" for name, port, kind in zip(columns, tables, kinds, strict=True)]
        message = f"{' and '.join(said)}: they cannot be equal. Convert one of them first."
        raise NodeError(message, code="type_mismatch", path=path)
    if all(map(is_geometry, kinds)):
        _check_systems(columns[0], kinds, path, list(tables))


def check_keys(keys: Iterable[tuple[str, str]], tables: Tables, field: str = "keys") -> None:
    """See that pairs of columns can be the keys of a join: as above, and no geometry.

    Raises:
        NodeError: on the pair's place in the setting `field`.
    """
    for number, key in enumerate(keys):
        path = f"/config/{field}/{number}"
        check_comparable(key, tables, path)
        if is_geometry(next(iter(tables.values()))[key[0]]):
            message = f"'{key[0]}' is a geometry: use spatial_join to join by place."
            raise NodeError(message, code="type_mismatch", path=path)


def _check_systems(name: str, kinds: list[str], path: str, ports: list[str]) -> None:
    first, second = map(written_in, kinds)
    if not differ(first, second):
        return
    systems = [title(each) if each else "no known system" for each in (first, second)]
    message = f"'{name}' is in {systems[0]} in '{ports[0]}' and in {systems[1]} in '{ports[1]}'. Reproject one first."
    places = [f"the table at '{port}'" for port in ports]
    hint = remedy((places[0], first), (places[1], second)) if first and second else "set_crs says which system it is"
    raise NodeError(message, code="crs_mismatch", path=path, port=ports[1], hint=hint)
