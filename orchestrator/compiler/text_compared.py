"""Text that an expression compares with a number, a date or the like: DuckDB converts it, row by row."""

from collections.abc import Iterator, Mapping

from orchestrator.compiler.sound import Graph, warning
from orchestrator.compiler.wanted import expressions_in
from orchestrator.errors import Problem
from orchestrator.ops._impossible import COMPARED_AS_TEXT, NUMBERS, Side, compared
from orchestrator.ops._types import family, plain
from orchestrator.registry import node_type
from orchestrator.schema import Column


def compared_texts(graph: Graph) -> Iterator[Problem]:
    """A comparison that ends the run at the first text that cannot be converted; '3.5' would be equal to 4."""
    for step in graph.checked.steps:
        columns = next(iter(graph.into(step).values()), None)
        if not step.settled or not any(family(each.type) == "text" for each in columns or ()):
            continue
        kinds = _kinds(columns or (), [each for made in graph.out_of(step).values() for each in made or ()])
        for place, op in step.op.operations().items():
            for path, text in expressions_in(node_type(op.type), op.model_dump()):
                if said := _said(text, kinds):
                    hint = "compare it with a text, or say how it becomes one with TRY_CAST or a cast node"
                    inside = f"/config{place}{path.removeprefix('/config')}"
                    yield warning(step, said, hint, code="type_mismatch", path=inside)


def _kinds(columns: tuple[Column, ...], after: list[Column]) -> dict[str, tuple[str, str]]:
    """Name and type of each column that is the same behind the node, by its name in small letters."""
    changed = {each.name.lower() for each in after} - {
        each.name.lower() for each in after for own in columns if (own.name, own.type) == (each.name, each.type)
    }
    return {each.name.lower(): (each.name, each.type) for each in columns if each.name.lower() not in changed}


def _said(text: str, kinds: Mapping[str, tuple[str, str]]) -> str | None:
    for sides in compared(text):
        columns = [kinds[each.text] for each in sides if each.kind == "COLUMN_REF" and each.text in kinds]
        name = next((name for name, kind in columns if family(kind) == "text"), None)
        if name and (other := _other(sides, columns)):
            return f"'{name}' is text and is compared with {other}: the run fails at the first text that is none."
    return None


def _other(sides: tuple[Side, ...], columns: list[tuple[str, str]]) -> str | None:
    """What a text is converted for."""
    for name, kind in columns:
        if family(kind) not in COMPARED_AS_TEXT:
            return f"'{name}', which is {plain(kind)}"
    return "a number" if any(each.kind in NUMBERS for each in sides) else None
