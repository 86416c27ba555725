"""JSON Schema of a node's settings, as rows of a table for people."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
HEAD = ("Setting", "Type", "Default", "What it does")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; empty where there is no row."""
    lines = [f"| {' | '.join(cell(each) for each in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines]) if lines else ""


def cell(text: str) -> str:
    """Text that stays inside its cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def settings(schema: Schema, leave_out: frozenset[str] = frozenset()) -> str:
    """The table of a model's settings, those of nested models too: `columns[].name`."""
    return table(HEAD, _rows(schema, schema.get("$defs", {}), "", leave_out))


def _rows(schema: Schema, defs: Schema, prefix: str, leave_out: frozenset[str]) -> Iterator[tuple[str, ...]]:
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        if name in leave_out:
            continue
        default = "needed" if name in needed else _default(field)
        yield f"`{prefix}{name}`", _kind(field, defs), default, field.get("description", "")
        for inner, mark in _models(field, defs):
            yield from _rows(inner, defs, f"{prefix}{name}{mark}.", _constants(inner))


def _default(field: Schema) -> str:
    default = field.get("default")
    return "" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"


def _resolved(field: Schema, defs: Schema) -> Schema:
    return defs[field["$ref"].rsplit("/", 1)[1]] if "$ref" in field else field


def _options(field: Schema, defs: Schema) -> list[Schema]:
    """What a field may be, apart from null."""
    found = [_resolved(each, defs) for each in field.get("anyOf", field.get("oneOf", [field]))]
    return [each for each in found if each.get("type") != "null"]


def _constants(model: Schema) -> frozenset[str]:
    """The fields that tell a model from the others it may be in place of."""
    return frozenset(name for name, field in model.get("properties", {}).items() if "const" in field)


def _models(field: Schema, defs: Schema) -> Iterator[tuple[Schema, str]]:
    """The models inside a field, and how a path into each is written: `columns[]`, `paging (type "page")`."""
    for option in _options(field, defs):
        if option.get("properties"):
            said = [f'{name} "{option["properties"][name]["const"]}"' for name in sorted(_constants(option))]
            yield option, f" ({', '.join(said)})" if said else ""
        elif option.get("type") == "array" and isinstance(option.get("items"), Mapping):
            yield from ((each, "[]") for each in _options(option["items"], defs) if each.get("properties"))


def _kind(field: Schema, defs: Schema) -> str:
    return " or ".join(dict.fromkeys(_one(each, defs) for each in _options(field, defs))) or "any"


def _one(option: Schema, defs: Schema) -> str:
    """A type in a person's words."""
    widget = option.get("x-ui", {})
    if widget.get("widget") in ("column", "expression", "file") and option.get("type", "string") == "string":
        return f"{widget['widget']} of `{widget['port']}`" if "port" in widget else str(widget["widget"])
    if "enum" in option or "const" in option:
        return ", ".join(f"`{json.dumps(each)}`" for each in option.get("enum", [option.get("const")]))
    if constants := sorted(_constants(option)):
        return ", ".join(f'object of {name} "{option["properties"][name]["const"]}"' for name in constants)
    if option.get("type") == "array":
        return f"list of {_kind(option.get('items', {}), defs)}"
    if option.get("type") == "object" and isinstance(option.get("additionalProperties"), Mapping):
        return f"object of {_kind(option['additionalProperties'], defs)}"
    return str(option.get("type", "any"))
