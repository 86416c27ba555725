"""Cases of numbers, text, dates and times."""

import datetime as dt
from decimal import Decimal

from docs.cases import Case, Value, one

NUMBERS: list[Case | Value] = [
    Value("7 / 2", 3.5, "Always DOUBLE."),
    Value("7 // 2", 3, "Whole numbers."),
    Value("-7 // 2", -3, "Towards 0."),
    Value("-7 % 2", -1, "The sign of the first."),
    Value("1 / 0", float("inf"), "So too `-1 / 0`, and NaN for `0 / 0`; `nullif(x, 0)` gives null."),
    Value("1 // 0", "invalid_value", "So too `1 % 0`.", fails=True),
    Value("0.1 + 0.2 = 0.3", True, "Numbers with a point in an expression are DECIMAL."),
    Value("0.1::DOUBLE + 0.2::DOUBLE = 0.3::DOUBLE", False, "Columns with a point are DOUBLE, unless cast."),
    Value("round(2.5::DOUBLE)", 3.0, "A half goes away from 0."),
    Value("CAST(2.5::DECIMAL(9, 1) AS BIGINT)", 3, "So too where a DECIMAL or text becomes a whole number."),
    Value("CAST(2.5::DOUBLE AS BIGINT)", 2, "But a half goes to the even number where a DOUBLE does: `round` first."),
    Value("9223372036854775807 + 1", "out_of_range", "BIGINT has 64 bits; it never wraps.", fails=True),
    Value("100::TINYINT + 100::TINYINT", "out_of_range", "The result is of the operands' type.", fails=True),
    Value("1e308::DOUBLE * 10", float("inf"), "DOUBLE has infinity."),
    Value("sqrt(-1)", float("nan"), "No error: `isnan` and `isfinite` find it."),
    Case(
        "Sums of whole numbers are BIGINT", "aggregate", {"aggregations": [{"function": "sum", "column": "v"}]},
        {"table": "SELECT v::INTEGER AS v FROM (VALUES (2147483647), (1)) t(v)"}, {"result": {"sum_v": [2147483648]}},
    ),
    one("Beyond that they are an error", "sum", "out_of_range", [2**62, 2**62]),
    one("A mean is DOUBLE, and has no such end", "mean", {"v": [2.0**62]}, [2**62, 2**62]),
    one("So has that of wide decimals", "mean", {"v": [9e37]}, "SELECT 9e37::DECIMAL(38, 0) AS v FROM range(3)"),
    one("Sums of DOUBLE make up for what is lost", "sum", {"v": [1.0]}, [0.1] * 10),
    one(
        "Sums of DECIMAL are exact", "sum", {"v": [Decimal("0.30")]},
        "SELECT v::DECIMAL(9, 2) AS v FROM (VALUES (0.1), (0.2)) t(v)",
    ),
    Case(
        "A value that does not convert is rejected; empty text is no number", "cast",
        {"columns": [{"name": "v", "type": "BIGINT"}]}, {"table": {"v": ["1", "2.5", "", "x", None, " 7 "]}},
        {"result": {"v": [1, 3, None, 7]}, "rejected": {
            "v": ["", "x"], "rejection_code": ["cast_failed"] * 2,
            "rejection_message": ["v:  cannot become BIGINT.", "v: x cannot become BIGINT."]}},
    ),
]  # fmt: skip

