"""Columns of CSV whose blanks, such as `NA`, are null: read as text, and cast here."""

from orchestrator.formats.problems import BLANKS
from orchestrator.sql import literal, quote

WORDS = ", ".join(map(literal, BLANKS))
LONGEST = 100  # letters of a value that are shown


def unless_blank(name: str, kind: str | None, file: str) -> str:
    """SQL for a column of text in its type, None for text; a value that is none ends the run, with the file's name."""
    column = quote(name)
    if kind is None:
        return column
    before = f"'{file}', column '{name}': '"
    after = f'\' is not {kind}; for text, say types: {{"{name}": "VARCHAR"}}.'
    wrong = f"error({literal(before)} || left({column}, {LONGEST}) || {literal(after)})::{kind}"
    return f"""CASE WHEN {column} IS NULL OR {column} IN ({WORDS}) THEN NULL
        ELSE coalesce(TRY_CAST({column} AS {kind}), {wrong}) END AS {column}"""
