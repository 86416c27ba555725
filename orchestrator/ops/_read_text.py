"""Geometry written as WKT, WKB or GeoJSON, as Shapely objects."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from orchestrator.ops._parts import parts_of

if TYPE_CHECKING:
    from orchestrator.ops._spatial import Shapes

READERS: dict[str, Callable[..., Any]] = {
    "wkt": shapely.from_wkt, "wkb": shapely.from_wkb, "geojson": shapely.from_geojson,
}  # fmt: skip
UNLOCATED = re.compile(r'"geometry"\s*:\s*null')
LIBRARY = re.compile(r"^Error parsing JSON: '\[json\.exception[^]]*\] (.*)'$", re.DOTALL)
SRID = r"^\s*SRID\s*=\s*\d+\s*;"


def formats_of(texts: pa.Array) -> Any:
    """How each is written: bytes and hexadecimal digits are WKB, what begins with a brace is GeoJSON, all else WKT."""
    if pa.types.is_binary(texts.type):
        return np.full(len(texts), "wkb")
    is_json = pc.match_substring_regex(texts, r"^\s*\{").fill_null(False)
    is_hex = pc.match_substring_regex(texts, r"^\s*[0-9A-Fa-f]+\s*$").fill_null(False)
    return np.where(is_json, "geojson", np.where(is_hex, "wkb", "wkt"))


DEEPEST = 15  # collections around each other: DuckDB holds no more
# What is nested is read by recursion, which ends the process where it goes too deep: so far nobody means to.
COLLECTIONS, SHORTEST = 1000, 9  # so many, and the bytes of the shortest: WKB's byte order, kind and count
OPENED = 50  # brackets one in the other, with nothing but blanks between
BRACKETS = {mark: re.compile(rf"\{mark}(?:\s*\{mark}){{{OPENED - 1}}}") for mark in "(["}
HEADS = tuple(
    bytes.fromhex(each) for each in ("0107000000", "0107000080", "01EF030000", "0000000007", "00000003EF", "0080000007")
)
WORDS = ("GEOMETRYCOLLECTION", *(each.hex().upper() for each in HEADS))
NESTED = "It is nested too deeply."


def read(texts: pa.Array, formats: Any) -> "tuple[Shapes, dict[int, str]]":
    """The shapes, null as None; and for each that cannot be read, by its number, why."""
    if not pa.types.is_binary(texts.type):
        texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, SRID, ""))
    values = texts.to_numpy(zero_copy_only=False)
    made: Shapes = np.full(len(values), None, dtype=object)
    deep = [row for row, value in enumerate(values) if value is not None and _is_deep(value)]
    given = values.copy()
    given[deep] = None
    for name, reader in READERS.items():
        rows = np.flatnonzero(formats == name)
        if len(rows):
            made[rows] = _read(reader, given[rows])
    lost = np.flatnonzero(shapely.is_missing(made) & pc.is_valid(texts).to_numpy(zero_copy_only=False))
    lost = np.array(
        [row for row in lost if not (formats[row] == "geojson" and _unlocated(values[row]))], dtype=np.int64
    )
    why = {int(row): _reason(READERS[formats[row]], values[row]) for row in np.setdiff1d(lost, deep)}
    why |= dict.fromkeys([*deep, *_deep(made)], NESTED)
    return made, why | dict.fromkeys(_uneven(made), "Some of its parts have heights or measures, and others have not.")


def _unlocated(value: str) -> bool:
    """Whether a text is a GeoJSON feature that says itself that it has no geometry (RFC 7946, 3.2)."""
    if not UNLOCATED.search(value):
        return False
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") == "Feature" and found.get("geometry", "") is None


def _is_deep(value: Any) -> bool:
    """Whether a text or WKB may be nested without end: judged without reading it."""
    if isinstance(value, bytes):
        return len(value) > SHORTEST * COLLECTIONS and sum(map(value.count, HEADS)) > COLLECTIONS
    words = WORDS[1:] if value.startswith("0") else WORDS[:1]  # WKB in hexadecimal digits, or text
    if len(value) > SHORTEST * COLLECTIONS and sum(map(value.upper().count, words)) > COLLECTIONS:
        return True
    return any(value.count(mark) >= OPENED and pattern.search(value) for mark, pattern in BRACKETS.items())


def _deep(shapes: "Shapes") -> list[int]:
    """Those with more collections around each other than a column of geometry can hold."""
    owners = np.flatnonzero(shapely.get_type_id(shapes) == 7)
    parts = shapes[owners]
    for _ in range(DEEPEST):
        parts, inside = shapely.get_parts(parts, return_index=True)
        still = shapely.get_type_id(parts) == 7
        parts, owners = parts[still], owners[inside][still]
    return [int(row) for row in np.unique(owners)]


def _uneven(shapes: "Shapes") -> list[int]:
    """Those with parts of different dimensions, which no column of geometry can hold."""
    parts, owners = parts_of(shapes)
    owning = shapes[owners]
    apart = (shapely.has_z(parts) != shapely.has_z(owning)) | (shapely.has_m(parts) != shapely.has_m(owning))
    found: list[int] = np.unique(owners[apart]).tolist()
    return found


def _read(reader: Callable[..., Any], values: Any) -> Any:
    """Curves cannot be passed over as other mistakes can: where there are any, each value is read alone."""
    try:
        return reader(values, on_invalid="ignore")
    except (NotImplementedError, UnicodeDecodeError):
        return np.array([_alone(reader, value) for value in values], dtype=object)


def _alone(reader: Callable[..., Any], value: Any) -> Any:
    try:
        return reader(value, on_invalid="ignore")
    except (NotImplementedError, UnicodeDecodeError):
        return None


def _reason(reader: Callable[..., Any], value: Any) -> str:
    try:
        reader(value)
    except NotImplementedError:
        return "Curves are not supported; draw them as lines first."
    except UnicodeDecodeError:  # GEOS cuts its own message within a letter
        return "It cannot be read."
    except (shapely.errors.GEOSException, TypeError) as error:
        said = LIBRARY.sub(r"\1", str(error).split(": ", 1)[-1].strip().rstrip("."))
        return f"It cannot be read: {said}."
    return "It has no geometry."
