"""The objects of a list inside of a large JSON document, without holding more of it than one of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from orchestrator.errors import NodeError

CHUNK = 1 << 20
MOST = 32 << 20  # letters of one object: DuckDB's reader takes less
BLANK = re.compile(r"[ \t\r\n]*")
PART = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("|\\?\Z)|[\[{]+|[\]}]+', re.DOTALL)
NUMBER = re.compile(r"[\d.eE+-]*")
NEAR = 64  # letters from the end, within which it may be the end of what was read that is wrong
LINE_END = re.compile(r"[\r\n]+")  # between tokens alone: within a text JSON has them escaped


class Document:
    """A document that is read from its beginning to its end, once.

    ValueError says that it is no JSON, `too_large` that an object has more than `MOST` letters.
    """

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at, self._ended = file, "", 0, False
        self._decode = json.JSONDecoder().raw_decode

    def peek(self) -> str:
        """The next letter that is not blank; nothing at the end."""
        while True:
            self._at = BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, letters: str) -> str:
        """The next letter, which must be one of these. Raises ValueError."""
        found = self.peek()
        if not found or found not in letters:
            raise _broken(f"{' or '.join(letters)} expected" if found else "it ends in the middle")
        self._at += 1
        return found

    def value(self) -> tuple[Any, str]:
        """The next value, and its text. Raises ValueError; NodeError, `too_large`."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.pos > len(self._text) - NEAR or error.msg.startswith("Unterminated")
                if not (cut and self._more()):
                    raise _broken(error.msg[:1].lower() + error.msg[1:]) from None
                continue
            except RecursionError:
                raise _broken("it has lists or objects within each other too deep") from None
            if NUMBER.fullmatch(self._text, end) and self._more():  # a number may go on
                continue
            text, self._at = self._text[self._at : end], end
            return value, text

    def members(self) -> Iterator[str]:
        """The keys of an object, each before its value, which must be read before the next. Raises ValueError."""
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() != '"':
                raise _broken("a key expected")
            key = str(self.value()[0])
            self.take(":")
            yield key
            if self.take(",}") == "}":
                return

    def items(self) -> Iterator[int]:
        """The places in a list, as `members`. Raises ValueError."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        number = 0
        while True:
            yield number
            number += 1
            if self.take(",]") == "]":
                return

    def skip(self) -> None:
        """Go behind the next value. Raises ValueError."""
        if self.peek() not in ("[", "{"):
            self.value()
            return
        depth = 0
        while True:
            found = PART.search(self._text, self._at)
            if found is None or found[1] not in (None, '"'):
                self._at = len(self._text) if found is None else found.start()
                if not self._more():
                    raise _broken("it ends in the middle")
                continue
            count = len(found[0])
            if found[0][0] in "]}" and count >= depth:
                self._at = found.start() + depth
                return
            self._at = found.end()
            depth += {"[": count, "{": count, '"': 0}.get(found[0][0], -count)

    def _more(self) -> bool:
        if self._ended:
            return False
        rest = self._text[self._at :]
        if len(rest) > MOST:
            message = f"An object of the document has more than {MOST >> 20} MiB, which is too large to be read."
            raise NodeError(message, code="too_large", hint="split the record, or leave out what is large in it")
        read = self._file.read(max(CHUNK, len(rest)))
        self._text, self._at, self._ended = rest + read, 0, not read
        return bool(read)


def extract(path: Path, pointer: str, target: Path, most: int = -1) -> tuple[str, list[str]]:
    """Write the objects of the list at a pointer, one a line; at most so many, if `most` is not below 0.

    Returns:
        what is there, as `json_type` names it (`""` for nothing), and the keys of lists at the top, if it is nothing.

    Raises:
        NodeError: `no_table`: the list holds something else; `too_large`.
        ValueError: it is no JSON.
    """
    with path.open(encoding="utf-8-sig", newline="") as file, target.open("w", encoding="utf-8", newline="") as made:
        document = Document(file)
        lists: list[str] = []
        around: list[Iterator[Any]] = []
        for token in pointer.split("/")[1:]:
            inside = document.members() if document.peek() == "{" else document.items()
            wanted: Any = token.replace("~1", "/").replace("~0", "~")
            if document.peek() not in ("{", "[") or not _found(document, inside, wanted, [] if around else lists):
                return "", lists
            around.append(inside)
        if (kind := {"[": "ARRAY", "{": "OBJECT"}.get(document.peek(), "VALUE")) != "ARRAY":
            return kind, lists
        for number in document.items():
            if number == most:
                return kind, lists
            made.write(LINE_END.sub(" ", _object(document)) + "\n")
        for inside in reversed(around):
            for _ in inside:
                document.skip()
        if document.peek():
            raise _broken("something follows its end")
    return kind, lists


def _found(document: Document, inside: Iterator[Any], wanted: str, lists: list[str]) -> bool:
    """Go to a member or item; `lists` gets the keys of lists that are passed."""
    for each in inside:
        if str(each) == wanted:
            return True
        if document.peek() == "[":
            lists.append(str(each))
        document.skip()
    return False


def _object(document: Document) -> str:
    value, text = document.value()
    if not isinstance(value, dict):
        raise NodeError("This is no table: its list holds something else than objects.", code="no_table")
    return text


def _broken(reason: str) -> ValueError:
    return ValueError(f"it is not JSON: {reason}")
