"""Types of columns that come as text: which ones fit, and the conversion."""

from collections.abc import Mapping

from orchestrator.errors import NodeError
from orchestrator.formats.json_records import MOMENT
from orchestrator.formats.text_types import TIME_OF_DAY
from orchestrator.ops._types import INTEGER
from orchestrator.ops.base import Relation
from orchestrator.pointers import escaped
from orchestrator.sql import literal, quote
from orchestrator.suggest import listing, near

# The narrowest first. A number with a zero in front is a code, such as a postal one; one with very many digits is text.
FORMS = {
    "BIGINT": r"[+-]?(0|[1-9]\d*)",
    "DECIMAL(38,0)": r"[+-]?(0|[1-9]\d*)",
    "VARCHAR": r"[+-]?(0|[1-9]\d*)",
    "DOUBLE": r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?",
    "BOOLEAN": r"(?i)true|false",
    "DATE": r"\d{4}-\d{2}-\d{2}",
    "TIMESTAMP": MOMENT,
    "TIMESTAMP WITH TIME ZONE": MOMENT + r" ?(Z|[+-]\d{2}(:?\d{2})?)",
    "TIME": r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?",
}
# Of a text `v`, whether a cast would round it, or cut something off.
FRACTION = "coalesce(TRY_CAST(v AS DOUBLE) % 1 <> 0, false)"
TIME = f"coalesce(regexp_matches(v, '{TIME_OF_DAY}'), false)"


def guessed(table: Relation) -> dict[str, str]:
    """The narrowest type that all texts of a column have; VARCHAR for none. A list column's is that of its items."""
    lists = dict(zip(table.columns, (str(kind).endswith("]") for kind in table.types), strict=True))
    tests = []
    for name in table.columns:
        for kind, form in FORMS.items():
            fits = f"regexp_full_match(v, {literal(form)}) AND TRY_CAST(v AS {kind}) IS NOT NULL"
            tests.append(_all(quote(name), fits, lists[name]))
        tests.append(f"NOT coalesce({_all(quote(name), 'false', lists[name])}, true)")
    found = list(table.aggregate(", ".join(tests)).fetchall()[0]) if tests else []
    width = len(FORMS) + 1
    rows = [found[start : start + width] for start in range(0, len(found), width)]
    return {
        name: next((kind for kind, fits in zip(FORMS, row, strict=False) if fits and row[-1]), "VARCHAR")
        for name, row in zip(table.columns, rows, strict=True)
    }


def _all(column: str, test: str, many: bool) -> str:
    """SQL: whether the test holds for all texts of a column, of which those without a letter do not count."""
    if many:
        return f"bool_and(len(list_filter({column}, lambda v: v <> '' AND NOT ({test}))) = 0)"
    return f"bool_and({test.replace('(v', f'({column}')}) FILTER ({column} <> '')"


def converted(table: Relation, kinds: Mapping[str, str], name: str) -> Relation:
    """The text columns in these types; text without a letter is null in a column of another type.

    `name` is the file's. The first column is no column of the result: it holds the number of each row.

    Raises:
        NodeError: `invalid_value`, with the row.
    """
    made, wrong = [], {}
    for column, own in list(zip(table.columns, map(str, table.types), strict=True))[1:]:
        kind, field = kinds.get(column, "VARCHAR"), quote(column)
        if kind != "VARCHAR" and own in ("VARCHAR", "VARCHAR[]"):
            blank = f"nullif({field}, '')" if own == "VARCHAR" else f"list_transform({field}, lambda v: nullif(v, ''))"
            whole = kind if own == "VARCHAR" else f"{kind}[]"
            test = f"TRY_CAST({blank} AS {whole}) IS NULL AND {blank} IS NOT NULL"
            odd = FRACTION if INTEGER.fullmatch(kind) else TIME if kind == "DATE" else None
            wrong[column] = f"({test} OR {_any(odd, blank, own)})" if odd else test
            field = f"CAST({blank} AS {whole})"
        made.append(f"{field} AS {quote(column)}")
    if wrong:
        _check(table, wrong, kinds, name)
    return table.project(", ".join(made))


def _any(odd: str, value: str, own: str) -> str:
    """SQL: whether this test holds for a value `v`, or for one of a list."""
    if own == "VARCHAR":
        return odd.replace("(v", f"({value}")
    return f"coalesce(len(list_filter({value}, lambda v: {odd})) > 0, false)"


def _check(table: Relation, wrong: Mapping[str, str], kinds: Mapping[str, str], name: str) -> None:
    found = table.aggregate(", ".join(f"count_if({test})" for test in wrong.values())).fetchall()[0]
    column = next((column for column, count in zip(wrong, found, strict=True) if count), None)
    if column is None:
        return
    rows = table.filter(wrong[column]).project(f"{quote(column)}, {quote(table.columns[0])} AS number")
    value, row = rows.order("number").limit(1).fetchall()[0]
    shown = next((each for each in value if each), "") if isinstance(value, list) else value
    message = f"'{name}', row {row:,}, column '{column}': '{str(shown)[:100]}' is not {kinds[column]}."
    hint = f'types: {{"{column}": "VARCHAR"}}'
    raise NodeError(message, code="invalid_value", row=row, value=str(shown)[:100], hint=hint)


def with_types(kinds: Mapping[str, str], types: Mapping[str, str], name: str) -> dict[str, str]:
    """The types with those that a setting gives.

    Raises:
        NodeError: `unknown_column`, on its place in `types`.
    """
    for column in types:
        if column not in kinds:
            message = f"Column '{column}' is not in '{name}'.{near(column, kinds)}"
            path = f"/config/types/{escaped(column)}"
            raise NodeError(message, code="unknown_column", path=path, hint=listing(kinds))
    return {**kinds, **types}
