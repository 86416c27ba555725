"""The marks of delimited text: which of them can be told apart."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from orchestrator.formats.problems import BLANKS
from orchestrator.ops.settings import invalid

LINE_ENDS = ("\n", "\r")
DELIMITERS = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";"}


def _delimiter(value: object) -> object:
    return DELIMITERS.get(value, value) if isinstance(value, str) else value


Delimiter = Annotated[str, Field(min_length=1, max_length=4), BeforeValidator(_delimiter)]
Mark = Annotated[str, Field(max_length=1)]


def check_marks(delimiter: str, quote: str, escape: str, **nulls: Sequence[str] | str) -> None:
    """See that the delimiter, the quote, the escape and what means null (by the name of its setting) are apart.

    Raises:
        ValidationError: `invalid_config`, on the setting.
    """
    for name, mark in (("delimiter", delimiter), ("quote", quote), ("escape", escape)):
        if any(end in mark for end in LINE_ENDS):
            raise invalid(f"A line end cannot be the {name}: it ends a row.", name)
        most = 4 if name == "delimiter" else 1
        if len(mark.encode()) > most:
            what = "at most four bytes of UTF-8" if most > 1 else "one letter of ASCII"
            raise invalid(f"'{mark}' cannot be the {name}: it has {what}.", name)
    for name, mark in (("quote", quote), ("escape", escape if quote else "")):
        if mark and mark in delimiter:
            raise invalid(f"The delimiter '{delimiter}' has the {name} {mark} in it: choose another one.", "delimiter")
    for setting, words in nulls.items():
        for index, word in enumerate([words] if isinstance(words, str) else words):
            _check_null(word, (delimiter, quote, escape), (setting,) if isinstance(words, str) else (setting, index))


def _check_null(word: str, marks: Sequence[str], place: tuple[str | int, ...]) -> None:
    inside = next((mark for mark in (*marks, *LINE_ENDS) if mark and mark != "auto" and mark in word), None)
    if inside is not None:
        shown = {"\n": "a line end", "\r": "a line end", "\t": "a tab"}.get(inside, inside)
        raise invalid(f"'{word.strip()}' cannot mean null: it has {shown} in it, which ends a field.", *place)


def blanks(options: Mapping[str, Any]) -> list[str]:
    """The words of `BLANKS` that can stand in a field of these options of DuckDB's reader."""
    marks = [options[key] for key in ("delim", "quote", "escape") if options[key]]
    return [word for word in BLANKS if not any(mark in word for mark in marks)]
