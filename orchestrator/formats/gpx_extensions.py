"""The columns of GPX that are not its own: GDAL finds their types in their text, and takes integers of 32 bits."""

import re

from orchestrator.errors import NodeError
from orchestrator.formats.base import Context, Relation
from orchestrator.schema import geometry_columns, is_geometry
from orchestrator.sql import names, quote

OWN = {
    "ele": "DOUBLE", "time": "TIMESTAMP WITH TIME ZONE", "magvar": "DOUBLE", "geoidheight": "DOUBLE", "name": "VARCHAR",
    "cmt": "VARCHAR", "desc": "VARCHAR", "src": "VARCHAR", "link1_href": "VARCHAR", "link1_text": "VARCHAR",
    "link1_type": "VARCHAR", "link2_href": "VARCHAR", "link2_text": "VARCHAR", "link2_type": "VARCHAR",
    "sym": "VARCHAR", "type": "VARCHAR", "fix": "VARCHAR", "sat": "INTEGER", "hdop": "DOUBLE", "vdop": "DOUBLE",
    "pdop": "DOUBLE", "ageofdgpsdata": "DOUBLE", "dgpsid": "INTEGER", "number": "INTEGER",
    "track_fid": "INTEGER", "track_seg_id": "INTEGER", "track_seg_point_id": "INTEGER",
    "track_name": "VARCHAR", "route_fid": "INTEGER", "route_point_id": "INTEGER", "route_name": "VARCHAR",
}  # fmt: skip

PREFIX = "ogr_"
OTHERS = re.compile(f"^(?!({'|'.join(OWN)})$)")
BLANK = r"regexp_full_match({0}, '\s+')"  # a number to GDAL, which reads it as 0
WIDE = "NOT BETWEEN -2147483648 AND 2147483647"
# What is looked for in the columns of a type: what it is called, and what to do about it.
LOST = (
    ("BIGINT", f"bool_or({{0}} {WIDE})", "an integer of more than 32 bits", "cast the column to DOUBLE"),
    (
        "VARCHAR", f"bool_and(regexp_full_match({{0}}, '[+-]?[0-9]+')) AND bool_or(try_cast({{0}} AS DOUBLE) {WIDE})",
        "nothing but integers, one of more than 32 bits", "put a letter before",
    ),
    ("VARCHAR", "bool_or(regexp_matches({0}, '[\\r\\n]'))", "a line end", "put something else in its place"),
)  # fmt: skip


def extended(rows: Relation) -> Relation:
    """The rows with the numbers of extensions as exact text and null for blanks, after a look for what else changes.

    Raises:
        NodeError: `invalid_value`, with the column.
    """
    kinds = {name: kind for name, kind in names(rows).items() if name not in OWN and not is_geometry(kind)}
    found = [(name, *lost) for name, kind in kinds.items() for lost in LOST if lost[0] == kind]
    tests = ", ".join(test.format(quote(name)) for name, _, test, _, _ in found)
    for (name, _, _, what, hint), lost in zip(found, rows.aggregate(tests).fetchall()[0] if found else (), strict=True):
        if lost:
            message = f"Column '{name}' has {what}, which an extension of GPX does not keep."
            raise NodeError(message, code="invalid_value", port="table", hint=hint)
    made = {name: quote(name) for name in rows.columns}
    for name, kind in kinds.items():
        if kind in ("FLOAT", "DOUBLE"):
            made[name] += "::VARCHAR"
        elif kind == "VARCHAR":
            made[name] = f"CASE WHEN NOT {BLANK.format(quote(name))} THEN {quote(name)} END"
    return rows.project(", ".join(f"{field} AS {quote(name)}" for name, field in made.items()))


def with_heights(rows: Relation, context: Context) -> Relation:
    """Points with their heights as `ele`, where the table has no such column: GDAL writes no others."""
    import numpy
    import pyarrow
    import shapely

    arrow, name = rows.to_arrow_table(), geometry_columns(rows)[0]
    heights = shapely.get_z(shapely.from_wkb(arrow.column(name).to_numpy(zero_copy_only=False)))
    column = pyarrow.array(heights, mask=numpy.isnan(heights))
    return context.session.arrow(arrow.append_column("ele", column))
