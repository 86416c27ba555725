"""DuckDB's errors, of which Arrow makes an `OSError` with their text where rows are computed as they are asked for."""

from functools import lru_cache
from typing import Any

import duckdb


def own(error: OSError) -> Exception:
    """The error as DuckDB would have raised it; as it is where it is none of DuckDB's."""
    kind, found, _ = str(error).partition(" Error: ")
    known = _classes().get(kind.replace(" ", "").lower())
    return known(str(error)) if found and known else error


@lru_cache(maxsize=1)
def _classes() -> dict[str, Any]:
    suffix = "Exception"
    names = [name for name in vars(duckdb) if name.endswith(suffix)]
    return {name.removesuffix(suffix).lower(): getattr(duckdb, name) for name in names}
