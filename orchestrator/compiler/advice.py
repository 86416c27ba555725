"""What a graph that can run does for nothing, or not as one might think: warnings, which leave it valid.

Each piece of advice is a function over the checked graph and its columns. It speaks only where it is certain: a warning
that is wrong once is never read again.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

from orchestrator.compiler.check import Checked, Step
from orchestrator.compiler.held_rows import held_rows
from orchestrator.compiler.infer import Columns, Inferred
from orchestrator.compiler.lost_geometry import lost_geometry
from orchestrator.compiler.shared_files import shared_files
from orchestrator.compiler.sound import Graph, texts, warning
from orchestrator.compiler.text_compared import compared_texts
from orchestrator.errors import Problem

WORD = re.compile(r"\w+")
INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,0\)")
UNTYPED = '"NULL"'


def advise(checked: Checked, inferred: Inferred, root: Path) -> list[Problem]:
    """Every warning about a graph that has no errors."""
    graph = Graph(checked, inferred, root)
    return [problem for look in ADVICE for problem in look(graph)]


def unused_outputs(graph: Graph) -> Iterator[Problem]:
    """A node of which nobody reads anything, in a graph whose rows leave it elsewhere."""
    for step in graph.checked.steps if graph.has_sinks else ():
        if step.op.sink or step.op.watches or step.node.id in graph.sources:
            continue
        ports = list(step.op.ports.outputs)
        message = f"Nothing reads what '{step.node.name}' gives, and other rows of this graph are written."
        hint = "connect it to a writer or an output, or disable it"
        yield warning(step, message, hint, code="unused_output", port=ports[0] if len(ports) == 1 else None)


def unused_columns(graph: Graph) -> Iterator[Problem]:
    """A column that a node makes, and that is dropped before anybody reads it."""
    if not graph.has_sinks:
        return
    live = _live(graph)
    for step in graph.checked.steps:
        if not step.op.named_only or not step.settled:
            continue
        before = {each.name.lower() for columns in graph.into(step).values() for each in columns or ()}
        made = {each.name: port for port, columns in graph.out_of(step).items() for each in columns or ()}
        for name, port in made.items():
            if name.lower() in before or any(_is_live(name, read) for read in live[step.node.id]):
                continue
            path, mentions = _setting(step.node.config, name)
            if path is not None and mentions == 1:
                message = f"Column '{name}' is made here, and dropped before anything reads it."
                hint = "keep it where it is dropped, or do not make it"
                yield warning(step, message, hint, code="unused_column", port=port, path=path)


def _is_live(name: str, read: frozenset[str] | None) -> bool:
    return read is None or name.lower() in read


def _live(graph: Graph) -> Mapping[str, list[frozenset[str] | None]]:
    """For each node, the columns that are read of what it gives: by each reader a set, None where it may be any."""
    live: defaultdict[str, list[frozenset[str] | None]] = defaultdict(list)
    for step in reversed(graph.checked.steps):
        node_id = step.node.id
        if node_id in graph.ends:
            live[node_id].append(None)
        wanted = _wanted(graph, step, live[node_id])
        for source in {wire.source for wire in step.wires}:
            live[source].append(wanted)
    return live


def _wanted(graph: Graph, step: Step, live: list[frozenset[str] | None]) -> frozenset[str] | None:
    """The columns of its inputs that a node reads, or hands on to one that does."""
    known, given = [*graph.into(step).values()], [*graph.out_of(step).values()]
    if not (step.op.named_only and step.settled) or None in known or None in given:
        return None
    said = [text for _, text in texts(step.node.config)]
    if any("${" in text for text in said):
        return None
    words = frozenset[str]().union(*map(_words, said))
    inputs = [{each.name.lower() for each in columns or ()} for columns in known]
    named = {name for names in inputs for name in names if _words(name) <= words}
    clashing = {name for one, other in combinations(inputs, 2) for name in one & other}
    handed_on = {each.name.lower() for columns in given for each in columns or ()}
    return frozenset(named | clashing).union(*(handed_on if read is None else read for read in live))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


def _setting(config: Any, name: str) -> tuple[str | None, int]:
    """The setting that is this name, and in how many settings the name stands."""
    found = [(path, text) for path, text in texts(config) if _words(name) <= _words(text)]
    return next((path for path, text in found if text == name), None), len(found)


def lost_orders(graph: Graph) -> Iterator[Problem]:
    """A sort whose order nobody sees: what comes after it makes no difference of it."""
    seen: dict[str, bool] = {}
    for step in reversed(graph.checked.steps):
        after = graph.after(step)
        seen[step.node.id] = step.node.id in graph.ends or any(_sees(step, each, seen) for each in after)
        if step.settled and step.op.ordered_by() and not seen[step.node.id]:
            message = f"This order is lost: nothing after '{step.node.name}' goes by it."
            hint = f"sort after '{after[0].node.name}', or leave this node out"
            yield warning(step, message, hint, code="order_lost", path="/config/by")


def _sees(step: Step, after: Step, seen: Mapping[str, bool]) -> bool:
    """Whether the order of what `step` gives shows in what the node after it does."""
    if not (step.settled and after.settled):
        return True
    before, then = step.op.ordered_by(), after.op.ordered_by()
    if before and then:
        return not before <= then
    if after.op.ignores_order():
        return False
    return seen[after.node.id] if after.op.row_by_row else True


def differing_keys(graph: Graph) -> Iterator[Problem]:
    """Keys of two tables that are compared only after a conversion, which may make equal what is not, or the other."""
    for step in graph.checked.steps:
        if len(step.wires) < 2 or not step.settled:
            continue
        pairs: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for path, name, port in step.op.columns_named:
            if port is not None:
                pairs[path.rpartition("/")[0]].append((port, name))
        for path, pair in pairs.items():
            if not path or len(pair) != 2 or pair[0][0] == pair[1][0]:
                continue
            one, other = (_type(graph.into(step).get(port), name) for port, name in pair)
            if one and other and UNTYPED not in (one, other) and _family(one) != _family(other):
                message = f"'{pair[0][1]}' is {one} and '{pair[1][1]}' is {other}: they are converted to be compared."
                hint = "make them one type with a cast node, so that it is said how"
                yield warning(step, message, hint, code="join_types_differ", path=f"/config{path}")


def _type(columns: Columns | None, name: str) -> str | None:
    return next((each.type for each in columns or () if each.name == name), None)


def _family(kind: str) -> str:
    """Types between which nothing is lost: all widths of integers, all scales of decimals, all kinds of text."""
    if INTEGER.fullmatch(kind):
        return "INTEGER"
    return "VARCHAR" if kind.startswith("ENUM(") else kind.partition("(")[0]


ADVICE: tuple[Callable[[Graph], Iterator[Problem]], ...] = (
    unused_outputs, unused_columns, lost_orders, differing_keys, held_rows, lost_geometry, shared_files,
    compared_texts,
)  # fmt: skip
