"""CSV files as they are written, and what comes back of them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, b'a,b,c\n1,x,2013-01-02\n2.5,"",\n'),
        ({"header": False}, b'1,x,2013-01-02\n2.5,"",\n'),
        ({"delimiter": ";", "decimal_separator": ","}, b'a;b;c\n1;x;2013-01-02\n2,5;"";\n'),
        ({"null_value": "NA"}, b'a,b,c\n1,x,2013-01-02\n2.5,"",NA\n'),
        ({"quote_all": True}, b'"a","b","c"\n"1","x","2013-01-02"\n"2.5","",\n'),
        ({"date_format": "%d.%m.%Y"}, b'a,b,c\n1,x,02.01.2013\n2.5,"",\n'),
        ({"encoding": "utf-8-sig"}, b'\xef\xbb\xbfa,b,c\n1,x,2013-01-02\n2.5,"",\n'),
        ({"encoding": "utf-16-le"}, 'a,b,c\n1,x,2013-01-02\n2.5,"",\n'.encode("utf-16-le")),
    ],
)
def test_writes(context: Context, save: Save, options: dict[str, Any], expected: bytes) -> None:
    query = "SELECT * FROM (VALUES (1, 'x', DATE '2013-01-02'), (2.5, '', NULL)) t(a, b, c)"
    query = (
        f"SELECT if(a = 1, '1', a::VARCHAR) AS a, b, c FROM ({query})" if "decimal_separator" not in options else query
    )
    if "decimal_separator" in options:
        expected = expected.replace(b"1;x", b"1,0;x")
    assert save(query, target_type="csv", path="out/a.csv", **options) == 2
    assert (context.root / "out/a.csv").read_bytes() == expected


def test_a_letter_that_the_encoding_lacks(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match="'日' cannot be written in latin-1") as error:
        save("SELECT '日' AS a", target_type="csv", path="a.csv", encoding="latin-1")
    assert (error.value.code, error.value.path) == ("wrong_encoding", "/config/encoding")
    assert not list(context.root.iterdir())


@pytest.mark.parametrize(
    "options", [{}, {"delimiter": ";", "decimal_separator": ","}, {"header": False}, {"encoding": "windows-1252"}]
)
def test_append_keeps_what_is_there(context: Context, save: Save, options: dict[str, Any]) -> None:
    config = {"target_type": "csv", "path": "a.csv", "mode": "append", **options}
    assert save("SELECT '00501' AS zip, 1.5 AS x, '' AS e, NULL AS n", **config) == 1
    first = (context.root / "a.csv").read_bytes()
    assert save("SELECT '7' AS zip, 2.5 AS x, 'y' AS e, DATE '2013-01-01' AS n", **config) == 1
    second = (context.root / "a.csv").read_bytes()
    assert second.startswith(first)
    assert second[len(first) :].count(b"\n") == 1


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(
    rows=st.lists(st.tuples(st.none() | TEXT, st.none() | st.integers(-(2**60), 2**60)), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back(
    context: Context, save: Save, load: Load, rows: list[tuple[str | None, int | None]], delimiter: str
) -> None:
    connection = context.session.connection
    connection.execute("CREATE OR REPLACE TEMP TABLE given (n BIGINT, t VARCHAR)")
    for text, number in rows:
        connection.execute("INSERT INTO given VALUES (?, ?)", [number, text])
    save("FROM given", target_type="csv", path="a.csv", delimiter=delimiter)
    options = {"quoted_empty": "text", "types": {"n": "BIGINT", "t": "VARCHAR"}, "delimiter": delimiter, "header": True}
    assert load(source_type="csv", path="a.csv", **options).fetchall() == [(number, text) for text, number in rows]
