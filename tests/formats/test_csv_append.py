from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]
ROWS = [("x", 1.5), (None, None), ("", 0.0), ("NA", -1.0), ("a,b;c", None), ("'\"#\\\n", 2.5), ("0", 3.0)]
TABLE = "SELECT * FROM (VALUES {}) t(\"t,'#\", x)".format(
    ", ".join("(" + ", ".join("NULL" if v is None else "'{}'".format(str(v).replace("'", "''")) for v in row) + ")"
    for row in ROWS)
)  # fmt: skip


@pytest.mark.parametrize(
    ("null", "quote_all", "marks"),
    list(product(["", "NA", "-", "0"], [False, True], [('"', '"'), ("'", "'"), ('"', "\\"), ("'", '"')])),
)
def test_null_and_empty_text_stay_apart(
    context: Context, load: Load, save: Save, null: str, quote_all: bool, marks: tuple[str, str]
) -> None:
    quoted = {"quote": marks[0], "escape": marks[1]}
    config = {"target_type": "csv", "path": "a.csv", "null_value": null, "quote_all": quote_all, **quoted}
    save(f'SELECT "t,\'#", x::DOUBLE AS x FROM ({TABLE})', **config)
    first = (context.root / "a.csv").read_bytes()
    read = {"null_values": [null] if null else [], "quoted_empty": "text", "types": {"t,'#": "VARCHAR", "x": "DOUBLE"}}
    assert load(source_type="csv", path="a.csv", header=True, **read, **quoted).fetchall() == ROWS
    save("SELECT 'y' AS \"t,'#\"", mode="append", **config)
    assert (context.root / "a.csv").read_bytes().startswith(first)
    found = load(source_type="csv", path="a.csv", header=True, **read, **quoted).fetchall()
    assert found == [*ROWS, ("y", None)]


@pytest.mark.parametrize(
    ("old", "options", "new"),
    [
        (b"\xef\xbb\xbfa,b\r\n1,x\r\n", {}, b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y\r\n"),
        (b"\xef\xbb\xbfa,b\n1,x", {}, b"\xef\xbb\xbfa,b\n1,x\n2,y\n"),
        (b"a,b\r\n1,x\r\n", {}, b"a,b\r\n1,x\r\n2,y\r\n"),
        (b'a,b\r\n1,"x\r\nz"\r\n', {}, b'a,b\r\n1,"x\r\nz"\r\n2,y\r\n'),
        (b"a,b\r1,x\r", {}, b"a,b\r1,x\r2,y\r"),
        (b"a,b\r\n1,\xe9\r\n", {"encoding": "latin-1"}, b"a,b\r\n1,\xe9\r\n2,y\r\n"),
        (b'a,b\r\n1,"\x80\r\n"\r\n', {"encoding": "windows-1252"}, b'a,b\r\n1,"\x80\r\n"\r\n2,y\r\n'),
        ("a,b\n1,é\n".encode("utf-16"), {"encoding": "auto"}, "a,b\n1,é\n2,y\n".encode("utf-16")),
        ("a,b\n1,é\n".encode("utf-32"), {"encoding": "auto"}, "a,b\n1,é\n2,y\n".encode("utf-32")),
        ("\ufeffa,b\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, "\ufeffa,b\n2,y\n".encode("utf-16-le")),
        (b"", {}, b"a,b\n2,y\n"),
        (b"", {"header": False}, b"2,y\n"),
        (b"\xef\xbb\xbf", {}, b"\xef\xbb\xbfa,b\n2,y\n"),
        (b"1,x\r\n", {"header": False}, b"1,x\r\n2,y\r\n"),
        (b"a,b\r\nNA,x\r\n", {"null_value": "NA"}, b"a,b\r\nNA,x\r\n2,y\r\n"),
    ],
)
def test_an_old_file_stays_as_it_is(
    context: Context, save: Save, old: bytes, options: dict[str, Any], new: bytes
) -> None:
    (context.root / "a.csv").write_bytes(old)
    assert save("SELECT 2 AS a, 'y' AS b", target_type="csv", path="a.csv", mode="append", **options) == 1
    assert (context.root / "a.csv").read_bytes() == new


def test_new_dates_are_written_like_old_ones(context: Context, save: Save) -> None:
    config = {"date_format": "%d.%m.%Y", "timestamp_format": "%d.%m.%Y %H:%M", "mode": "append"}
    for _ in range(2):
        query = "SELECT DATE '2013-01-02' AS d, TIMESTAMP '2013-01-02 03:04' AS t"
        save(query, target_type="csv", path="a.csv", **config)
    assert (context.root / "a.csv").read_text() == "d,t\n" + "02.01.2013,02.01.2013 03:04\n" * 2


def test_other_columns_without_names_are_refused(context: Context, save: Save) -> None:
    (context.root / "a.csv").write_text("1,x\n")
    with pytest.raises(NodeError, match=r"'a\.csv' has 2 columns and no names, 3 are to be added") as error:
        save("SELECT 1 AS a, 2 AS b, 3 AS c", target_type="csv", path="a.csv", mode="append", header=False)
    assert (error.value.code, error.value.hint) == (
        "type_mismatch",
        "the same columns in the same order; or header: true",
    )
    assert (context.root / "a.csv").read_text() == "1,x\n"


def test_a_packed_file_in_another_encoding(context: Context, load: Load, save: Save) -> None:
    for text in ("é", "ü"):
        save(f"SELECT '{text}' AS a", target_type="csv", path="a.csv.gz", encoding="latin-1", mode="append")
    found = load(source_type="csv", path="a.csv.gz", encoding="latin-1", header=True)
    assert found.fetchall() == [("é",), ("ü",)]


def test_a_text_that_would_tear_its_row_is_refused(context: Context, save: Save) -> None:
    for text in ("x\ty", "x\ny"):
        with pytest.raises(NodeError, match="Column 'b' has a text with a delimiter or a line end in it") as error:
            save(f"SELECT 1 AS a, '{text}' AS b", target_type="tsv", path="a.tsv", quote="")
        assert (error.value.code, error.value.path) == ("invalid_value", "/config/quote")
    assert not (context.root / "a.tsv").exists()
    save("SELECT 1 AS a, 'x\"' AS b, NULL AS c", target_type="tsv", path="a.tsv", quote="")
    assert (context.root / "a.tsv").read_text() == 'a\tb\tc\n1\tx"\t\n'


def test_old_values_that_come_late_stay_as_they_are(context: Context, save: Save) -> None:
    """More rows than decide on the types of what is read."""
    old = "a\n" + "1\n" * 20_500 + "1.50\n"
    (context.root / "a.csv").write_text(old)
    assert save("SELECT 2 AS a", target_type="csv", path="a.csv", mode="append") == 1
    assert (context.root / "a.csv").read_text() == f"{old}2\n"
