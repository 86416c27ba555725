"""Text that an expression compares with a number or the like, or takes for true: DuckDB converts it, row by row."""

from collections.abc import Iterator, Mapping

from orchestrator.compiler.sound import Graph, warning
from orchestrator.compiler.wanted import expressions_in
from orchestrator.errors import NodeError, Problem
from orchestrator.expressions import character
from orchestrator.ops._conversions import converted
from orchestrator.ops._text_converted import HINT, doubtful
from orchestrator.ops._types import family
from orchestrator.registry import node_type
from orchestrator.schema import Column


def compared_texts(graph: Graph) -> Iterator[Problem]:
    """Text that ends the run at the first that cannot be converted; '3.5' would be equal to 4."""
    for step in graph.checked.steps:
        columns = next(iter(graph.into(step).values()), None)
        if not step.settled or not any(family(each.type) == "text" for each in columns or ()):
            continue
        kinds = _kinds(columns or (), [each for made in graph.out_of(step).values() for each in made or ()])
        for place, op in step.op.operations().items():
            for path, text in expressions_in(node_type(op.type), op.model_dump()):
                if error := compared_text(text, kinds):
                    inside = f"/config{place}{path.removeprefix('/config')}"
                    yield warning(step, error.message, HINT, code=error.code, path=inside)


def _kinds(columns: tuple[Column, ...], after: list[Column]) -> dict[str, str]:
    """The type of each column that is the same behind the node."""
    changed = {each.name.lower() for each in after} - {
        each.name.lower() for each in after for own in columns if (own.name, own.type) == (each.name, each.type)
    }
    return {each.name: each.type for each in columns if each.name.lower() not in changed}


def compared_text(text: str, kinds: Mapping[str, str]) -> NodeError | None:
    """What an expression over columns of these types is warned of, if it is: `type_mismatch`, with the position."""
    for each in converted(text, kinds):
        if message := doubtful(each):
            return NodeError(message, code="type_mismatch", hint=HINT, position=character(text, each.place))
    return None
