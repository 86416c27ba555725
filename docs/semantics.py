"""The page of what node types do where it could be otherwise; `tests/test_semantics.py` runs all that it shows."""

from collections.abc import Mapping

from docs import schema
from docs.cases import Case, Value
from docs.semantics_of_nodes import NODES
from docs.semantics_of_rows import EMPTIES, JOINS, NULLS, ORDER, SYSTEMS, UNIONS
from docs.semantics_of_values import DATES, NUMBERS, TEXTS

PAGE = """# Semantics

What comes out where it could be otherwise. Every row is a node with its settings, the table that goes in and the one
that comes out, written column by column: `k: "a", null` is a column `k` of two rows. A test runs each of them.
A single word such as `type_mismatch` is [the problem](graph.md#problems) that the node has instead.

In short, for a person who knows SQL: as in SQL, with rows that keep their order, and names that are yours. For one who
knows FME: null is not empty text, a column has one type, and every row has every column."""

HEADS: Mapping[type, tuple[str, ...]] = {Value: ("Expression", "Gives", ""), Case: ("What", "Node", "In", "Out")}
SECTIONS: tuple[tuple[str, str, list[Case | Value]], ...] = (
    (
        "Null and empty text",
        """Null is not empty text, in no node; `null_values` turns one into the other. FME's *missing* is a column that
the table does not have; `null_values` adds it, and a row alone cannot lack it.""",
        NULLS,
    ),
    (
        "Order",
        """Rows keep the order in which they came, in all node types but `sort` and those that say what their order is:
joins go by the first table, then by the second; groups by their columns (`aggregate`) or by their first rows. One
thread and many give the same rows in the same order, and the same sums to the last digit: those of DOUBLEs too are
rounded once, at their end. Only a `sql` node is what its SELECT says: without ORDER BY its rows have no order, and
DuckDB's own `sum` of DOUBLEs rounds as its threads add up.""",
        ORDER,
    ),
    ("Joins", "", JOINS),
    ("Numbers", "", NUMBERS),
    ("Text", "", TEXTS),
    ("Dates and times", "The session's zone is UTC.", DATES),
    ("Node by node", "Null, empty text, ends of ranges and tables without rows, where a node has them.", NODES),
    ("Empty tables", "A table of no rows has its columns, and runs through every node.", EMPTIES),
    ("Tables that differ", "", UNIONS),
    (
        "Coordinate systems",
        "A geometry column has one for all its rows, or none. It goes along; `reproject` and `set_crs` change it. "
        "A join that puts two systems beside each other in one row is warned of. "
        "What is measured on the ellipsoid lies between -360° and 360° east and -90° and 90° north: another vertex "
        "stops the run, with its row (`out_of_bounds`). "
        "A vertex whose x or y is NaN or infinite is nowhere, and so is its geometry: it is near to, within or "
        "disjoint from nothing (`nearest`, `distance`, `spatial_join`, `spatial_filter`, `clip`), and no `grid` covers "
        "it. A shape that is computed of it or merged with it, row by row or in a group (`buffer`, `centroid`, `hull`, "
        "`dissolve`, the union of `aggregate`, …), an ellipsoidal length, `reproject` to another system and, of an "
        "area, `snap` to a grid stop the run, with the row (`invalid_geometry`, `out_of_bounds`); a node with a port "
        "`rejected` sends it there; what carries vertices or moves others (`combine_parts`, `snap` to a target, …) "
        "passes it on. `validate_geometry` finds it (`not_finite`); `geometry_from_text` and `points_from_xy` make "
        "none.",
        SYSTEMS,
    ),
)


def page() -> str:
    """The page."""
    parts = [PAGE]
    for title, intro, cases in SECTIONS:
        parts += [f"## {title}", intro]
        for kind, head in HEADS.items():
            parts.append(schema.table(head, [each.row() for each in cases if isinstance(each, kind)]))
    return "\n\n".join(part for part in parts if part)
