"""JSON pointers (RFC 6901): where something stands in a document."""

from collections.abc import Iterable


def pointer(parts: Iterable[object]) -> str:
    """The pointer of these keys and indexes."""
    return "".join(f"/{escaped(part)}" for part in parts)


def escaped(part: object) -> str:
    """A key or index as a part of a pointer."""
    return str(part).replace("~", "~0").replace("/", "~1")


def parts(pointer: str) -> list[str]:
    """The keys and indexes of a pointer; indexes as text."""
    return [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]
