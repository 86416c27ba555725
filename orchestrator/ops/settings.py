"""The kinds of settings that node types share: columns, expressions, and `${parameter}` in any of them."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from orchestrator.errors import NodeError
from orchestrator.expressions import check
from orchestrator.literals import PLACEHOLDER, as_text, placeholders, sql_literal, substitute
from orchestrator.names import port_key
from orchestrator.pointers import escaped
from orchestrator.suggest import listing, near

__all__ = [
    "PLACEHOLDER", "Bound", "Column", "Expression", "FilePath", "InPort", "NewColumn", "PortName", "ValueAlone",
    "as_text", "bind_parameters", "bound_expression", "column_of", "columns_named", "invalid", "port_name", "refuse",
    "refusing", "unique",
]  # fmt: skip


@dataclass(frozen=True)
class InPort:
    """Marks a setting that names a column of an input port; `None` is the node's first input."""

    port: str | None = None


def column_of(port: str | None = None) -> Any:
    """The type of a setting that names a column of this input port."""
    hint = {"type": "string", "minLength": 1, "x-ui": {"widget": "column", **({"port": port} if port else {})}}
    return Annotated[str, Field(min_length=1), InPort(port), WithJsonSchema(hint)]


Column = Annotated[
    str, Field(min_length=1), InPort(), WithJsonSchema({"type": "string", "minLength": 1, "x-ui": {"widget": "column"}})
]
NewColumn = Annotated[
    str, Field(min_length=1, max_length=1000), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1000})
]


class Bound(str):
    """Text that parameters were put into; an expression takes the template and puts typed literals into it instead."""

    template: str
    values: Mapping[str, Any]

    def __new__(cls, text: str, template: str, values: Mapping[str, Any]) -> "Bound":
        """`text` is what any other setting sees."""
        made = super().__new__(cls, text)
        made.template, made.values = template, values
        return made


def bound_expression(value: Any) -> Any:
    """SQL text with typed literals for its parameters; a value alone becomes a literal."""
    if isinstance(value, Bound):
        with refusing():
            return substitute(value.template, value.values)
    if value is None or isinstance(value, bool | int | float | dt.date):
        return sql_literal(value)
    return value


def refuse(error: NodeError, *place: str | int) -> ValidationError:
    """What a validator raises to refuse a setting with this code and message, at a place below the validated value."""
    kind = PydanticCustomError(error.code, "{message}", {"message": error.message, "error": error})
    return ValidationError.from_exception_data("settings", [InitErrorDetails(type=kind, loc=place, input=None)])


def invalid(message: str, *place: str | int) -> ValidationError:
    """The same for a setting that only makes no sense: `invalid_config`."""
    return refuse(NodeError(message, code="invalid_config"), *place)


@contextmanager
def refusing() -> Iterator[None]:
    """In a validator: a `NodeError` inside refuses the setting. Raises pydantic.ValidationError."""
    try:
        yield
    except NodeError as error:
        raise refuse(error) from None


def _checked(text: str) -> str:
    with refusing():
        return check(text)


def unique(
    names: Iterable[tuple[str, tuple[str | int, ...]]], what: str = "Column", advice: str = ": give it another name"
) -> None:
    """Refuse a name that comes twice, in any case, at the place of the second. Raises pydantic.ValidationError."""
    seen: dict[str, str] = {}
    for name, place in names:
        if first := seen.get(name.lower()):
            same = f"{what} '{name}' is there twice" if first == name else f"'{first}' and '{name}' differ in case only"
            raise invalid(f"{same}{advice}.", *place)
        seen[name.lower()] = name


def _fixed_name(value: Any) -> Any:
    if isinstance(value, Bound):
        raise invalid("A port's name cannot hold a parameter: edges name it.")
    return value


