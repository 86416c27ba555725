"""The order of a run's steps, found in a time that grows with their number.

Dagster 1.13 asks the library toposort, whose time grows with the square of the longest chain: 20 s for 5,000 nodes in a
line. This gives the same levels; importing the module puts it in its place.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from dagster._core.execution.plan import plan
from toposort import CircularDependencyError  # type: ignore[import-untyped,unused-ignore]


def levels(
    data: Mapping[str, AbstractSet[str]], sort_key: Callable[[str], Any] | None = None
) -> Sequence[Sequence[str]]:
    """The names in levels, each after those that it depends on (`data`: a name, and what it depends on).

    Raises:
        CircularDependencyError: there is no such order.
    """
    left = {name: len(before - {name}) for name, before in data.items()}
    after: defaultdict[str, list[str]] = defaultdict(list)
    for name, before in data.items():
        for each in before - {name}:
            after[each].append(name)
    level = sorted({*(name for name, count in left.items() if not count), *(after.keys() - data.keys())}, key=sort_key)
    found = []
    while level:
        found.append(level)
        following = []
        for name in level:
            left.pop(name, None)
            for each in after[name]:
                left[each] -= 1
                if not left[each]:
                    following.append(each)
        level = sorted(following, key=sort_key)
    if left:
        raise CircularDependencyError({name: set(data[name]) for name in left})
    return found


plan.toposort = levels  # type: ignore[attr-defined,assignment,unused-ignore]
