"""The one border where errors of other libraries become sentences for a person."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from orchestrator.arrow_errors import own
from orchestrator.carried import TOO_LONG
from orchestrator.errors import GraphmillError, Interrupted, NodeError, UnknownColumns
from orchestrator.formats.problems import translate as of_file
from orchestrator.settings import settings
from orchestrator.sql import shown
from orchestrator.suggest import listing, near, no_type

PREFIX = re.compile(r"^[A-Z][A-Za-z ]*(?:Error|Exception|ERROR): ")
# DuckDB puts names between quotes without doubling those in them.
UNKNOWN_COLUMN = re.compile(
    r'(?:Referenced column|Column) "(?P<name>.*?)" (?:not found|does not exist)|'
    r'Table ".*?" does not have a column named "(?P<other>.*?)"\n',
    re.DOTALL,
)
UNKNOWN_TABLE = re.compile(r'Referenced table "(?P<name>.*?)" not found', re.DOTALL)
TOO_LARGE = re.compile(
    r"Type \w+ with value (?P<value>\S+) can't be cast because the value is out of range .*?type (?P<wanted>\w+)"
)
NO_ROOM = re.compile(
    r"(?:Could not cast value (?P<value>\S+) to |Casting value \"(?P<other>[^\"]+)\" to type )(?P<wanted>DECIMAL\S+)"
    r"(?: failed: value is out of range!)?(?: when casting from source column (?P<name>.*))?$",
    re.MULTILINE,
)
SAME_KEY = "A map has the same key twice"
TWICE = ("Map keys must be unique", "map contains duplicate key")
UNKNOWN_TYPE = re.compile(r"Type with name (?P<name>.*?) does not exist!", re.DOTALL)
TWO_SYSTEMS = re.compile(r"GEOMETRY with CRS '(?P<one>.*?)' to GEOMETRY with different CRS '(?P<other>.*?)'")
QUOTED = re.compile(
    r"""(?:convert string|parse string|out of range:|field format:) (['"])(?P<value>.*?)\1(?= to |,| according|$)"""
)
PHYSICAL = {
    "BOOL": "BOOLEAN",
    "INT8": "TINYINT", "INT16": "SMALLINT", "INT32": "INTEGER", "INT64": "BIGINT", "INT128": "HUGEINT",
    "UINT8": "UTINYINT", "UINT16": "USMALLINT", "UINT32": "UINTEGER", "UINT64": "UBIGINT", "UINT128": "UHUGEINT",
}  # fmt: skip
STORED_AS = re.compile(rf"\b({'|'.join(PHYSICAL)})\b")
ZERO = re.compile(r"(?P<said>Division by zero in expression .*?)\. Use TRY")
PATH = re.compile(r"(?<![\w.])(?<!:/)(?!(?<=:)//)/(?:[\w.@+~-]+/)+(?P<file>[\w.@+~-]*)")

CODES: dict[type[Exception], str] = {
    duckdb.InterruptException: "canceled",
    duckdb.OutOfMemoryException: "out_of_memory",
    duckdb.ConversionException: "conversion_failed",
    duckdb.OutOfRangeException: "out_of_range",
    duckdb.PermissionException: "path_not_allowed",
    duckdb.ParserException: "invalid_expression",
    duckdb.CatalogException: "invalid_expression",
    duckdb.BinderException: "type_mismatch",
    duckdb.IOException: "unreadable_file",
    duckdb.InvalidInputException: "invalid_value",
    duckdb.Error: "node_failed",
}


def translate(error: BaseException) -> NodeError:
    """The same failure as a NodeError: a code, one sentence, the setting it belongs to where that is known."""
    if isinstance(error, NodeError):
        return error
    made = _translate(error)
    made.path = made.path or getattr(error, "setting", None)
    return made


def _by_signal(error: BaseException) -> bool:
    """What DuckDB makes of an exception of a signal's handler, such as Dagster's, which comes while it computes."""
    return type(error) is RuntimeError and str(error) == "Query interrupted"


def _translate(error: BaseException) -> NodeError:
    error = own(error) if type(error) is OSError else error
    if isinstance(error, duckdb.InterruptException | KeyboardInterrupt) or _by_signal(error):
        return Interrupted("The run was canceled.")
    if any(said in str(error) for said in TOO_LONG):
        return too_long()
    if isinstance(error, duckdb.Error):
        return of_file(error) or _duckdb(error)
    if isinstance(error, UnicodeDecodeError) and b" Error: " in error.object:  # DuckDB's words about bytes, as text
        return _duckdb(duckdb.ConversionException(error.object.decode(errors="replace")))
    if isinstance(error, GraphmillError):
        return NodeError(error.message, code=error.code, hint=error.hint)
    if isinstance(error, OSError) and error.errno == 28:
        return NodeError("The disk is full; nothing was replaced.", code="disk_full")
    if isinstance(error, MemoryError):
        return NodeError("The memory for this is used up.", code="out_of_memory")
    return NodeError(f"{type(error).__name__}: {scrub(str(error))}", code="node_failed")


def _duckdb(error: duckdb.Error) -> NodeError:
    text = shown(PREFIX.sub("", str(error)).strip())
    text = text.replace("INTEGER_LITERAL", "INTEGER").replace("STRING_LITERAL", "VARCHAR")
    if found := UNKNOWN_COLUMN.search(text):
        return unknown_column(found["name"] or found["other"], _candidates(text))
    if found := UNKNOWN_TABLE.search(text):
        return unknown_column(found["name"], ())
    if found := UNKNOWN_TYPE.match(text):
        return NodeError(no_type(found["name"]), code="invalid_expression")
    if found := TOO_LARGE.search(text):
        message = f"{found['value']} is out of range for {_named(found['wanted'])}."
        return NodeError(message, code="out_of_range", value=found["value"])
    if found := NO_ROOM.match(text):
        where = f"Column '{found['name']}': " if found["name"] else ""
        value, hint = found["value"] or found["other"], "DOUBLE, VARCHAR, or a DECIMAL of more digits, at most 38"
        message = f"{where}{value} is out of range for {found['wanted']}."
        return NodeError(message, code="out_of_range", hint=hint, value=value)
    if any(said in text for said in TWICE):
        return NodeError(
            f"{SAME_KEY}, and each key may be there once.",
            code="invalid_value",
            hint="a list of structs of a key and a value",
        )
    if found := ZERO.search(text):
        return NodeError(f"{found['said']}; nullif(x, 0) makes null of 0.", code="invalid_value")
    if found := TWO_SYSTEMS.search(text):
        message = f"Geometry in {found['one']} and geometry in {found['other']} cannot be compared or be one column."
        return NodeError(message, code="crs_mismatch", hint="reproject one of them first")
    if "No space left" in text or "Could not write all bytes" in text:
        return NodeError("The disk is full; nothing was replaced.", code="disk_full")
    code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    if code == "out_of_memory" and "llocation failure" in text:
        return NodeError("There is not enough memory: a text or a list becomes too large.", code=code)
    if code == "out_of_memory":
        return NodeError("The memory for this is used up; a run has GRAPHMILL_MEMORY_LIMIT.", code=code)
    first = text.split("\n")[0].strip()
    value = found["value"] if (found := QUOTED.search(first)) else None
    first = _named(first) if code in ("conversion_failed", "out_of_range") else first
    sentence = scrub(first) if first.endswith((".", "!", "?")) else scrub(first) + "."
    return NodeError(sentence, code=code, value=value)


def too_long() -> NodeError:
    """The problem of a column that is larger than what can be handed over at once."""
    message = "A column has more than 2 GiB of geometry or text in rows that this node takes at once."
    hint = "filter the rows, leave the column out, simplify the geometry, or work in several parts, such as by for_each"
    return NodeError(message, code="too_large", hint=hint)


def _named(text: str) -> str:
    """Types called as in a column, not as DuckDB stores them."""
    return STORED_AS.sub(lambda found: PHYSICAL[found[0]], text)


def _candidates(text: str) -> list[str]:
    _, _, after = text.partition("Candidate bindings: ")
    names = after.split("\n")[0].removeprefix(": ").strip()
    return names[1:-1].split('", "') if names else []


def unknown_column(name: str, known: Any, port: str | None = None) -> NodeError:
    """The problem of a column that is not there, with the near-miss and the columns that are."""
    columns = list(known)
    message = f"Column '{name}' is not in this table.{near(name, columns)}"
    return NodeError(message, code="unknown_column", hint=listing(columns) or None, port=port)


def scrub(text: str) -> str:
    """A message without server paths: of those below the data root, what is below it; of others, the file's name."""
    for folder in (settings().data, settings().home.resolve()):
        text = text.replace(f"{folder}/", "")
    return PATH.sub(lambda match: match["file"] or "a folder", text)


@contextmanager
def blame(node_id: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes a NodeError of this node; one that names a node already stays as it is.

    Raises:
        NodeError: in place of any other error.
        UnknownColumns: as it is.
    """
    try:
        yield
    except NodeError as error:
        error.node_id = error.node_id or node_id
        raise
    except UnknownColumns:
        raise
    except Exception as error:
        made = translate(error)
        made.node_id = node_id
        raise made from error
