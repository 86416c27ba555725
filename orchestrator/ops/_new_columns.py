"""New columns beside those that stay: no two may have one name, and settings must be able to hold it."""

from collections.abc import Iterable, Sequence

from orchestrator.errors import NodeError
from orchestrator.ops._types import free
from orchestrator.suggest import listing

LONGEST_NAME = 1_000
AT_MOST = f"at most {LONGEST_NAME:,} letters"


def check_new(kept: Iterable[str], made: Iterable[tuple[str | None, str]]) -> None:
    """Refuse a new column called like one that is there or was made before it, whatever the case, or too long.

    `made` are names, each with the JSON pointer below the config of the setting that it comes from; None is no column.

    Raises:
        NodeError: `duplicate_column`, `invalid_name`.
    """
    there = {name.lower(): name for name in kept}
    for name, place in made:
        if name is None:
            continue
        if said := too_long(name):
            raise NodeError(f"This makes no column: {said}.", code="invalid_name", path=f"/config{place}", hint=AT_MOST)
        if other := there.get(name.lower()):
            message = f"A column cannot be called '{name}': '{other}' is there already. Give it another name."
            hint = f"there are: {listing(there.values())}"
            raise NodeError(message, code="duplicate_column", path=f"/config{place}", hint=hint)
        there[name.lower()] = name


def too_long(name: str) -> str | None:
    """What is wrong with a column's name that no setting can hold."""
    said = f"the name of a column has {len(name):,} letters ('{name[:40]}…')"
    return said if len(name) > LONGEST_NAME else None


def beside(columns: Iterable[str], others: Iterable[str], suffix: str) -> dict[str, str]:
    """What the columns of another table are called beside these: with the suffix where the name is taken."""
    taken, named = list(columns), {}
    for name in dict.fromkeys(others):
        named[name] = name if free(taken, name) == name else free(taken, name + suffix)
        taken.append(named[name])
    return named


def replaced(columns: Sequence[str], name: str, by: Sequence[str], keep: bool = False) -> list[str]:
    """SQL terms in the order of these columns (as SQL), with those of `by` behind `name` or in its place."""
    place = columns.index(name)
    return [*columns[: place + keep], *by, *columns[place + 1 :]]
