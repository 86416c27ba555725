"""What a GeoJSON file says beside its features, such as who made it: found in its first and last bytes."""

import json
import re
from pathlib import Path
from typing import Any

HEAD, TAIL = 1 << 20, 1 << 16
# What is of the features themselves, and wrong once there are others.
OWN = ("type", "features", "crs", "bbox")


def members(path: Path) -> dict[str, Any]:
    """The members of a collection beside its own."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(max(0, path.stat().st_size - TAIL))
        tail = file.read()
    before, found, _ = head.removeprefix(b"\xef\xbb\xbf").partition(b'"features"')
    made = _parsed(before + b'"features": []}') if found else None
    ends = (_parsed(b'{"features": [' + tail[each.start() :]) for each in re.finditer(rb"\]", tail))
    after = next((each for each in ends if each is not None), None)
    return {name: value for name, value in {**(made or {}), **(after or {})}.items() if name not in OWN}


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def add(path: Path, wanted: dict[str, Any]) -> None:
    """Put members behind the features of a collection that was written here, but those that it has."""
    missing = {name: value for name, value in wanted.items() if name not in members(path)}
    if not missing:
        return
    with path.open("r+b") as file:
        file.seek(max(0, path.stat().st_size - 64))
        start = file.tell()
        file.seek(start + file.read().rindex(b"}"))
        file.truncate()
        file.write(b",\n" + json.dumps(missing, ensure_ascii=False).encode()[1:] + b"\n")
