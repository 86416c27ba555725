"""PostgreSQL's errors, as ADBC, psycopg2 and DuckDB hand them on, as sentences for a person."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import NodeError
from orchestrator.faults import scrub

CODES = {
    "42P01": "unknown_table", "3F000": "unknown_table", "42703": "unknown_column", "42601": "invalid_expression",
    "42883": "type_mismatch", "42804": "type_mismatch", "42702": "duplicate_column", "22P02": "invalid_value",
    "22021": "invalid_value", "22003": "out_of_range", "22008": "out_of_range", "53100": "disk_full",
    "57014": "query_timeout",
}  # fmt: skip
SENTENCES = {
    "57014": "the statement took longer than it may",
    "42501": "the connection's user may not do this",
    "25006": "only what reads is allowed here",
    "21000": "two rows have the same key",
    "42P10": "the table has no unique constraint on exactly these keys",
    "23503": "a row names another that is not there (a foreign key)",
    "23505": "a row with the same key is there already",
    "23514": "a row breaks a check of the table",
}
COLUMN = re.compile(r'column "(.+?)" of relation')
WORDS = {"42P10": "no unique", "23514": "check constraint"}  # what a state has also for other things says otherwise
OVERFLOW = "numeric field overflow"
LONG = re.compile(r'"([^"]{50})[^"]{10,}"')
ON_KEYS = ("42P10", "21000")
MESSAGE = re.compile(r"(?:ERROR|FATAL|PANIC):\s+(.+)")
HINT = re.compile(r"^(?:HINT|DETAIL):\s+(.+)", re.M)
STATE = re.compile(r"SQLSTATE: (\w{5})")
PLACE = re.compile(r"COPY .+?, line (\d+)(?:, column (.+?): \"(.*)\")?")
FAILED = re.compile(r" failed: (?:FATAL:\s+|error: )?(.+)")


@contextmanager
def sentences() -> Iterator[None]:
    """Whatever PostgreSQL complains of inside becomes a NodeError, without the text of the statement.

    Raises:
        NodeError: `connection_failed` with its path; others without.
    """
    try:
        yield
    except NodeError:
        raise
    except Exception as error:
        found = translate(error)
        if found is None:
            raise
        raise found from None


def translate(error: Exception) -> NodeError | None:
    """The error as a sentence, or None where it is not PostgreSQL's."""
    text = str(error)
    if "Unsupported geometry type in WKB" in text:
        message = "The database gives a curve or another shape that is not read: ST_CurveToLine makes lines of curves."
        return NodeError(message, code="invalid_geometry")
    module = type(error).__module__
    if not module.startswith(("psycopg2", "adbc_driver")) and "[libpq]" not in text:
        return None
    if "Failed to connect" in text or text.startswith("connection to server") or "could not translate" in text:
        return failed(text)
    if "server closed the connection" in text or "terminating connection" in text or "no connection to" in text:
        return failed(" failed: it hung up")
    found = STATE.search(text)
    state = str(getattr(error, "pgcode", None) or getattr(error, "sqlstate", None) or (found[1] if found else ""))
    said = MESSAGE.search(text)
    first = said[1] if said else text.strip().partition("\n")[0].removeprefix("IO: [libpq] ")
    if "statement timeout" in first:  # DuckDB hands on the text without the state
        state = "57014"
    state = state if WORDS.get(state, "") in first else ""
    if state == "23502" and (column := COLUMN.search(first)):
        first = f"column '{column[1]}' must have a value, and in a row it is null"
    hint = HINT.search(text)
    place = PLACE.search(text)
    reason = SENTENCES.get(state) or re.sub(r"\. SQLSTATE.*", "", first).strip().rstrip(".")
    if reason == OVERFLOW and place and place[3]:
        reason = f"{place[3]} is beyond what a numeric of this precision holds"
    reason = LONG.sub(r'"\1…"', reason)
    where = f", in row {int(place[1]):,}" + (f", column '{place[2]}'" if place[2] else "") if place else ""
    code = "crs_mismatch" if "does not match column SRID" in first else CODES.get(state, "query_failed")
    return NodeError(
        f"The database refuses{where}: {reason[:300]}.", code=code, path="/config/keys" if state in ON_KEYS else None,
        hint=hint[1][:300].strip() if hint else None, row=int(place[1]) if place else None,
    )  # fmt: skip


def failed(text: str) -> NodeError:
    """The problem of a server that cannot be reached or does not let us in."""
    found = FAILED.search(text)
    reason = found[1].strip().rstrip(".") if found else "its host is not known"
    reason = reason if reason[:2].isupper() else reason[:1].lower() + reason[1:]
    message = f"The database does not answer: {scrub(reason)[:200]}."
    return NodeError(message, code="connection_failed", path="/config/connection")
