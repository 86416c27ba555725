"""What is in each column of a stored table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NotRequired

from pydantic import JsonValue
from typing_extensions import TypedDict

from orchestrator.preview.as_json import expression, loads
from orchestrator.preview.pages import described
from orchestrator.preview.sessions import existing, reading
from orchestrator.preview.shapes import ShapeProfile, shape_profile
from orchestrator.schema import GEOMETRY
from orchestrator.sql import literal, quote, shown
from orchestrator.tables import Session

EXACT_ROWS = 1_000_000
EXACT_VALUES = 100_000
TOP = 5
CANDIDATES = 50
NUMERIC = frozenset({"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger"})
ADDED = {"boolean": "::INTEGER", "decimal": "::DOUBLE"}  # sums of wide decimals have more digits than any type
NUMERIC |= {"ubigint", "uhugeint", "float", "double", "decimal", "boolean"}
OPAQUE = frozenset({"list", "array", "struct", "map", "union", "variant", "blob", "geometry"})


class Frequent(TypedDict):
    """A value and how many rows have it."""

    value: JsonValue
    count: int


class ColumnProfile(TypedDict):
    """A column; what does not apply to its type is None or left out.

    `distinct` counts values that are not null; where `distinct_exact` is false it is an estimate, a few per cent off.
    `mean` of a boolean is the share of true. NaN counts as a value, but not in `min`, `max` and `mean`. `empty` counts
    empty text. Of equally frequent values the smallest come first.
    """

    name: str
    type: str
    nulls: int
    distinct: int | None
    distinct_exact: bool
    min: JsonValue
    max: JsonValue
    mean: float | str | None
    most_frequent: list[Frequent]
    empty: NotRequired[int]


class Profile(TypedDict):
    """How many rows there are, and each column."""

    rows: int
    columns: list[ColumnProfile | ShapeProfile]


def profile(path: Path) -> Profile:
    """What is in each column of a stored table; values as in a page. Up to a million rows everything is exact; beyond,
    `distinct` is estimated, and the most frequent values of columns with more than 100,000 are found by a sketch (which
    holds every value that is really frequent), their counts still exact.

    Raises:
        NotFound: `output_not_found`.
    """
    path = existing(path)
    with reading(path) as session:
        table, source = session.parquet(path), session.scan(path)
        kinds = dict(zip(table.columns, table.types, strict=True))
        count = int(session.connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])
        counter = _Counter(session, source, count)
        made: list[Any] = []
        for column, statistics in zip(described(session, table, path), counter.statistics(kinds), strict=True):
            if column.type == GEOMETRY:
                made.append(shape_profile(session, source, column))
            else:
                said = counter.frequent(column.name, kinds[column.name], statistics)
                made.append({"name": column.name, "type": shown(column.type), **statistics, **said})
    return {"rows": count, "columns": made}


class _Counter(NamedTuple):
    """A stored table to be counted: SQL for it, and how many rows it has."""

    session: Session
    source: str
    rows: int

    def statistics(self, kinds: Mapping[str, Any]) -> list[Any]:
        """What one pass over the table tells of each column."""
        wanted = [_aggregates(quote(name), kind, self.rows > EXACT_ROWS) for name, kind in kinds.items()]
        (found,) = self.session.connection.execute(f"SELECT {', '.join(wanted)} FROM {self.source}").fetchall()
        return [loads(each) for each in found]

    def frequent(self, name: str, kind: Any, statistics: Mapping[str, Any]) -> dict[str, Any]:
        """How many values a column has, and the most frequent. A query of its own: it reads this column alone, and only
        the counts of one column are in memory."""
        if not _is_comparable(kind):
            return {"distinct": None, "distinct_exact": False, "most_frequent": []}
        exact = self.rows <= EXACT_ROWS or statistics["distinct"] <= EXACT_VALUES
        row = f"json_object('value', {expression('v', kind)}, 'count', n)::VARCHAR"
        top = f"SELECT {row}, (SELECT count(*) FROM g) FROM (FROM g ORDER BY n DESC, v LIMIT {TOP}) ORDER BY n DESC, v"
        query = f"WITH g AS MATERIALIZED ({self._counts(quote(name), exact)}) {top}"
        found = self.session.connection.execute(query).fetchall()
        distinct = statistics.get("distinct") if not exact else found[0][1] if found else 0
        return {"distinct": distinct, "distinct_exact": exact, "most_frequent": [loads(each[0]) for each in found]}

    def _counts(self, column: str, exact: bool) -> str:
        """SQL for values and how often they occur: of all, or of those that a sketch finds frequent."""
        wanted = f"{column} IS NOT NULL"
        if not exact:
            sketch = f"SELECT unnest(approx_top_k({column}, {CANDIDATES})) FROM {self.source}"
            wanted = f"{column} IN ({sketch})"
        return f"SELECT {column} AS v, count(*) AS n FROM {self.source} WHERE {wanted} GROUP BY 1"


def _aggregates(column: str, kind: Any, estimate: bool) -> str:
    """SQL for a JSON object about a column."""
    name, said = str(kind.id), {"nulls": f"count(*) - count({column})", "min": "NULL", "max": "NULL", "mean": "NULL"}
    if _is_comparable(kind):
        real = f" FILTER (WHERE NOT isnan({column}))" if name in {"float", "double"} else ""
        said |= {each: expression(f"{each}({column}){real}", kind) for each in ("min", "max")}
        if name in NUMERIC:
            said["mean"] = f"avg({column}{ADDED.get(name, '')}){real}"
        if estimate:
            said["distinct"] = f"least(approx_count_distinct({column}), count({column}))"
    if str(kind) == "VARCHAR":
        said["empty"] = f"count(*) FILTER (WHERE {column} = '')"
    return "json_object(" + ", ".join(f"{literal(key)}, {sql}" for key, sql in said.items()) + ")::VARCHAR"


def _is_comparable(kind: Any) -> bool:
    return str(kind.id) not in OPAQUE and str(kind) != "JSON"
