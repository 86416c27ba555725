"""The values of a row as one run of bytes that no other values have, to make hashes and names of."""

from collections.abc import Iterable, Mapping

from orchestrator.ops._types import nested
from orchestrator.schema import is_geometry
from orchestrator.sql import quote


def written(columns: Iterable[str], kinds: Mapping[str, str]) -> str:
    """SQL of a BLOB: of each value the number of its bytes, a colon and the bytes, such as `1:a`; `-` for null.

    So ('a', 'bc'), ('ab', 'c') and ('abc', null) are told apart, also null and empty text.
    """
    texts = [_text(quote(name), kinds[name]) for name in columns]
    values = [f"coalesce(strlen({text}) || ':' || {text}, '-')" for text in texts]
    return f"encode(concat({', '.join(values)}))"


def _text(column: str, kind: str) -> str:
    if is_geometry(kind):
        return f"hex(ST_AsWKB({column}))"
    if kind == "BLOB":
        return f"hex({column})"
    return f"CAST(to_json({column}) AS VARCHAR)" if nested(kind) else f"CAST({column} AS VARCHAR)"
