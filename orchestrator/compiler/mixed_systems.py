"""Geometry of two tables that a node puts beside each other, though their coordinates cannot be compared."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from orchestrator.crs import differ, remedy, title, written_in
from orchestrator.errors import Problem
from orchestrator.ops.base import Relation
from orchestrator.schema import is_geometry
from orchestrator.sql import names


def mixed_systems(given: Mapping[str, Sequence[Relation]], made: Mapping[str, Relation]) -> Iterator[Problem]:
    """A warning for the first output that mixes systems which no table had together before; tables are by port."""
    if sum(map(len, given.values())) < 2:
        return
    before = [(port, _systems(table)) for port, tables in given.items() for table in tables]
    for table in made.values():
        for (one, first), (other, second) in combinations(_systems(table).items(), 2):
            if differ(first, second) and not any({first, second} <= {*systems.values()} for _, systems in before):
                port = next((port for port, systems in before if second in systems.values()), None)
                message = f"'{one}' is in {title(first)} and '{other}' in {title(second)}: one row has two systems."
                hint = remedy((f"the table of '{one}'", first), (f"the table of '{other}'", second))
                yield Problem(severity="warning", code="crs_mismatch", message=message, port=port, hint=hint)
                return


def _systems(table: Relation) -> dict[str, str]:
    """The coordinate systems of geometry columns, where they are known."""
    found = {name: written_in(kind) for name, kind in names(table).items() if is_geometry(kind)}
    return {name: system for name, system in found.items() if system}
