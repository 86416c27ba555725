"""Errors of other libraries become sentences, on the node and setting they belong to."""

import signal

import duckdb
import pyarrow
import pytest

from orchestrator.errors import (
    Conflict,
    GraphmillError,
    Interrupted,
    InvalidGraph,
    NodeError,
    Problem,
    UnknownColumns,
    at,
)
from orchestrator.faults import CODES, blame, scrub, translate, unknown_column
from orchestrator.settings import settings

LONG = "A column has more than 2 GiB of geometry or text in rows that this node takes at once."
APPENDER = "Arrow Appender: The maximum total string size for regular string buffers is 2147483647 but the offset"
MEMORY, FULL = "The memory for this is used up", "The disk is full; nothing was replaced."


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHMILL_HOME", str(tmp_path / "a home"))
    settings.cache_clear()
    yield settings().home
    settings.cache_clear()


def failure(query):
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE t AS SELECT 1 AS dep_delay, \'x\' AS "cust ""id"')
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(query).fetchall()
    return translate(caught.value)


@pytest.mark.parametrize(
    ("query", "code", "message", "hint"),
    [
        (
            """SELECT "cust ""id" > 3 FROM t""", "type_mismatch",
            "Cannot compare values of type VARCHAR and type INTEGER - an explicit cast is required.", None,
        ),
        (
            "SELECT dep_dely FROM t", "unknown_column",
            "Column 'dep_dely' is not in this table. Did you mean 'dep_delay'?", "dep_delay",
        ),
        (
            'SELECT "cust ""i" FROM t', "unknown_column",
            "Column 'cust \"i' is not in this table. Did you mean 'cust \"id'?", 'cust "id',
        ),
        (
            "SELECT t.dep_dely FROM t", "unknown_column",
            "Column 'dep_dely' is not in this table. Did you mean 'dep_delay'?", "dep_delay",
        ),
        ("SELECT foo.dep_delay FROM t", "unknown_column", "Column 'foo' is not in this table.", None),
        ("SELECT 'x'::INT", "conversion_failed", "Could not convert string 'x' to INTEGER.", None),
        ("SELECT 9223372036854775807 + 1::BIGINT", "out_of_range", None, None),
        ("SELECT 300::TINYINT", "out_of_range", "300 is out of range for TINYINT.", None),
        (
            "SELECT a::DECIMAL(5, 2) FROM (SELECT 123456 AS a)", "out_of_range",
            "Column 'a': 123456 is out of range for DECIMAL(5,2).",
            "DOUBLE, VARCHAR, or a DECIMAL of more digits, at most 38",
        ),
        (
            """SELECT "a 'b"::DECIMAL(5, 2) FROM (SELECT 12345.67 AS "a 'b")""", "out_of_range",
            "Column 'a 'b': 12345.67 is out of range for DECIMAL(5,2).", None,
        ),
        ("SELECT 'inf'::DOUBLE::DECIMAL(5, 2)", "out_of_range", "inf is out of range for DECIMAL(5,2).", None),
        (
            "SELECT map(['a', 'a'], [1, 2])", "invalid_value",
            "A map has the same key twice, and each key may be there once.", "a list of structs of a key and a value",
        ),
        (
            "SELECT 1 // 0", "invalid_value",
            "Division by zero in expression (1 // 0); nullif(x, 0) makes null of 0.", None,
        ),
        ("SELECT 1 + [1]", "type_mismatch", None, None),
        (
            "SELECT json_extract('HELLO', '$.a')", "invalid_value",
            'Malformed JSON at byte 0 of input: unexpected character.  Input: "HELLO".', None,
        ),
        (
            "SELECT st_setcrs(g, 'EPSG:3857') = st_setcrs(g, 'EPSG:4326') FROM (SELECT 'POINT (1 2)'::GEOMETRY AS g)",
            "crs_mismatch", "Geometry in EPSG:4326 and geometry in EPSG:3857 cannot be compared or be one column.",
            "reproject one of them first",
        ),
        ("SELECT 1::MONEY", "invalid_expression", "There is no type 'MONEY'.", None),
        ("SELECT [1]::BIGNT[]", "invalid_expression", "There is no type 'BIGNT'. Did you mean 'BIGINT'?", None),
        ("SELECT nothing(1)", "invalid_expression", None, None),
        ("SELECT (", "invalid_expression", None, None),
        ("SELECT error('my own')", "invalid_value", "my own.", None),
        ("FROM '/no/such/file.csv'", "unreadable_file", None, None),
    ],
)  # fmt: skip
def test_what_duckdb_says(query, code, message, hint):
    error = failure(query)
    assert error.code == code
    assert message is None or error.message == message
    assert hint is None or error.hint == hint
    assert "\n" not in error.message
    assert "LINE" not in error.message
    assert "/no/such" not in error.message


