"""Whether the geometry of two columns can be compared: one coordinate system for both."""

from orchestrator.crs import differ, is_geocentric, remedy, title, written_in
from orchestrator.errors import NodeError
from orchestrator.ops._spatial import geometry_of, kind_of, missing_crs
from orchestrator.ops.base import Relation

REMEDY = "A set_crs node says which it is."


def comparable(**tables: Relation) -> list[str]:
    """The active geometry columns of two tables, given by port; refused where their systems differ.

    Raises:
        NodeError: `missing_geometry`; `crs_mismatch`; `missing_crs` where one side alone is unknown.
    """
    columns = [geometry_of(table, port) for port, table in tables.items()]
    kinds = [kind_of(table, column) for table, column in zip(tables.values(), columns, strict=True)]
    first, second = tables
    check_systems(kinds[0], kinds[1], (first, second))
    return columns


def check_flat(crs: str | None, port: str = "table") -> None:
    """Refuse a system (PROJJSON) whose x and y alone are no place: one from the centre of the Earth.

    Raises:
        NodeError: `invalid_crs`, on the port.
    """
    if crs and is_geocentric(crs):
        message = (
            f"The geometry at '{port}' is in {title(crs)}, whose x, y and z count from the centre of the Earth: "
            "there is no map to work on."
        )
        hint = f'reproject the table at \'{port}\' first: {{"to": "EPSG:4326"}}'
        raise NodeError(message, code="invalid_crs", port=port, hint=hint)


def check_systems(one: str, other: str, ports: tuple[str, str]) -> None:
    """The same for two DuckDB types of geometry. Both unknown is taken as the same.

    Raises NodeError: `crs_mismatch`, `missing_crs`, `invalid_crs`, on a port.
    """
    first, second = written_in(one), written_in(other)
    for crs, port in zip((first, second), ports, strict=True):
        check_flat(crs, port)
    if not differ(first, second):
        return
    if first is None or second is None:
        raise missing_crs(ports[first is not None], REMEDY)
    message = (
        f"The geometry at '{ports[0]}' is in {title(first)}, that at '{ports[1]}' in {title(second)}. "
        "They must be in the same system."
    )
    hint = remedy((f"the table at '{ports[0]}'", first), (f"the table at '{ports[1]}'", second))
    raise NodeError(message, code="crs_mismatch", port=ports[1], hint=hint)
