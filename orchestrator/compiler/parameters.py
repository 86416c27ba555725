"""The values that a run's parameters take: checked, typed, with defaults."""

import datetime as dt
import json
import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any

from orchestrator.errors import InvalidGraph, NodeError, Problem
from orchestrator.graph import Parameter, Workflow, is_text
from orchestrator.pointers import escaped
from orchestrator.suggest import listing, near

Coerce = Callable[[Any], Any]
KEPT = "graphmill"  # beside the parameters, a run's config holds how the run stores its tables


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(float(value)):
        raise ValueError
    return float(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str) or not is_text(value):
        raise ValueError
    return value


def _date(value: Any) -> dt.date:
    return dt.date.fromisoformat(_string(value))


def _datetime(value: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(_string(value))


KINDS: Mapping[str, tuple[Coerce, Any, str]] = {
    "string": (_string, "some text", "text"),
    "integer": (_integer, 1, "a whole number"),
    "number": (_number, 1.0, "a number"),
    "boolean": (_boolean, True, "true or false"),
    "date": (_date, dt.date(2000, 1, 1), "a date such as 2026-01-31"),
    "datetime": (_datetime, dt.datetime(2000, 1, 1), "a date and time such as 2026-01-31T12:00:00"),
    "choice": (lambda value: value, "some text", "one of the choices"),
    "file": (_string, "file", "a path below the data root"),
    "secret": (_string, "secret", "text"),
}


def coerce(parameter: Parameter, value: Any) -> Any:
    """The value in the parameter's type; `None` stays.

    Raises:
        InvalidGraph: the value is of another type, or not one of the choices.
    """
    convert, _, wanted = KINDS[parameter.type]
    try:
        typed = None if value is None else convert(value)
    except (ValueError, TypeError, OverflowError):
        shown = "a secret" if parameter.type == "secret" else _shown(value)
        raise InvalidGraph([_problem(parameter, f"takes {wanted}; {shown} is not")]) from None
    if parameter.type == "choice" and typed is not None:
        return _choice(parameter, typed)
    return typed


def _choice(parameter: Parameter, value: Any) -> Any:
    """The choice that is meant; text may name a number or a truth value, as it does for parameters of these types."""
    if not parameter.choices:
        return value  # which is a problem of the parameter's own
    same = [each for each in parameter.choices if each == value and isinstance(each, bool) == isinstance(value, bool)]
    named = [each for each in parameter.choices if not isinstance(each, str) and json.dumps(each) == value]
    if not same and not named:
        known = listing(each if isinstance(each, str) else _shown(each) for each in parameter.choices)
        raise InvalidGraph([_problem(parameter, f"takes one of {known}; {_shown(value)} is not")])
    return [*same, *named][0]


def _shown(value: Any) -> str:
    """A value as JSON has it, text in single quotes."""
    return (repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))[:100]


def _problem(parameter: Parameter, text: str) -> Problem:
    return _wrong(f"Parameter '{parameter.name}' {text}.", f"/parameters/{escaped(parameter.name)}")


def resolve(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every parameter of a run.

    Raises:
        InvalidGraph: `unknown_parameter`, `missing_parameter`, `invalid_parameter`, all at once.
    """
    problems = list(_unknown(workflow, given))
    values: dict[str, Any] = {}
    for parameter in workflow.parameters:
        try:
            values[parameter.name] = coerce(parameter, given.get(parameter.name, parameter.default))
        except InvalidGraph as error:
            problems += error.problems
            continue
        if parameter.required and values[parameter.name] is None:
            message = f"Parameter '{parameter.name}' needs a value."
            path = f"/parameters/{escaped(parameter.name)}"
            problems.append(Problem(code="missing_parameter", message=message, path=path))
    if problems:
        raise InvalidGraph(problems)
    return values


def _unknown(workflow: Workflow, given: Mapping[str, Any]) -> Iterator[Problem]:
    known = [parameter.name for parameter in workflow.parameters]
    for name in given:
        if name not in known:
            message = f"Parameter '{name}' is not in this workflow.{near(name, known)}"
            path = f"/parameters/{escaped(name)}"
            yield Problem(code="unknown_parameter", message=message, path=path, hint=listing(known) or None)


def samples(workflow: Workflow) -> tuple[dict[str, Any], frozenset[str], list[Problem]]:
    """Values to check a graph with, before anyone has given any: each default, else a value of its type.

    Returns them, the names of those without a default, and what is wrong with the parameters themselves.
    """
    values: dict[str, Any] = {}
    open_names = set()
    problems: list[Problem] = []
    for index, parameter in enumerate(workflow.parameters):
        problems += _odd(parameter, f"/parameters/{index}", values)
        sample = parameter.choices[0] if parameter.type == "choice" and parameter.choices else KINDS[parameter.type][1]
        try:
            typed = coerce(parameter, parameter.default)
        except InvalidGraph as error:
            typed = None
            problems += [each.model_copy(update={"path": f"/parameters/{index}/default"}) for each in error.problems]
        if parameter.type == "secret":
            typed = None  # a problem may quote the values that it was found with
        if typed is None:
            open_names.add(parameter.name)
        values[parameter.name] = sample if typed is None else typed
    return values, frozenset(open_names), problems


def _odd(parameter: Parameter, path: str, others: Container[str]) -> Iterator[Problem]:
    """What makes no sense about a parameter itself."""
    if parameter.name in others:
        yield _wrong(f"Two parameters are called '{parameter.name}'.", f"{path}/name")
    if parameter.name == KEPT:
        yield _wrong(f"Parameter '{parameter.name}': the name is kept for the system.", f"{path}/name")
    if parameter.type == "choice" and not parameter.choices:
        yield _wrong(f"Parameter '{parameter.name}' has no choices.", f"{path}/choices")


def _wrong(message: str, path: str) -> Problem:
    return Problem(code="invalid_parameter", message=message, path=path)


def unknown_parameters(found: Iterable[tuple[str, str]], values: Mapping[str, Any]) -> Iterator[NodeError]:
    """Of the `placeholders` of a config, those that are no parameter, as `unknown_parameter` on their setting."""
    for path, name in found:
        if name not in values:
            message = f"Parameter '{name}' is not in this workflow.{near(name, values)}"
            hint = f"parameters: {listing(values) or 'none'}"
            yield NodeError(message, code="unknown_parameter", hint=hint, path=path)