@pytest.mark.parametrize(
    ("query", "value", "message"),
    [
        ("'it''s'::INT", "it's", "Could not convert string 'it's' to INTEGER."),
        ("'maybe'::BOOLEAN", "maybe", "Could not convert string 'maybe' to BOOLEAN."),
        ("'1.5x'::DECIMAL(5, 2)", "1.5x", 'Could not convert string "1.5x" to DECIMAL(5,2).'),
        ("'2024-02-30'::DATE", "2024-02-30", 'date field value out of range: "2024-02-30".'),
        ("'foo'::DATE", "foo", 'invalid date field format: "foo", expected format is (YYYY-MM-DD).'),
        ("strptime('x', '%Y')", "x", 'Could not parse string "x" according to format specifier "%Y".'),
        ("300::TINYINT", "300", "300 is out of range for TINYINT."),
        ("12345.6::DECIMAL(4, 2)", "12345.6", "12345.6 is out of range for DECIMAL(4,2)."),
        ("[1]::INT", None, "Unimplemented type for cast (INTEGER[] -> INTEGER)."),
    ],
)
def test_the_value_that_does_not_convert_is_told_apart_too(query, value, message):
    error = failure(f"SELECT {query}")
    assert (error.value, error.message) == (value, message)


def test_what_duckdb_says_of_bytes_that_are_no_text():
    with duckdb.connect() as connection, pytest.raises(UnicodeDecodeError) as caught:
        connection.execute("SELECT '\\xF0'::BLOB::UUID").fetchall()
    made = translate(caught.value)
    assert made.code == "conversion_failed"
    assert made.message.startswith("Could not convert string '")


def test_no_error_of_duckdb_is_forgotten():
    kinds = [each for each in vars(duckdb).values() if isinstance(each, type) and issubclass(each, duckdb.Error)]
    assert len(kinds) > 20
    for kind in kinds:
        assert translate(kind("Some Error: it broke")).code in {*CODES.values()}


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (duckdb.OutOfMemoryException("x"), "out_of_memory", f"{MEMORY}; a run has GRAPHMILL_MEMORY_LIMIT."),
        (duckdb.InvalidInputException(f"Invalid Input Error: {APPENDER}"), "too_large", LONG),
        (OSError(f"Invalid Input Error: {APPENDER}"), "too_large", LONG),
        (OSError("Out of Memory Error: x"), "out_of_memory", f"{MEMORY}; a run has GRAPHMILL_MEMORY_LIMIT."),
        (OSError("INTERRUPT Error: Interrupted!"), "canceled", "The run was canceled."),
        (
            OSError("Conversion Error: Could not convert string 'x' to INT32\n\nLINE 7: x"),
            "conversion_failed", "Could not convert string 'x' to INTEGER.",
        ),
        (pyarrow.ArrowInvalid("offset overflow while concatenating arrays, consider casting"), "too_large", LONG),
        (MemoryError(), "out_of_memory", f"{MEMORY}."),
        (OSError(28, "No space left on device"), "disk_full", FULL),
        (duckdb.IOException("IO Error: Could not write all bytes"), "disk_full", FULL),
        (duckdb.InterruptException("INTERRUPT Error"), "canceled", "The run was canceled."),
        (KeyboardInterrupt(), "canceled", "The run was canceled."),
        (ValueError("bad"), "node_failed", "ValueError: bad"),
        (Conflict("It is running."), "conflict", "It is running."),
        (InvalidGraph([Problem(code="x", message="1."), Problem(code="y", message="2.")]), "invalid_graph", "1.; 2."),
    ],
)  # fmt: skip
def test_what_others_say(error, code, message):
    made = translate(error)
    assert (made.code, made.message) == (code, message)
    assert isinstance(made, Interrupted) == (code == "canceled")


