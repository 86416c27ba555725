import sys

import pytest

from orchestrator.ops.trim import BLANKS

TEXTS = ["  a b\t\n", "\u00a0\u3000日本\u2003", "--a-_b_-", " \r\n", "", None]
CASES = [
    ({}, ["a b", "日本", "--a-_b_-", "", "", None]),
    ({"side": "left"}, ["a b\t\n", "日本\u2003", "--a-_b_-", "", "", None]),
    ({"side": "right"}, ["  a b", "\u00a0\u3000日本", "--a-_b_-", "", "", None]),
    ({"characters": "-_"}, ["  a b\t\n", "\u00a0\u3000日本\u2003", "a-_b", " \r\n", "", None]),
    ({"characters": "-", "side": "right"}, ["  a b\t\n", "\u00a0\u3000日本\u2003", "--a-_b_", " \r\n", "", None]),
    ({"characters": "'\u3000\u00a0"}, ["  a b\t\n", "日本\u2003", "--a-_b_-", " \r\n", "", None]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_trims(run, config, expected):
    assert [row[0] for row in run("trim", {"columns": ["t"], **config}, table={"t": TEXTS})] == expected


def test_blanks_are_those_of_unicode():
    """Python strips four control characters besides."""
    assert set(BLANKS) == {chr(n) for n in range(sys.maxunicode + 1) if chr(n).isspace()} - set("\x1c\x1d\x1e\x1f")


REFUSED = [
    ({"columns": ["t", "n"]}, "type_mismatch", "/config/columns/1"),
    ({"characters": ""}, "invalid_config", "/config/characters"),
    ({"side": "top"}, "invalid_config", "/config/side"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("trim", {"columns": ["t"], **config}, table=[{"t": "a", "n": 1}])[:2] == (code, path)


@pytest.mark.parametrize(("value", "expected"), [("' a'::ENUM (' a', 'b')", "a"), ("NULL", None)])
def test_what_is_text_too(run, value, expected):
    table = f"SELECT {value} AS t"
    assert run("trim", {"columns": ["t"]}, table=table) == [(expected,)]
    assert run.columns("trim", {"columns": ["t"]}, table=table) == [("t", "VARCHAR")]
