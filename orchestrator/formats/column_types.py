"""Names of column types in settings: `BIGINT`, `varchar`, `DECIMAL(10, 2)`."""

import re
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from orchestrator.errors import NodeError
from orchestrator.expressions import connection, tree
from orchestrator.suggest import TYPES, no_type


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """DuckDB's name of this type.

    Raises:
        ValueError: it is not one; with the near-miss.
    """
    wrong = ValueError(no_type(text[:100]))
    if not re.fullmatch(r"[\w\s(),\[\]\"]{1,1000}", text):
        raise wrong
    try:
        expression = f"CAST(NULL AS {text})"
        if tree(expression)["class"] != "CAST":
            raise wrong
        found = connection().execute(f"SELECT typeof({expression})").fetchall()[0]
    except Exception as error:
        if isinstance(error, NodeError | ValueError) or type(error).__module__.endswith("duckdb"):
            raise wrong from None
        raise
    return str(found[0])


ColumnType = Annotated[
    str,
    AfterValidator(canonical),
    WithJsonSchema({"type": "string", "x-ui": {"widget": "combobox", "options": list(TYPES)}}),
]
