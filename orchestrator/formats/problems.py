"""The one place where errors of DuckDB, GDAL, Excel readers and the system become sentences for a person."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from pathlib import Path

from orchestrator.errors import GraphmillError, NodeError, UnknownColumns

# What stands for null in columns of numbers and times; in a column of text it may be a word (NA is Namibia).
BLANKS = ("NA", "N/A", "n/a", "NULL", "null", "None", "\\N", "#N/A", "-")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
FULL_TEXT = re.compile(
    r"no space left|disk (is )?full|file too large|disk quota|out of disk space|IO_(ENOSPC|EFBIG)\b", re.IGNORECASE
)
CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
CSV_FIELDS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
CSV_VALUE = re.compile(
    r"Error when converting column \"(.*)\"\. Could not convert string \"(.*?)\" to '?([^'\n]+?)'?$", re.M
)
JSON_PLACE = re.compile(r"(?:, at byte (\d+))?,? in (?:line (\d+)|record/value \d+): (.*)")
COPY = re.compile("[0-9a-f]{32}")
CSV_FILE = re.compile(r"^\s*file = (.*)$", re.M)
# What DuckDB's Parquet reader says of a damaged footer or page, in an error without a class of its own.
THRIFT = re.compile(
    r"TProtocolException|TTransport|don't know what type|Out of buffer|TType|Negative size|MaxMessage|Varint|"
    r"bigger than allowed"
)
# What DuckDB says of WKB that it cannot read, without a file or a column: rows are read where they are asked for.
WKB = {
    re.compile(r"(Unexpected end of|Skipping beyond end of) binary data at position"): "it ends too early",
    re.compile(r"Unexpected trailing data at position"): "more bytes come behind its end",
    re.compile(r"Unsupported (geometry (type|flag)|byte order)[ \d]* in WKB"): "its kind is not known, such as a curve",
}
BROKEN = "A geometry is broken"
OURS = (GraphmillError, UnknownColumns, MemoryError)


@contextmanager
def sentences(name: str | None, root: Path) -> Iterator[None]:
    """Turn any error of another library inside into a `NodeError` about the file that the user calls `name`.

    Raises that NodeError; as they are, our own errors, and all that are not about a file where it has no `name`.
    """
    try:
        yield
    except NodeError:
        raise
    except Exception as error:
        found = translate(error, root, name)
        if found is not None:
            raise found from None
        if name is None or isinstance(error, OURS):
            raise
        reason = _short(str(error), root) if isinstance(error, ValueError) else "it is damaged, or of another format"
        raise NodeError(f"{_quoted(name)} cannot be read: {reason}.", code="unreadable_file") from error


def translate(error: BaseException, root: Path | None = None, name: str | None = None) -> NodeError | None:
    """What went wrong with a file, or None where the error is not about one.

    For errors of relations that are read long after they were made: `name` is then taken from the message.
    """
    import duckdb

    text = str(error)
    said = getattr(error, "sqlite_errorname", None)
    if (isinstance(error, OSError) and error.errno in FULL) or FULL_TEXT.search(text) or said in FULL_SQLITE:
        return NodeError("The disk is full: nothing was written, the old file is whole.", code="disk_full")
    file = _quoted(name or _mentioned(text, root))
    if "CSV Error on Line" in text:
        return _csv(text, file)
    malformed = "Malformed JSON" in text and (name or " in file " in text)  # else it is a value in an expression
    if malformed or "JSON transform error" in text:
        return _json(text, file)
    if type(error) is duckdb.Error and THRIFT.search(text):
        return NodeError(f"{file} is not Parquet, or damaged.", code="unreadable_file")
    if isinstance(error, duckdb.InvalidInputException):
        for words, reason in WKB.items():
            if words.search(text):
                return _broken(reason, f" in {file}" if name else "")
    if isinstance(error, duckdb.Error):
        return _duckdb(error, text, file, root) if name or file != "The file" else None
    if type(error).__module__.startswith("pyogrio"):
        return NodeError(f"{file} cannot be read: {_short(text, root)}.", code="unreadable_file")
    if isinstance(error, UnicodeError):
        return NodeError(f"{file} is not in the encoding that is set: {_short(text, root)}.", code="wrong_encoding")
    if isinstance(error, BadGzipFile):
        return NodeError(f"{file} is not packed as its name says, or it is damaged.", code="unreadable_file")
    if isinstance(error, OSError):
        return NodeError(f"{file} cannot be used: {error.strerror or 'input or output error'}.", code="unreadable_file")
    return None


def _csv(text: str, file: str) -> NodeError:
    found = CSV_LINE.search(text)
    line = int(found[1]) if found else 0
    if "Invalid unicode" in text or "not utf-8" in text:
        return NodeError(
            f"{file} is not UTF-8 in line {line:,}: set its encoding.",
            code="wrong_encoding", row=line, hint="windows-1252, latin-1, utf-16",
        )  # fmt: skip
    if fields := CSV_FIELDS.search(text):
        wanted, got = int(fields[1]), int(fields[2])
        message = f"{file} has ragged rows: line {line:,} has {_count(got, 'field')}, {wanted} expected."
        return NodeError(message, code="ragged_rows", row=line, hint="ragged: fill or skip")
    if value := CSV_VALUE.search(text):
        message = f"{file}, line {line:,}, column '{value[1]}': '{value[2][:100]}' is not {value[3]}."
        hint = f'null_values: ["{value[2]}"]' if value[2] in BLANKS else f'types: {{"{value[1]}": "VARCHAR"}}'
        return NodeError(message, code="invalid_value", row=line, value=value[2][:100], hint=hint)
    if "unterminated quote" in text:
        return NodeError(f"{file}, line {line:,}: a quote is opened and not closed.", code="unreadable_file", row=line)
    if "Maximum line size" in text:
        return NodeError(f"{file}, line {line:,}: the line is too long.", code="unreadable_file", row=line)
    return NodeError(f"{file} cannot be read as CSV: see line {line:,}.", code="unreadable_file", row=line)


def _json(text: str, file: str) -> NodeError:
    found = JSON_PLACE.search(text)
    line = int(found[2]) if found and found[2] else None
    reason = (found[3] if found else text.splitlines()[0]).strip().rstrip(".")
    if "UTF-8" in reason or "UTF-16" in reason:
        return NodeError(f"{file} is not UTF-8 text, as JSON must be.", code="wrong_encoding", row=line)
    if "transform error" in text:
        where = f", line {line:,}" if line else ""
        hint = "types: a type that fits, or sample_size: -1"
        return NodeError(f"{file}{where}: {reason}.", code="invalid_value", row=line, hint=hint)
    where = f" line {line:,}," if line else ""
    return NodeError(f"{file} is not JSON:{where} {reason}.", code="unreadable_file", row=line)


def _broken(reason: str, where: str) -> NodeError:
    hint = "write the file again; or columns: all that are wanted but this one"
    return NodeError(f"{BROKEN}{where}: it is not WKB, {reason}.", code="invalid_geometry", hint=hint)


def _duckdb(error: BaseException, text: str, file: str, root: Path | None) -> NodeError | None:
    import duckdb

    if isinstance(error, duckdb.PermissionException):
        return NodeError(f"{file} is not allowed: it is not below the data root.", code="path_not_allowed")
    if "maximum_object_size" in text:
        message = f"{file} has a record of more than 16 MiB, which is too large to be read."
        return NodeError(message, code="too_large", hint="split the record, or leave out what is large in it")
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException | duckdb.ConversionException):
        return NodeError(f"{file} cannot be read: {_short(text, root)}.", code="unreadable_file")
    return None


def _short(text: str, root: Path | None) -> str:
    """The first line, without the class in front and without any absolute path."""
    line = re.sub(r"^[A-Z]\w+( \w+)? Error: ", "", text.strip().splitlines()[0] if text.strip() else "unknown error")
    if root is not None:
        line = line.replace(f"{root.resolve()}/", "").replace(f"{root}/", "")
    return re.sub(r"(?<![\w.])/(?:[^\s'\":,]+/)+[^\s'\":,]*", "the file", line)[:300].rstrip(". ")


def _mentioned(text: str, root: Path | None) -> str | None:
    """The file that a message of DuckDB names, as the user would; its name alone where the data root is not known."""
    found = CSV_FILE.search(text) or re.search(r"[\"'](/[^\"']+)[\"']", text)
    path = Path(found[1].strip()) if found else Path()
    if root is not None:
        return str(path.relative_to(root.resolve())) if path.is_relative_to(root.resolve()) else None
    return None if not path.name or COPY.fullmatch(path.stem) else path.name


def _quoted(name: str | None) -> str:
    return f"'{name}'" if name else "The file"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
