"""Names of columns that are put beside those of a table."""

from collections.abc import Iterable

from orchestrator.errors import NodeError
from orchestrator.ops._types import free


def check_new(name: str | None, columns: Iterable[str], path: str) -> None:
    """Refuse a new column whose name, whatever its case, the table has already; `path` is the setting.

    Raises:
        NodeError: `duplicate_column`.
    """
    taken = next((each for each in columns if name is not None and each.lower() == name.lower()), None)
    if taken is not None:
        message = f"The table has a column '{taken}' already: give the new one another name."
        raise NodeError(message, code="duplicate_column", path=path)


def beside(columns: Iterable[str], others: Iterable[str], suffix: str) -> dict[str, str]:
    """What the columns of another table are called beside these: with the suffix where the name is taken."""
    taken, named = list(columns), {}
    for name in dict.fromkeys(others):
        named[name] = name if free(taken, name) == name else free(taken, name + suffix)
        taken.append(named[name])
    return named
