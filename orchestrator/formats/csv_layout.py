"""How a CSV file is laid out: its delimiter, its header and the types of its columns, from its beginning."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.errors import NodeError
from orchestrator.formats.csv_dates import mistaken, mixed_dates
from orchestrator.formats.encodings import head, opened
from orchestrator.formats.problems import BLANKS
from orchestrator.formats.reading import arguments

DELIMITERS = ",;\t|"
LENIENT = {"strict_mode": False, "ignore_errors": True}


_sniffed: "dict[Any, Layout]" = {}
ISO = "%Y-%m-%d"


@dataclass(frozen=True)
class Layout:
    """What DuckDB's reader is told, and the columns that it then gives; `strict` where all rows looked at fit them."""

    columns: Mapping[str, str]
    options: Mapping[str, Any]
    strict: bool = True


TRUTH = {"true", "false", "t", "f"}


def find_delimiter(head: str, mark: str) -> str:
    """The delimiter that the first line has and most lines agree on; one that does not occur for a single column."""
    best, score = "", (0.0, 0)
    for candidate in DELIMITERS:
        counts = _field_counts(head, candidate, mark)
        if counts and counts[0] > 1:
            agree = Counter(counts)[counts[0]] / len(counts)
            best, score = max((best, score), (candidate, (agree, counts[0])), key=lambda each: each[1])
    return best or next((each for each in (*DELIMITERS, "\x1f") if each not in head), ",")


def _field_counts(head: str, delimiter: str, mark: str) -> list[int]:
    return [len(row) for row in _rows(head, delimiter, mark, 200) if row]


def _rows(head: str, delimiter: str, mark: str, most: int) -> list[list[str]]:
    """The first rows by Python's own reader; none where it cannot read them, or takes no such delimiter."""
    options: dict[str, Any] = {"quotechar": mark} if mark else {"quoting": csv.QUOTE_NONE}
    try:
        return list(islice(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, **options), most))
    except (csv.Error, TypeError):
        return []


def names_alone(head: str, delimiter: str, mark: str) -> bool:
    """Whether a file is one line of words, and so of names: `t` or `f` among them is no truth value."""
    rows = _rows(head, delimiter, mark, 2)
    words = [each.strip().lower() for each in rows[0]] if len(rows) == 1 else []
    return bool(words) and all(each[:1].isalpha() or each[:1] == "_" for each in words) and not set(words) <= TRUTH


def mixed_line_ends(head: str, mark: str) -> bool:
    """Whether lines end both with and without a carriage return; DuckDB's strict reader wants one kind."""
    outside = re.sub(f"{re.escape(mark)}[^{re.escape(mark)}]*{re.escape(mark)}", "", head) if mark else head
    return "\r\n" in outside and re.search(r"(?<!\r)\n", outside) is not None


def newline(head: str, mark: str) -> str | None:
    """What Python's files take for it: line ends as they are, those inside a field too, or all alike where mixed."""
    return None if mixed_line_ends(head, mark) else ""


def sniff(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], sample: int) -> Layout:
    """The layout of a file, remembered until it changes: the editor asks after every change of a graph.

    Raises:
        NodeError: it is no table.
    """
    stat = path.stat()
    key = (str(path), stat.st_mtime_ns, stat.st_size, repr(sorted(options.items())), sample)
    if key not in _sniffed:
        found = _careful(connection, path, options, sample)
        if len(_sniffed) >= 1024:
            _sniffed.clear()
        _sniffed[key] = found
    return _sniffed[key]


def sample(path: Path, mark: str, rows: int) -> bytes | None:
    """The rows that DuckDB's sniffer looks at; None where that is not simply so many lines."""
    if rows < 0:
        return None
    with opened(path) as file:
        found = b"".join(islice(file, rows + 2))
    return None if mark and mark.encode() in found else found


def has_blanks(sample: bytes, delimiter: str) -> bool:
    """Whether one of `BLANKS` is a field of these lines, which have no quotes."""
    return any(_has_field(sample, word.encode(), delimiter.encode()) for word in BLANKS)


def _has_field(sample: bytes, word: bytes, delimiter: bytes) -> bool:
    """What is behind the word is looked at where it begins a field: `-` is in every date and begins none."""
    if not all(letter in sample for letter in word):  # ten times as quick as to look for the word
        return False
    begins = [re.escape(each + word) for each in (delimiter, b"\n") if each + word in sample]
    begins += [rb"\A" + re.escape(word)] if sample.startswith(word) else []
    ends = rb"(?=\r?$|" + re.escape(delimiter) + b")"
    return any(re.search(each + ends, sample, re.MULTILINE) for each in begins)


def with_blanks(text: Mapping[str, str], blank: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
    """Columns of text that are numbers or times once `BLANKS` are null, with the types that they then have."""
    if list(text) != list(blank) or options.get("dateformat", ISO) != ISO:
        return {}
    kinds = {"BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME"}
    if options.get("decimal_separator") == "," or "thousands" in options:  # these are texts that no cast understands
        kinds -= {"BIGINT", "DOUBLE"} if "thousands" in options else {"DOUBLE"}
    return {name: kind for name, kind in blank.items() if text[name] == "VARCHAR" and kind in kinds}


def _careful(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], sample: int) -> Layout:
    """The columns of a file by DuckDB's sniffer, at most `sample` rows looked at (-1: all).

    Raises:
        NodeError: it is no table.
    """
    given = {**options, "sample_size": sample}
    try:
        return _sniff(connection, path, given)
    except duckdb.PermissionException:
        raise
    except duckdb.Error as error:
        if "unicode" in str(error).lower() or "not utf-8" in str(error):
            raise
    # Ragged rows in the sample: types come from the rows that fit, and the run says which row does not.
    try:
        return replace(_sniff(connection, path, given | LENIENT), strict=False)
    except duckdb.Error as error:
        if "CSV Error on Line" in str(error):
            raise
        return _plain(path, given)


def _plain(path: Path, options: Mapping[str, Any]) -> Layout:
    """The fields of the first line as text columns: enough for the run to say which line is wrong."""
    encoding = str(options.get("encoding", "utf-8"))
    lines = islice(io.StringIO(head(path, encoding), newline=""), options["skip"], None)
    quoting: dict[str, Any] = {"quotechar": options["quote"]} if options["quote"] else {"quoting": csv.QUOTE_NONE}
    try:
        first = next(csv.reader(lines, delimiter=options["delim"], **quoting), [])
    except (csv.Error, TypeError):
        first = []
    if not first or len({name.lower() for name in first}) < len(first) or "" in first:
        raise NodeError("The file is not a table of delimited text.", code="unreadable_file")
    return Layout(dict.fromkeys(first, "VARCHAR"), {"header": True}, strict=False)


def _sniff(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any]) -> Layout:
    query = f"SELECT Columns, HasHeader, DateFormat, TimestampFormat FROM sniff_csv({arguments(path, options)})"
    found, header, date, timestamp = connection.execute(query).fetchall()[0]
    columns = {each["name"]: each["type"] for each in found}
    columns |= mistaken(connection, path, {**options, "header": header}, columns)
    if date and date != ISO and "dateformat" not in options:
        mixed = mixed_dates(connection, path, {**options, "header": header}, columns, date)
        columns |= dict.fromkeys(mixed, "VARCHAR")
        date = date if "DATE" in columns.values() else None
    if date == ISO and "dateformat" not in options:
        date = None  # the plain cast knows years after 9999 and infinity, too, which the form makes 1900 of
    formats = {"dateformat": date, "timestampformat": timestamp}
    return Layout(columns, {"header": header, **{key: value for key, value in formats.items() if value}})
