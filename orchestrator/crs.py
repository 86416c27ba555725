"""Coordinate reference systems: read from text, compared, and written the way that every table carries them.

Data is always x before y (longitude before latitude), whatever axis order an authority defines.
"""

import re
import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

from orchestrator.errors import NodeError, at

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

EXAMPLES = "such as EPSG:4326 (longitude and latitude), EPSG:3857 (web maps), OGC:CRS84, a WKT or PROJ text"

# PROJ would open the file that follows.
OPENS_FILES = re.compile(r"\binit\s*=|grids\s*=\s*(?!@null)|file\s*[=\[]", re.IGNORECASE)


def parse(text: str) -> "CRS":
    """The coordinate system that a text means: a code, a name, WKT, PROJJSON or a PROJ string.

    Raises:
        NodeError: `invalid_crs`, with near-misses; also for a system of heights or times alone.
    """
    found = _parsed(text)
    if isinstance(found, str):
        raise NodeError(found, code="invalid_crs", hint=EXAMPLES)
    return found


@lru_cache(maxsize=256)
def _parsed(text: str) -> "CRS | str":
    """The system, or what is wrong with the text: PROJ looks for a name for half a second."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if OPENS_FILES.search(text):
        return "A coordinate system must be complete in itself: '+init', grids and files cannot be named."
    try:
        found = CRS.from_user_input(text)
    except CRSError:
        close = _near(text)
        ending = f" Did you mean {' or '.join(close)}?" if close else ""
        return f"'{text[:200]}' is not a known coordinate system.{ending}"
    if len(found.axis_info) < 2:
        what = "heights" if found.is_vertical else "one axis"
        return f"'{text[:200]}' ({found.name}) describes {what} only; a system for x and y is needed."
    return found


def check(text: str, info: ValidationInfo) -> str:
    """The text, if it means a coordinate system.

    Raises:
        NodeError: `invalid_crs`, on the setting.
    """
    with at("/" + (info.field_name or "").rstrip("_")):
        parse(text)
    return text


@lru_cache(maxsize=256)
def projjson(text: str) -> str:
    """The form that a stored table carries; two texts of one system give the same."""
    return str(parse(text).to_json())


def written_in(kind: object) -> str | None:
    """The coordinate system in the text of a DuckDB geometry type, or None."""
    found = re.fullmatch(r"GEOMETRY\('(.*)'\)", str(kind), re.DOTALL)
    return found[1].replace("''", "'") if found else None


@lru_cache(maxsize=256)
def same(one: str, other: str) -> bool:
    """Whether coordinates of both can be compared as they are: EPSG:4326 and OGC:CRS84 differ in axis order alone."""
    return one == other or parse(one).equals(parse(other), ignore_axis_order=True)


def is_geocentric(text: str) -> bool:
    """Whether x, y and z count from the centre of the Earth: x and y alone are no place."""
    return bool(parse(text).is_geocentric)


def differ(one: str | None, other: str | None) -> bool:
    """Whether coordinates of these cannot be compared; None, a system that nobody has said, is one by itself."""
    return one != other and not (one and other and same(one, other))


def title(text: str) -> str:
    """A short name for a message: `EPSG:3857` where it has one, else the name it gives itself."""
    name = str(parse(text).name)
    return code(text) or ("a system without a name" if name == "unknown" else name)


def code(text: str) -> str | None:
    """The authority's code for a system, such as `EPSG:3857`, where it has one."""
    authority = parse(text).to_authority(min_confidence=100)
    return ":".join(authority) if authority else None


def remedy(one: tuple[str, str], other: tuple[str, str]) -> str:
    """A hint to make one system of two, each given with its place, such as `table 2`: the first, if it has a code."""
    for (_, target), (place, _) in ((one, other), (other, one)):
        if found := code(target):
            return f'reproject {place} first: {{"to": "{found}"}}'
    return f"reproject {other[0]} first, with the text of the system of {one[0]} as 'to'"


def transformer(source: str, target: str) -> "Transformer":
    """What turns x, y of one system into those of another.

    Raises:
        NodeError: `invalid_crs` where there is no way between them.
    """
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        return Transformer.from_crs(parse(source), parse(target), always_xy=True)
    except ProjError:
        raise NodeError(f"There is no way from {title(source)} to {title(target)}.", code="invalid_crs") from None


def _near(text: str) -> list[str]:
    """Up to three codes or names that are written much like it."""
    from rapidfuzz import fuzz, process

    known = _known()
    written = text.strip().upper() if re.fullmatch(r"\s*\w+:\w+\s*", text[:80]) else text.strip().lower()
    found = process.extract(written[:80], known.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=72)
    return [known[name] for name, _, _ in found]


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    """Every code, and every name in small letters, with what to propose for it.

    From a view of PROJ's database: `pyproj.database.query_crs_info` makes an object of each, which takes half a second.
    """
    from pyproj.datadir import get_data_dir

    listed = "SELECT auth_name, code, name FROM crs_view ORDER BY deprecated, length(code), code"
    known: dict[str, str] = {}
    with closing(sqlite3.connect(f"{Path(get_data_dir(), 'proj.db').as_uri()}?mode=ro", uri=True)) as database:
        for authority, number, name in database.execute(listed):
            code = f"{authority}:{number}"
            known.setdefault(code, code)
            known.setdefault(name.lower(), f"{code} ({name})")
    return known


Crs = Annotated[
    str, AfterValidator(check), WithJsonSchema({"type": "string", "minLength": 1, "x-ui": {"widget": "crs"}})
]
