"""A setting that does not fit its node type, as a problem on it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from orchestrator.errors import NodeError, Problem
from orchestrator.graph import Node
from orchestrator.ops.base import Op
from orchestrator.pointers import parts, pointer
from orchestrator.rules import rule_of
from orchestrator.suggest import listing, near

OPTION = re.compile("'([^']*)'")


def setting_problem(node: Node, op: type[Op], error: Any) -> Problem:
    """A setting that does not fit (one of Pydantic's `errors()`), as a problem on it."""
    cause = (error.get("ctx") or {}).get("error")
    path = "/config" + pointer(_place(node.config, error))
    if isinstance(cause, NodeError):
        return cause.problem().model_copy(update={"node_id": node.id, "path": cause.path or path})
    text, hint = rule_of(_name(path), error), None
    if error["type"] == "extra_forbidden":
        *above, name = parts(path)[1:] or [""]
        known = settings_at(_schema(op), above)
        inside = f" in '{above[0]}'" if above else ""
        text = f"'{name}' is no setting of '{op.type}'{inside}.{near(name, known)}"
        hint = listing(known) or None
    elif error["type"] == "missing":
        text = f"'{error['loc'][-1]}' is needed."
    elif error["type"] == "literal_error":
        text += near(str(_value(node.config, parts(path)[1:])), OPTION.findall(error["ctx"]["expected"]))
    return Problem(code="invalid_config", message=text, node_id=node.id, path=path, hint=hint)


def _name(path: str) -> str:
    """How a setting is called in a sentence: by its own name, or as one of a list's."""
    *_, above, last = "", *parts(path)
    return f"Entry {int(last) + 1} of '{above}'" if last.isdecimal() else f"'{last}'"


def _value(config: Any, place: Sequence[str]) -> Any:
    for part in place:
        config = config[int(part) if isinstance(config, list) else part]
    return config


@cache
def _schema(op: type[Op]) -> dict[str, Any]:
    return op.config_schema()


def _place(config: Any, error: Any) -> Iterator[str | int]:
    """Where a Pydantic error is: its `loc`, without the names of the types of a union that were tried."""
    *above, last = error["loc"] or [None]
    named = error["type"] == "missing" or isinstance((error.get("ctx") or {}).get("error"), NodeError)
    value = config
    for part in above:
        if _is_in(value, part):
            yield part
            value = value[part]
    if _is_in(value, last) or (named and isinstance(value, dict)):
        yield last


def _is_in(value: Any, part: Any) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def settings_at(schema: Mapping[str, Any], place: Sequence[str]) -> list[str]:
    """The settings that a JSON schema knows at a place: keys, and numbers in lists."""
    found = list(_meant(schema, schema))
    for part in place:
        below = (each.get("properties", {}).get(part) or each.get("items") for each in found)
        found = [one for each in below if isinstance(each, Mapping) for one in _meant(each, schema)]
    return list(dict.fromkeys(name for each in found for name in each.get("properties", ())))


def _meant(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and those that it stands for: behind its reference, and of its alternatives."""
    if "$ref" in schema:
        yield from _meant(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _meant(alternative, root)
    yield schema