def port_name(name: str) -> str:
    """The name, if a port that a setting gives may be called so. Raises pydantic.ValidationError."""
    _fixed_name(name)
    if not name:
        raise invalid("A port needs a name.")
    try:
        port_key(name)
    except ValueError:
        message = "This is too long for a port's name: it may have 200 letters and digits; others count for more."
        raise invalid(message) from None
    if name == "rejected":
        raise invalid("'rejected' is the port for rows that cannot be processed: give this one another name.")
    return name


PortName = Annotated[
    str,
    BeforeValidator(_fixed_name),
    Field(min_length=1, max_length=200),
    AfterValidator(port_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200}),
]
Expression = Annotated[
    str,
    BeforeValidator(bound_expression),
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "minLength": 1, "x-ui": {"widget": "expression"}}),
]
FilePath = Annotated[
    str, Field(min_length=1), WithJsonSchema({"type": "string", "minLength": 1, "x-ui": {"widget": "file"}})
]


def _as_value(given: Any) -> Any:
    return given if isinstance(given, Mapping) else {"value": given}


class ValueAlone:
    """Marks a setting that is an object, in place of which its `value` may stand alone."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Makes the object of the value."""
        return core_schema.no_info_before_validator_function(_as_value, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        """Allows both."""
        return {"anyOf": [handler(core), {"type": "string"}, {"type": "number"}, {"type": "boolean"}]}


def bind_parameters(setting: Any, values: Mapping[str, Any]) -> Any:
    """Replace `${name}` in every string of a config; a string that is only `${name}` takes the typed value.

    Raises:
        NodeError: `unknown_parameter`, with the near-miss.
    """
    for _, name in (found := placeholders(setting)):
        if name not in values:
            known = listing(values) or "none"
            message = f"Parameter '{name}' is not in this workflow.{near(name, values)}"
            raise NodeError(message, code="unknown_parameter", hint=f"parameters: {known}")
    return _bound(setting, values) if found else setting


def _bound(setting: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(setting, dict):
        return {key: _bound(value, values) for key, value in setting.items()}
    if isinstance(setting, list):
        return [_bound(value, values) for value in setting]
    if not isinstance(setting, str) or not PLACEHOLDER.search(setting):
        return setting
    whole = PLACEHOLDER.fullmatch(setting)
    if whole and not isinstance(values[whole[1]], str):
        return values[whole[1]]
    return Bound(PLACEHOLDER.sub(lambda match: as_text(values[match[1]]), setting), setting, values)


def columns_named(settings: BaseModel) -> list[tuple[str, str, str | None]]:
    """Every column that the settings name: its JSON pointer, the name, and the input port it must be in."""
    return list(_columns(settings, ""))


def _columns(settings: BaseModel, path: str) -> Iterator[tuple[str, str, str | None]]:
    for name, where, marker in _markers(type(settings)):
        yield from _walk(getattr(settings, name), marker, f"{path}/{where}")


@lru_cache(maxsize=1024)
def _markers(kind: type[BaseModel]) -> list[tuple[str, str, InPort | None]]:
    """Each field, its name in JSON, and the port that it names a column of."""
    found = []
    for name, info in kind.model_fields.items():
        marker = next((mark for mark in info.metadata if isinstance(mark, InPort)), None) or _inner(info.annotation)
        found.append((name, info.alias or name, marker))
    return found


def _walk(value: Any, marker: InPort | None, path: str) -> Iterator[tuple[str, str, str | None]]:
    if isinstance(value, BaseModel):
        yield from _columns(value, path)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(each, BaseModel):
                yield from _columns(each, f"{path}/{escaped(key)}")
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _walk(each, marker, f"{path}/{index}")
    elif isinstance(value, str) and marker is not None:
        yield path, value, marker.port


def _inner(annotation: Any) -> InPort | None:
    """The marker inside `list[Column]` or `Column | None`."""
    for part in getattr(annotation, "__args__", ()):
        for mark in getattr(part, "__metadata__", ()):
            if isinstance(mark, InPort):
                return mark
        if found := _inner(part):
            return found
    return None
