"""Arrow schemas of files as tables: what DuckDB, and a stored table, can hold."""

from typing import Any

from orchestrator.errors import NodeError
from orchestrator.formats.excel_values import unique
from orchestrator.ops.base import Context


def checked(schema: Any, name: str, context: Context) -> Any:
    """The schema, if each of its columns can be a table's; `name` is the file.

    Raises:
        NodeError: `no_table`: no columns; `unreadable_file`: names the column and what is wrong with its type.
    """
    import duckdb
    import pyarrow

    if not len(schema):
        raise NodeError(f"'{name}' is no table: it has no columns.", code="no_table")
    for field in schema:
        if said := _odd(field.type):
            message = f"Column '{field.name}' of '{name}' holds {said}, which a table cannot hold."
            raise NodeError(message, code="unreadable_file", hint="leave it out, or name its fields, in the file")
        try:
            context.session.arrow(pyarrow.schema([field]).empty_table())
        except (duckdb.Error, pyarrow.ArrowException):
            message = f"Column '{field.name}' of '{name}' has a type that cannot be read: {field.type}."
            raise NodeError(message, code="unreadable_file") from None
    return schema


def distinct(schema: Any) -> Any:
    """The schema with names that all differ, whatever their case; as DuckDB calls columns without a name, `v0`."""
    import pyarrow

    names = unique(field.name or f"v{number}" for number, field in enumerate(schema))
    fields = [field.with_name(name) for field, name in zip(schema, names, strict=True)]
    return pyarrow.schema(fields, schema.metadata)


def _odd(kind: Any) -> str | None:
    """What in a type no column can hold, in words."""
    import pyarrow

    parts = [kind.field(number) for number in range(kind.num_fields)]
    if pyarrow.types.is_struct(kind):
        names = [each.name.lower() for each in parts]
        if not names:
            return "a structure without fields"
        if twice := next((name for name in names if names.count(name) > 1), None):
            return f"a structure with two fields called '{twice}' (upper and lower case are the same)"
    return next((said for each in parts if (said := _odd(each.type))), None)
