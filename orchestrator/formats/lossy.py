"""What formats do not keep of single values; each writer says which of these it has (`loses`)."""

import re
from typing import Any

from orchestrator.formats.finite import finite_value
from orchestrator.formats.lost_values import Loss

TEXT, FLOATING = re.compile("VARCHAR"), re.compile("DOUBLE|FLOAT")
TIMES = re.compile("TIMESTAMP|TIMESTAMP WITH TIME ZONE|TIMESTAMP_NS")
NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*")
TEXTS = re.compile(r"VARCHAR|JSON|UUID|BLOB|INTERVAL|(ENUM|STRUCT|MAP)\(.*\)|.*\]")

Losses = tuple[Loss, ...]


def is_empty(geometry: str) -> str:
    """SQL for whether a geometry has no vertex, nor any of its parts."""
    return f"(octet_length(ST_AsWKB({geometry})::BLOB) < 256 AND regexp_full_match({geometry}::VARCHAR, '[A-Z (,)]+'))"


def _rounded(value: str, form: str, kind: Any) -> str:
    return f"format('{{:{form}}}', {value}::DOUBLE)::{kind} <> {value}"


def _run(value: str, digits: int) -> str:
    return f"regexp_matches(format('{{:.{digits}g}}', {value}::DOUBLE), '[.].*(0{{6}}|9{{6}})')"


def _smoothed(value: str, kind: Any) -> str:
    """GDAL takes a run of six 0 or 9 in a number of JSON for one that was not meant, and writes fewer digits."""
    shorter, shortest = (_rounded(value, form, kind) for form in (".16g", ".15g"))
    return f"{_run(value, 17)} AND CASE WHEN {_run(value, 16)} THEN {shortest} ELSE {shorter} END"


def _finer(value: str, kind: Any) -> str:
    if str(kind) == "TIMESTAMP_NS":
        return f"nanosecond({value}) % 1000000 <> 0"
    return f"microsecond({value}) % 1000 <> 0"


def _odd_second(value: str, kind: Any) -> str:
    old = f"{value} < '1970-01-01'::{kind} AND microsecond({value}) >= 59000000"
    return f"{old} AND microsecond({value}) // 1000 % 1000 <> 0"


def _matches(what: str, becomes: str, pattern: str, ending: str = "") -> Loss:
    return Loss(what, becomes, TEXT, lambda value, _: f"regexp_matches({value}, '{pattern}')", ending)


def _null(becomes: str, kinds: re.Pattern[str]) -> Loss:
    return Loss("Nulls", becomes, kinds, lambda value, _: f"{value} IS NULL")


def _digits(what: str, form: str, ending: str = "") -> Loss:
    return Loss(what, "are rounded", FLOATING, lambda value, kind: _rounded(value, form, kind), ending)


EMPTY = Loss("Empty texts", "come back as null", TEXT, lambda value, _: f"{value} = ''")
BLANK = _matches("Texts of blanks alone", "come back as null", r"^\s+$")
BLANKS = _matches("Texts with blanks at an end", "lose them", "^ | $")
KML_BLANKS = _matches("Texts with blanks at an end, or a line end before them,", "lose these", r"^[ \r\n]| $")
GML_BLANKS = _matches("Texts with blanks or line ends before them", "lose these", r"^[ \t\r\n]")
RETURNS = _matches("Texts with carriage returns", "get line feeds", r"\r")
LINES = _matches("Texts with line ends", r"get \n for each", r"[\r\n]", ".mif")
DIGITS = _digits("Numbers of more than 15 digits", ".15g")
FRACTION = _digits("Numbers of more than 15 digits after the point", ".15f")
SMOOTHED = Loss("Numbers with a run of 0 or 9 in their last digits", "are rounded", FLOATING, _smoothed)
NANS = Loss("NaN", "become null", FLOATING, lambda value, _: f"isnan({value})")
NOT_FINITE = Loss(
    "NaN or infinity", "become null", re.compile(".*(DOUBLE|FLOAT).*"),
    lambda value, kind: f"{value} IS DISTINCT FROM {finite_value(value, kind)}",
)  # fmt: skip
FINE = Loss("Times finer than a millisecond", "are cut", TIMES, _finer)
ODD = Loss("Fractions of the last second of a minute before 1970", "are cut", TIMES, _odd_second)
MICROSECONDS = (FINE, ODD)
TIME = FINE._replace(kinds=re.compile("TIME"))
GPX_TIME = FINE._replace(names=re.compile("^time$"))
KML_TIMES = tuple(each._replace(names=re.compile("^(timestamp|begin|end)$", re.IGNORECASE)) for each in MICROSECONDS)
NULLS = (_null("become 0", NUMBERS), _null("become false", re.compile("BOOLEAN")), _null("become empty text", TEXTS))
MAPINFO = (*NULLS, *MICROSECONDS, TIME, LINES, DIGITS._replace(ending=".mif"))
NO_SHAPE = Loss(
    "Null or empty geometries", "are left out with their rows", re.compile("GEOMETRY.*"),
    lambda value, _: f"{value} IS NULL OR {is_empty(value)}",
)  # fmt: skip
TEXT_FILE = (
    _null("become empty lines", re.compile(".*")),
    _matches("Texts with line ends", "become several rows", r"[\r\n]"),
)
