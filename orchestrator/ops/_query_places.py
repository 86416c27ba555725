"""Where in a query something is wrong: DuckDB counts bytes of what it was given, a person lines and columns."""

import json
from collections.abc import Mapping

from orchestrator.errors import NodeError
from orchestrator.expressions import connection
from orchestrator.ops._conversions import PLAN, over


def located(error: NodeError, query: str, byte: int | None) -> NodeError:
    """The error, with line and column (from 1) of the query behind its sentence where the byte is one of the query."""
    written = query.encode("utf-8", "surrogatepass")
    if byte is not None and 0 <= byte <= len(written):
        before = written[:byte].decode("utf-8", "ignore")
        lines = before.split("\n")
        error.position = len(before)
        error.message += f" See line {len(lines)}, column {len(lines[-1]) + 1}."
    return error


def complaint(query: str, tables: Mapping[str, Mapping[str, str]], said: str) -> int | None:
    """The byte of the query that DuckDB complains of in these words, over tables with columns of these types."""
    before = over(tables)
    answer = json.loads(connection().execute(PLAN, [f"{before}{query}\n)"]).fetchall()[0][0] or "{}")
    known = answer.get("position") and str(answer.get("error_message")).split("\n")[0] in said
    return int(answer["position"]) - len(before.encode()) if known else None