def test_a_signal_while_duckdb_computes():
    """Its handler raises, and DuckDB puts an error of its own in the place of that.

    DuckDB looks for signals after every fifty chunks that this thread computes: they must be quick ones, and it alone
    must compute, or it may wait for the others to the end. The clock is that of the processor: on one that has other
    things to do, too, the signal would come before DuckDB computes.
    """

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        with duckdb.connect(config={"threads": 1}) as alone:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.2)
            with pytest.raises(RuntimeError, match="Query interrupted") as caught:
                alone.execute("SELECT sum(sqrt(n)) FROM range(20000000000) t(n)")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert isinstance(translate(caught.value), Interrupted)


def test_a_node_error_stays():
    error = NodeError("x", code="y")
    assert translate(error) is error


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot read /home/someone/data/a b.csv", "cannot read a b.csv"),
        ('File "/usr/lib/x.py", line 3', 'File "x.py", line 3'),
        ("in /var/lib/", "in a folder"),
        ("1/2 and a/b/c stay", "1/2 and a/b/c stay"),
        ("on 31/12/2024", "on 31/12/2024"),
        ("https://example.org/a/b.json?x=1 stays", "https://example.org/a/b.json?x=1 stays"),
        ("<rows>/a/b</rows>", "<rows>b</rows>"),
    ],
)
def test_paths_are_not_shown(text, shown):
    assert scrub(text) == shown


def test_a_path_below_the_data_root_is_shown_from_there(home):
    assert scrub(f"cannot read '{settings().data}/in put/x.csv'") == "cannot read 'in put/x.csv'"
    assert str(home) not in scrub(f"{home.resolve()}/runs/1")


class Odd(Exception):
    """An error of a library that nobody thought of."""


@pytest.mark.parametrize(
    "error",
    [
        duckdb.BinderException("Binder Error: x"), ValueError("x"), KeyError("x"), RuntimeError("x"), RecursionError(),
        AttributeError("x"), NotImplementedError(), pyarrow.ArrowNotImplementedError("x"), OSError("x"), Odd("x"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "no"), GraphmillError("x"), StopIteration(), AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_whatever_goes_wrong_is_blamed_on_the_node(error):
    with pytest.raises(NodeError) as caught, blame("n"):
        raise error
    assert caught.value.node_id == "n"
    assert caught.value.__cause__ is error
    assert caught.value.problem().node_id == "n"


def test_a_node_that_is_blamed_already_stays():
    with pytest.raises(NodeError) as caught, blame("outer"), blame("inner"):
        raise NodeError("x")
    assert caught.value.node_id == "inner"


@pytest.mark.parametrize("error", [UnknownColumns(), SystemExit(1), KeyboardInterrupt()])
def test_what_is_no_failure_passes(error):
    with pytest.raises(type(error)), blame("n"):
        raise error


def test_the_setting_is_kept_whoever_complains():
    for error in (NodeError("x"), ValueError("x"), duckdb.BinderException("x")):
        with pytest.raises(NodeError) as caught, blame("n"), at("/outer"), at("/condition"):
            raise error
        assert caught.value.path == "/config/condition"


def test_unknown_column():
    error = unknown_column("amont", ["amount", "day"], "table")
    assert (error.code, error.hint, error.port) == ("unknown_column", "amount, day", "table")
    assert error.message == "Column 'amont' is not in this table. Did you mean 'amount'?"