TEXTS: list[Case | Value] = [
    Value("'a' = 'A'", False, "Letter by letter: `lower(x)` or `ILIKE` for any case."),
    Value("'a' = 'a '", False, "Trailing blanks count: `trim(x)`."),
    Value("'é' = 'e'", False, "`strip_accents(x)`."),
    Value("'é' = 'e' || chr(769)", False, "One character or two: `nfc_normalize(x)`."),
    Value("'10' < '9'", True, "Text is compared as text."),
    Value("lower('ÄÉ')", "äé", "Letters of any script."),
    Value("length('é')", 1, "Characters, not bytes."),
    Case(
        "A clause can ignore case; blanks and accents count", "filter",
        {"clauses": [{"column": "v", "operator": "=", "value": "École", "ignore_case": True}]},
        {"table": {"v": ["ÉCOLE", "école ", "ecole", None]}},
        {"passed": {"v": ["ÉCOLE"]}, "failed": {"v": ["école ", "ecole", None]}},
    ),
    Case(
        "Where case is ignored, letters are compared one for one", "route_by_value",
        {"column": "v", "values": ["straße"], "ignore_case": True}, {"table": {"v": ["Straße", "STRASSE", "straße "]}},
        {"straße": {"v": ["Straße"]}, "rest": {"v": ["STRASSE", "straße "]}},
    ),
    Case(
        "Text that looks like a number is text", "filter", {"clauses": [{"column": "v", "operator": "=", "value": 1}]},
        {"table": {"v": ["1", "1.0", "01"]}}, {"passed": {"v": ["1"]}, "failed": {"v": ["1.0", "01"]}},
    ),
    Case(
        "But `=` with a number in an expression makes a number of it", "filter", {"condition": "v = 1"},
        {"table": {"v": ["1", "01"]}}, {"passed": {"v": ["1", "01"]}, "failed": {"v": []}},
    ),
    Case("Or fails", "filter", {"condition": "v = 1"}, {"table": {"v": ["1", "x"]}}, "conversion_failed"),
    Case(
        "`compute` refuses arithmetic with text", "compute", {"columns": [{"name": "w", "expression": "v * 2"}]},
        {"table": {"v": ["3"]}}, "type_mismatch",
    ),
]  # fmt: skip

NOON = dt.datetime(2024, 7, 1, 12)


def utc(month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of 2024."""
    return dt.datetime(2024, month, day, hour, minute, tzinfo=dt.UTC)


DATES: list[Case | Value] = [
    Value("DATE '2024-01-01' = TIMESTAMP '2024-01-01 00:00:00'", True, "A date is its midnight."),
    Value("TIMESTAMPTZ '2024-07-01 12:00+02' = TIMESTAMPTZ '2024-07-01 10:00Z'", True, "A moment, in any zone."),
    Value(
        "TIMESTAMP '2024-07-01 12:00:00' = TIMESTAMPTZ '2024-07-01 12:00+02'", False,
        "A time without a zone is taken for UTC.",
    ),
    Value(
        "CAST('2024-07-01 12:00:00+02:00' AS TIMESTAMP)", NOON,
        "The clock's time: an offset in a text counts for TIMESTAMPTZ and in parse_datetime alone.",
    ),
    Value("TIMESTAMPTZ '2024-07-01 12:00+02' AT TIME ZONE 'Europe/Zurich'", NOON, "What clocks say there."),
    Value("CAST(TIMESTAMPTZ '2024-07-01 01:00+02' AS DATE)", dt.date(2024, 6, 30), "The day in UTC."),
    Value("DATE '2024-01-31' + INTERVAL 1 MONTH", dt.datetime(2024, 2, 29), "The month's last day, a TIMESTAMP."),
    Value("DATE '2024-03-01' - DATE '2024-02-01'", 29, "Days."),
    Case(
        "Here a DATE stays one", "datetime_math",
        {"column": "d", "operation": "add", "amount": 1, "unit": "month", "name": "e"},
        {"table": {"d": [dt.date(2024, 1, 31)]}},
        {"result": {"d": [dt.date(2024, 1, 31)], "e": [dt.date(2024, 2, 29)]}},
    ),
    Case(
        "A text without a zone is in `zone`; a time that is left out moves forward, of two the later one counts",
        "parse_datetime",
        {"columns": ["t"], "formats": ["%Y-%m-%d %H:%M"], "zone": "Europe/Zurich", "to": "TIMESTAMPTZ"},
        {"table": {"t": ["2024-07-01 12:00", "2024-03-31 02:30", "2024-10-27 02:30"]}},
        {"result": {"t": [utc(7, 1, 10), utc(3, 31, 1, 30), utc(10, 27, 1, 30)]}},
    ),
    Case(
        "A day alone is its midnight, in UTC", "filter",
        {"clauses": [{"column": "t", "operator": "between", "value": ["2024-01-01", "2024-01-31"]}]},
        {"table": {"t": [dt.datetime(2024, 1, 31), dt.datetime(2024, 1, 31, 12)]}},
        {"passed": {"t": [dt.datetime(2024, 1, 31)]}, "failed": {"t": [dt.datetime(2024, 1, 31, 12)]}},
    ),
    Case(
        "With and without a zone do not go into one column", "union", {},
        {"tables": ["SELECT TIMESTAMPTZ '2024-01-01 00:00Z' AS t", "SELECT TIMESTAMP '2024-01-01 00:00:00' AS t"]},
        "type_mismatch",
    ),
]  # fmt: skip
