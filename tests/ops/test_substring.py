import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.expressions import connection
from orchestrator.ops.substring import Substring

TEXTS = ["abcdef", "añb日🦋", "a", "", None]
CASES = [
    ({}, TEXTS),
    ({"start": 2}, ["bcdef", "ñb日🦋", "", "", None]),
    ({"start": -2}, ["ef", "日🦋", "a", "", None]),
    ({"end": 2}, ["ab", "añ", "a", "", None]),
    ({"end": -3}, ["abcd", "añb", "", "", None]),
    ({"start": 2, "end": -2}, ["bcde", "ñb日", "", "", None]),
    ({"start": -3, "end": 4}, ["d", "b日", "a", "", None]),
    ({"start": 5, "end": 2}, ["", "", "", "", None]),
    ({"start": 2, "length": 3}, ["bcd", "ñb日", "", "", None]),
    ({"length": 1}, ["a", "a", "a", "", None]),
    ({"length": 0}, ["", "", "", "", None]),
    ({"start": -2, "length": 1}, ["e", "日", "", "", None]),
    ({"start": -2, "length": 2}, ["ef", "日🦋", "a", "", None]),
    ({"start": -2, "length": 9}, ["ef", "日🦋", "a", "", None]),
    ({"start": -1, "length": 0}, ["", "", "", "", None]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_keeps(run, config, expected):
    made = run("substring", {"columns": ["t"], "name": "part", **config}, table={"t": TEXTS})
    assert made == list(zip(TEXTS, expected, strict=True))


REFUSED = [
    ({"start": 0}, "invalid_config", "/config/start"),
    ({"end": 0}, "invalid_config", "/config/end"),
    ({"end": 2, "length": 2}, "invalid_config", "/config/length"),
    ({"length": -1}, "invalid_config", "/config/length"),
    ({"columns": ["t", "n"]}, "type_mismatch", "/config/columns/1"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("substring", {"columns": ["t"], **config}, table=[{"t": "a", "n": 1}])[:2] == (code, path)


PLACES = st.integers(-9, 9).filter(bool)


@settings(deadline=None, max_examples=100)
@given(st.text("añ日🦋 ", max_size=8), PLACES, st.one_of(st.none(), PLACES))
def test_agrees_with_python(text, start, end):
    """Whose slices begin at 0 and leave their end out."""
    sql = Substring(columns=["t"], start=start, end=end).sql("?")
    first = start - 1 if start > 0 else max(len(text) + start, 0)
    last = len(text) if end is None else end if end > 0 else max(len(text) + end + 1, 0)
    assert connection().execute(f"SELECT {sql}", [text]).fetchall() == [(text[first:last],)]
