"""The printed table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure: what, how much, the bar it must keep, and what it is compared with."""

    what: str
    figure: str
    bar: str
    kept: bool
    yardstick: str = ""


def show(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | figure | bar | kept | yardstick |", "|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row.what} | {row.figure} | {row.bar} | {'yes' if row.kept else 'NO'} | {row.yardstick} |")
    return "\n".join(lines)
