"""The types in DuckDB's own plan of a query, which it writes down as JSON."""

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.sql import literal, quote

PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def kind_of(said: Mapping[str, Any]) -> str:
    """A type as DuckDB spells it in SQL, such as `STRUCT(a DECIMAL(4,2))`; a geometry's without its CRS."""
    name, more = str(said["id"]), said.get("type_info") or {}
    if more.get("alias"):
        return str(more["alias"])
    match name:
        case "DECIMAL":
            return f"DECIMAL({more['width']},{more['scale']})"
        case "ENUM":
            return f"ENUM({', '.join(map(literal, more['values']))})"
        case "LIST":
            return f"{kind_of(more['child_type'])}[]"
        case "ARRAY":
            return f"{kind_of(more['child_type'])}[{more['size']}]"
        case "STRUCT" | "MAP" | "UNION":
            return f"{name}({', '.join(_inside(name, more))})"
    return '"NULL"' if name == "NULL" else name


def _inside(name: str, more: Mapping[str, Any]) -> list[str]:
    fields = (more["child_type"]["type_info"] if name == "MAP" else more)["child_types"]
    if name == "MAP":
        return [kind_of(each["second"]) for each in fields]
    names = ((each["first"], kind_of(each["second"])) for each in fields if each["first"])
    return [f"{field if PLAIN.fullmatch(field) else quote(field)} {kind}" for field, kind in names]
