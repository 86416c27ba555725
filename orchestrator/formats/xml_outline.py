"""What an old XML file has beside the values of its records: the names of its elements, and what would be lost."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.encodings import opened
from orchestrator.suggest import listing

HINT = "write another file and put them together, or mode: overwrite"


def names(place: Path) -> list[str]:
    """The name of the root and of the first record, as far as there are any."""
    found: list[str] = []
    if place.exists() and place.stat().st_size:
        from lxml import etree

        with suppress(etree.XMLSyntaxError), place.open("rb") as file:
            for _, element in _elements(file, ("start",)):
                found.append(str(element.tag))
                if len(found) == 2:
                    break
    return found


def check(path: Path, name: str) -> int:
    """See that rows can be added to this file, and that what else it has is kept; how deep its elements are.

    The root alone is 1, with records it is 2, with values in them 3; what is no XML to its end is 0.

    Raises:
        NodeError: `no_table`: its root has attributes or a namespace, or its records have several names.
    """
    from lxml import etree

    found, depth, deepest, lost, whole = set[str](), 0, 0, False, False
    with suppress(etree.XMLSyntaxError), opened(path) as file:  # who reads it says what is wrong
        for event, element in _elements(file, ("start", "end")):
            if event == "start":
                depth += 1
                deepest = max(depth, deepest)
                lost = lost or element.tag[:1] == "{" or (depth == 1 and bool(element.attrib))
                found.update([element.tag] if depth == 2 else [])
                continue
            depth -= 1
            if depth == 1:
                element.clear()
                while (before := element.getprevious()) is not None:
                    element.getparent().remove(before)
        whole = True
    if lost:
        message = f"'{name}' has a namespace, or attributes of its root, which would be lost when rows are added."
        raise NodeError(message, code="no_table", path="/config/mode", hint=HINT)
    if len(found) > 1:
        message = f"'{name}' has elements of several names in its root: {listing(sorted(found), 5)}."
        raise NodeError(message, code="no_table", path="/config/mode", hint=HINT)
    return deepest if whole else 0


def _elements(file: Any, events: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    from lxml import etree

    options: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    yield from etree.iterparse(file, events=events, remove_comments=True, remove_pis=True, **options)
