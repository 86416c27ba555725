"""Whether an XML file is one to its end: GDAL reads one that is not as a file of fewer rows."""

import re
from pathlib import Path
from xml.parsers import expat

from orchestrator.errors import NodeError
from orchestrator.formats.cut_short import cut_short, tail
from orchestrator.ops.base import Context, Relation

AFTER = re.compile(rb"</(?:[^\s<>/:]+:)?([^\s<>/:]+)\s*>(?:\s|<!--(?:(?!-->).)*-->)*\Z", re.DOTALL)
UNFINISHED = {
    expat.errors.codes[said] for said in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN)
}


def closed(path: Path, name: str, root: str) -> None:
    """Refuse XML that does not end with its outermost element, `root`; parsed as a whole only where that is in doubt.

    Raises:
        NodeError: `unreadable_file`.
    """
    found = AFTER.search(tail(path))
    if not found or found[1] != root.encode():
        well_formed(path, name)


def well_formed(path: Path, name: str) -> None:
    """Refuse XML that a parser does not get through; reads all of it.

    Raises:
        NodeError: `unreadable_file`, with the line.
    """
    parser = expat.ParserCreate()
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except (LookupError, ValueError):
        return  # an encoding that expat does not know
    except expat.ExpatError as error:
        if error.code in UNFINISHED:
            raise cut_short(name, f"after line {error.lineno:,} an element is not closed") from None
        said = expat.ErrorString(error.code)
        message = f"'{name}' is not well-formed XML: line {error.lineno:,}, column {error.offset + 1:,}: {said}."
        raise NodeError(message, code="unreadable_file", row=error.lineno) from None


def not_stopped(table: Relation, path: Path, name: str, context: Context) -> Relation:
    """The rows of an XML file, if there are any: GDAL gives none of a file that it does not get through.

    Raises:
        NodeError: `unreadable_file`, with the line.
    """
    if not context.design and not table.limit(1).fetchall():
        well_formed(path, name)
    return table
