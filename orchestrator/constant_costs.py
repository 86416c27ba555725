"""What the constants of a parse tree cost: DuckDB computes many of them while it binds, and hears no interrupt there.

A function is taken to go through its largest argument once for each letter of the others, as `levenshtein` does, a
lambda to be computed once for each value of its list.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from orchestrator.constant_sizes import CONSTANT, LONG, ONCE, SMALL, Unbearable, below, size_of
from orchestrator.expression_sizes import LARGEST, LISTS, SIZED

MOST = 500_000  # steps, of which a second has a million to a thousand million
ALIKE = 20  # values of a list, or letters, that are made in one step
FILTERS = frozenset({"list_filter", "array_filter", "filter"})
REDUCING = frozenset({"list_reduce", "array_reduce", "reduce"})


class Made(NamedTuple):
    """The size of a constant, of a list its values and the size of each; all three the same where it may be none."""

    size: int
    values: int
    each: int


def too_costly(tree: Mapping[str, Any]) -> tuple[str, int | None] | None:
    """What in a parse tree takes too long to compute while it is bound, if something does, and the byte where."""
    try:
        Costs().of(tree, {})
    except Unbearable as error:
        return str(error), error.place
    return None


class Costs:
    """The steps that the constants take of what has been gone through."""

    def __init__(self) -> None:
        self.steps = 0

    def of(self, node: Mapping[str, Any], bound: Mapping[str, Made | None]) -> Made | None:
        """What a node makes; None where it is no constant. `bound` is what the names of lambdas stand for.

        Raises:
            Unbearable: all so far takes too long.
        """
        kind, inside = node.get("class"), below(node)
        if kind == "COLUMN_REF":
            return bound.get(node["column_names"][0].lower())
        if kind == "FUNCTION" and len(inside) > 1 and inside[1].get("syntax_type") == "LAMBDA_KEYWORD":  # else of JSON
            return self._repeated(node, inside, bound)
        made = []
        for each in inside:  # a comprehension would take a level more of Python's recursion
            made.append(self.of(each, bound))
        known = [each for each in made if each is not None]
        if kind not in CONSTANT or len(known) < len(made) or node.get("function_name") == "unnest":
            return None
        if known:
            return self._made(node, known, bound)
        return _whole(len(str((node.get("literal") or {}).get("text", ""))) or 1)

    def _made(self, node: Mapping[str, Any], given: list[Made], bound: Mapping[str, Made | None]) -> Made:
        sizes, name = [each.size for each in given], str(node.get("function_name", "")).lower()
        size = steps = sum(sizes)
        if name:
            if len(sizes) > 1 and name not in ONCE:
                steps = max(sizes) * (steps - max(sizes))
            size = min(size_of(node, sizes, steps, known=not bound), LARGEST)
        self._take(max(steps, size // ALIKE), node)
        if name in LISTS or name == "list_value":
            return Made(size, size, 1) if name in LISTS else Made(size, len(sizes), max(sizes))
        return _whole(1 if node["class"] in SMALL else size)

    def _repeated(
        self, node: Mapping[str, Any], inside: list[Mapping[str, Any]], bound: Mapping[str, Made | None]
    ) -> Made | None:
        first, function, *more = inside
        given = [self.of(each, bound) for each in (first, *more)]
        values = given[0] if None not in given else None
        said, name = function["lhs"], str(node["function_name"]).lower()
        names = [each["column_names"][0].lower() for each in ([said] if "column_names" in said else below(said))]
        bound = {**bound, **dict.fromkeys(names, values and _whole(values.each))}
        if values and name in REDUCING:
            bound[names[0]] = _whole(_reduced(function["expr"], names[0], values))
        once = Costs()
        made = once.of(function["expr"], bound)
        if values is None or made is None:
            self._take(once.steps, node)
            return None
        self._take(values.values * (once.steps + made.size), node)
        return values if name in FILTERS else Made(min(values.values * made.size, LARGEST), values.values, made.size)

    def _take(self, steps: int, node: Mapping[str, Any]) -> None:
        self.steps += steps
        if self.steps > MOST:
            what, steps = node.get("function_name") or node["class"].lower(), min(self.steps, LARGEST)
            raise Unbearable(f"'{what}' of constants would take {steps:,} steps; at most {MOST:,} are allowed", node)


def _whole(size: int) -> Made:
    return Made(size, size, size)


def _reduced(body: Mapping[str, Any], name: str, values: Made) -> int:
    """The size of what a list becomes by a lambda that is given by this name what it has become so far."""
    grows, waiting = 0, [body]
    while waiting:
        node = waiting.pop()
        waiting += below(node)
        grows += name in [each.lower() for each in node.get("column_names", ())]
        grows += str(node.get("function_name", "")).lower() in LONG | {*SIZED}
    return values.size if grows < 2 else values.size << min(values.values, 100)
