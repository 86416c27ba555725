"""What the formats of text say of a table before it is written."""

from collections.abc import Callable

import pytest

from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_writer import DataWriter

Save = Callable[..., int]
SAME = [
    "1::TINYINT", "1::UBIGINT", "1::DECIMAL(20, 0)", "1.5::FLOAT", "true", "'x'", "DATE '2013-01-02'",
    "TIME '01:02:03'",
    "TIMESTAMP '2013-01-02 03:04:05'", "TIMESTAMPTZ '2013-01-02 03:04:05Z'", "uuid()", "'{}'::JSON", "'a'::ENUM('a')",
    "'POINT (1 2)'::GEOMETRY",
]  # fmt: skip
OTHER = {
    "1.5::DECIMAL(9, 2)": "DOUBLE",
    "'x'::BLOB": "VARCHAR",
    "INTERVAL 1 DAY": "VARCHAR",
    "now()::TIMETZ": "VARCHAR",
}
FORMATS = ["csv", "tsv", "json", "ndjson", "xml", "yaml"]


def said(design: Context, value: str, kind: str) -> str:
    table = design.session.connection.sql(f"SELECT {value} AS v LIMIT 0")
    design.warnings.clear()
    DataWriter.configure({"target_type": kind, "path": f"a.{kind}"}).call({"table": table}, design)
    return " ".join(each.message.partition(": ")[2] for each in design.warnings)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("value", SAME)
def test_what_is_kept(design: Context, kind: str, value: str) -> None:
    assert said(design, value, kind) == ""


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(("value", "made"), OTHER.items())
def test_what_comes_back_otherwise(design: Context, kind: str, value: str, made: str) -> None:
    assert said(design, value, kind).endswith(f"becomes {made}.")


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("[1]", "csv", "'v' (INTEGER[]) becomes VARCHAR."),
        ("{'a': 1}", "tsv", "'v' (STRUCT(a INTEGER)) becomes VARCHAR."),
        ("[1]", "json", ""),
        ("[{'a': DATE '2013-01-02', 'b': [1.5::DOUBLE]}]", "ndjson", ""),
        ("[1.5::DECIMAL(9, 2)]", "json", "'v' (DECIMAL(9,2)[]) becomes DOUBLE[]."),
        ("[1]::INTEGER[1]", "json", "'v' (INTEGER[1]) becomes INTEGER[]."),
        ("{'a': 'x'::BLOB, 'b': 1}", "json", "'v' (STRUCT(a BLOB, b INTEGER)) becomes STRUCT(a VARCHAR, b INTEGER)."),
        ("MAP {'a': 1}", "yaml", "'v' (MAP(VARCHAR, INTEGER)) becomes STRUCT."),
        ("MAP {'a': 1}", "ndjson", "'v' (MAP(VARCHAR, INTEGER)) becomes STRUCT."),
        ("['2013-01-02'::TIMESTAMP_NS]", "json", "'v' (TIMESTAMP_NS[]) becomes VARCHAR[]."),
        ("'2013-01-02'::TIMESTAMP_NS", "csv", "'v' (TIMESTAMP_NS) becomes TIMESTAMP."),
        ("[1]", "xml", "'v' (INTEGER[]) becomes INTEGER where no row has several values."),
        ("[{'a': 1}]", "xml", "'v' (STRUCT(a INTEGER)[]) becomes columns of lists."),
        ("{'a': 1}", "xml", "'v' (STRUCT(a INTEGER)) becomes columns of its own."),
    ],
)
def test_nested_values(design: Context, value: str, kind: str, message: str) -> None:
    assert said(design, value, kind) == message


def test_a_form_for_dates_is_no_change(design: Context) -> None:
    table: Relation = design.session.connection.sql("SELECT DATE '2013-01-02' AS d, 1.5::DOUBLE AS x LIMIT 0")
    config = {"target_type": "csv", "path": "a.csv", "date_format": "%d.%m.%Y", "decimal_separator": ","}
    DataWriter.configure(config).call({"table": table}, design)
    assert not design.warnings


def test_fixed_width_says_what_its_places_do_not_hold(design: Context) -> None:
    table = design.session.connection.sql(
        "SELECT 1.5::DECIMAL(9, 2) AS d, [1] AS l, MAP {'a': 1} AS m, 2 AS gone, INTERVAL 1 DAY AS i LIMIT 0"
    )
    kinds = {"i": "INTERVAL", "m": "VARCHAR", "l": "INTEGER[]", "d": "DECIMAL(9,2)"}
    fields = [{"name": name, "width": 9, "type": kind} for name, kind in kinds.items()]
    DataWriter.configure({"target_type": "fixed_width", "path": "a.fwf", "fields": fields}).call(
        {"table": table}, design
    )
    (warning,) = design.warnings
    assert warning.message.endswith(": column 'gone' is left out; 'm' (MAP(VARCHAR, INTEGER)) becomes VARCHAR.")
