"""Elements of XML documents: read one record at a time by libxml2, written as text."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from orchestrator.errors import NodeError
from orchestrator.formats.encodings import opened
from orchestrator.formats.records import Record

XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f"{{{XSI}}}nil"
LARGEST = 100_000  # elements of a record
START = r"A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u2c00-\u2fef\u3001-\ud7ff"
WRONG = re.compile(rf"_x(?=[0-9A-F]{{4,8}}_)|^[^{START}]|[^{START}0-9.\-\u00b7]")
CODED = re.compile(r"_x([0-9A-F]{4,8})_")
CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read(path: Path, name: str, records: str, separator: str) -> Iterator[Record]:
    """The elements at a path such as `/root/item` as flat records.

    Raises:
        NodeError: `unreadable_file`: it is no XML, or uses entities of its own; `too_large`: a record is.
    """
    from lxml import etree

    options: dict[str, Any] = {
        "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "remove_comments": True,
        "remove_pis": True, "events": ("start", "end"),
    }  # fmt: skip
    wanted, place = records[1:].split("/"), []
    size = 0
    try:
        with opened(path) as file:
            for event, element in etree.iterparse(file, **options):
                if event == "start":
                    place.append(_local(element.tag))
                    size = size + 1 if len(place) > len(wanted) else 0
                    if size > LARGEST:
                        message = f"A record of '{name}' has more than {LARGEST:,} elements: say where the records are."
                        raise NodeError(message, code="too_large", path="/config/records")
                    continue
                if _fits(place, wanted):
                    yield _record(element, separator, name)
                place.pop()
                if len(place) < len(wanted):
                    element.clear()
                    while (before := element.getprevious()) is not None:
                        element.getparent().remove(before)
    except etree.XMLSyntaxError as error:
        raise NodeError(f"'{name}' is not XML: {_reason(error)}.", code="unreadable_file") from None


def _reason(error: Exception) -> str:
    """What the parser says, with the line."""
    text = re.sub(r", column \d+.*$", "", " ".join(str(error).split())).replace(" ,", ",")
    text = re.sub(r", (see xml|try XML_)\w+\.?", "", text)
    return text[:1].lower() + text[1:300].rstrip(". ")


def _local(tag: str) -> str:
    return CODED.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), tag.rpartition("}")[2])


def _fits(place: Sequence[str], wanted: Sequence[str]) -> bool:
    return len(place) == len(wanted) and all(a in ("*", b) for a, b in zip(wanted, place, strict=True))


def _record(element: Any, separator: str, name: str) -> Record:
    found: dict[str, Any] = {}
    _add(found, element, "", separator, name)
    return found


def _add(found: dict[str, Any], element: Any, prefix: str, separator: str, name: str) -> None:
    """Put an element's attributes, text and elements into the record; libxml2 allows 256 levels."""
    inside = f"{prefix}{separator}" if prefix else ""
    nil = element.get(NIL) in ("true", "1")
    for key, value in element.attrib.items():
        if not key.startswith(f"{{{XSI}}}"):
            _put(found, f"{inside}@{_local(key)}", value)
    texts = [element.text]
    for child in element:
        if not isinstance(child.tag, str):
            message = f"'{name}' uses an entity of its own ({child.text}), which is not expanded."
            raise NodeError(message, code="unreadable_file")
        _add(found, child, inside + _local(child.tag), separator, name)
        texts.append(child.tail)
    text = "".join(each for each in texts if each)
    if prefix and not len(element) and (nil or text or not element.attrib):
        _put(found, prefix, None if nil else text)
    elif text.strip():
        _put(found, prefix or "#text", text.strip())


def _put(found: dict[str, Any], key: str, value: str | None) -> None:
    if key not in found:
        found[key] = value
    elif isinstance(found[key], list):
        found[key].append(value)
    else:
        found[key] = [found[key], value]


def encoded(name: str) -> str:
    """The name as an element may have it."""
    return WRONG.sub(lambda found: f"_x{ord(found[0][0]):04X}_" + found[0][1:], name)


def element(name: str, columns: Sequence[str], values: Sequence[Any], row: int) -> str:
    """An element with one inside for each column, on one line.

    Raises:
        NodeError: `invalid_value`: a control character, which XML does not have.
    """
    pairs = list(zip(columns, values, strict=True))
    attributes = "".join(
        f" {encoded(key[1:])}={quoteattr(_text(value))}" for key, value in pairs if key[:1] == "@" and value is not None
    )
    inside = "".join(_written(encoded(key), value) for key, value in pairs if key[:1] != "@")
    made = f"<{name}{attributes}>{inside}</{name}>\n"
    if CONTROL.search(made):
        message = f"Row {row:,} has a text with a control character, which XML does not have."
        raise NodeError(message, code="invalid_value", port="table", row=row)
    return made


def _written(name: str, value: Any) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, list):
        return "".join(_written(name, each) for each in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(_written(encoded(key), each) for key, each in value.items())}</{name}>"
    return f"<{name}>{escape(_text(value), {chr(13): '&#13;'})}</{name}>"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
