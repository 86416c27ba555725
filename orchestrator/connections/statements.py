"""SQL that goes to a database: `${name}` becomes a bound parameter, and never a part of the text."""

from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from orchestrator.errors import NodeError
from orchestrator.literals import PLACEHOLDER, QUOTED
from orchestrator.ops.settings import Bound, invalid, refuse

LONGEST = 100_000


class Statement(str):
    """SQL with `$1`, `$2`, … for `values`; a null stands in it as NULL."""

    values: tuple[Any, ...] = ()


def statement(value: Any) -> Statement:
    """The text of a setting as SQL with bound parameters.

    Raises:
        ValidationError: it is no text, or a parameter stands in quotes or a comment (`invalid_expression`).
    """
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise invalid(f"SQL is text of 1 to {LONGEST:,} characters.")
    if "\x00" in value:
        raise invalid("SQL cannot hold a NUL character.")
    if not isinstance(value, Bound):
        return Statement(value)
    if any(PLACEHOLDER.search(each[0]) for each in QUOTED.finditer(value.template)):
        message = "A parameter is a value of its own: write it without quotes and outside comments: id = ${id}."
        raise refuse(NodeError(message, code="invalid_expression"))
    numbers: dict[str, int] = {}

    def place(name: str) -> str:
        if value.values[name] is None:
            return "NULL"
        return f"${numbers.setdefault(name, len(numbers) + 1)}"

    made = Statement(PLACEHOLDER.sub(lambda match: place(match[1]), value.template))
    made.values = tuple(value.values[name] for name in numbers)
    return made


Sql = Annotated[
    Statement,
    PlainValidator(statement),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST, "x-ui": {"widget": "sql"}}),
]
