"""Rows that could not be processed, and why."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestrator.ops.base import Relation
from orchestrator.sql import literal, quote

if TYPE_CHECKING:
    import pyarrow as pa

REASONS = ("rejection_code", "rejection_message")


def rejected(table: Relation, columns: Iterable[str], code: str, message: str) -> Relation:
    """These columns of the rows with the code and the message, both in SQL, in place of an earlier node's."""
    kept = [quote(name) for name in columns if name.lower() not in REASONS]
    return table.project(", ".join([*kept, f"{code} AS rejection_code", f"{message} AS rejection_message"]))


def rejected_arrow(rows: "pa.Table", codes: Iterable[str], messages: Iterable[str]) -> "pa.Table":
    """The rows with a code and a message each, in place of an earlier node's."""
    import pyarrow as pa

    kept = rows.select([name for name in rows.column_names if name.lower() not in REASONS])
    for name, texts in zip(REASONS, (codes, messages), strict=True):
        kept = kept.append_column(name, pa.array(list(texts), pa.string()))
    return kept


def said(column: str, shown: str, end: str) -> str:
    """SQL of a message about a column: its name, the value (in SQL) cut short, and the end of the sentence."""
    return f"{literal(f'{column}: ')} || left({shown}, 100) || {literal(end)}"
