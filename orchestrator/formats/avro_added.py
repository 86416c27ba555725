"""Whether records can be added to an Avro file behind its blocks, which stay as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

CODECS = ("null", "deflate")


def takes(path: Path, schema: Mapping[str, Any]) -> bool:
    """Whether the file has these fields, and no other that must have a value; it must be whole.

    Only the frames of its blocks are read. Where this is not so, who reads it all finds out what is wrong.
    """
    import fastavro

    try:
        with path.open("rb") as file:
            found = fastavro.block_reader(file)
            old, new = _fields(found.writer_schema), _fields(fastavro.parse_schema(dict(schema)))
            if found.metadata.get("avro.codec", "null") not in CODECS or not _fits(old, new):
                return False
            end = file.tell()
            for block in found:
                end = block.offset + block.size
    except Exception:  # of many kinds, such as KeyError and EOFError
        return False
    return end == path.stat().st_size


def _fields(schema: Any) -> dict[str, Any]:
    return {each["name"]: each for each in schema["fields"]}


def _fits(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    others = [each for name, each in old.items() if name not in new]
    optional = all(isinstance(each["type"], list) and "null" in each["type"] for each in others)
    return optional and not any("default" in each for each in others) and new.items() <= old.items()
