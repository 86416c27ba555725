"""Why a value does not fit, in JSON's words: Pydantic's are Python's, and do not name the value."""

from collections.abc import Mapping
from typing import Any

RULES: Mapping[str, str] = {
    "missing": "it is needed",
    "extra_forbidden": "it is not known here",
    "tuple_type": "it must be a list",
    "list_type": "it must be a list",
    "dict_type": "it must be an object",
    "model_type": "it must be an object",
    "model_attributes_type": "it must be an object",
    "string_type": "it must be a string",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "int_parsing_size": "it has too many digits",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "finite_number": "it must be a finite number",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "literal_error": "it must be {expected}",
    "greater_than_equal": "it must be {ge} or more",
    "less_than_equal": "it must be {le} or less",
    "greater_than": "it must be more than {gt}",
    "less_than": "it must be less than {lt}",
    "string_too_short": "it must have {min_length} or more characters",
    "string_too_long": "it must have {max_length} or fewer characters",
    "too_short": "it must have {min_length} or more entries",
    "too_long": "it must have {max_length} or fewer entries",
    "string_pattern_mismatch": "it must fit the pattern {pattern}",
    "recursion_depth_exceeded": "it is nested too deeply",
    "string_unicode": "the text has half of a surrogate pair",
}
EMPTY = "it must not be empty"


def rule(error: Mapping[str, Any]) -> str:
    """What one of Pydantic's `errors()` says, such as `it must be a list`, without the full stop."""
    kind, context = error.get("type", ""), error.get("ctx") or {}
    if kind in ("string_too_short", "too_short") and context.get("min_length") == 1:
        return EMPTY
    said = RULES.get(kind)
    return said.format_map(context) if said else str(error["msg"]).removeprefix("Value error, ").rstrip(".")


def rule_of(name: str, error: Mapping[str, Any]) -> str:
    """The same as a sentence about a named thing: `'path' must not be empty.`"""
    said = rule(error)
    if said.startswith("it "):
        return f"{name} {said.removeprefix('it ')}."
    return said if said.endswith(("?", "!")) else f"{said}."
