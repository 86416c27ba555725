import pytest

TEXTS = ["7", "abcd", "日本", "", None]
CASES = [
    ({"width": 3}, ["  7", "abcd", " 日本", "   ", None]),
    ({"width": 3, "character": "0"}, ["007", "abcd", "0日本", "000", None]),
    ({"width": 3, "side": "right", "character": "🦋"}, ["7🦋🦋", "abcd", "日本🦋", "🦋🦋🦋", None]),
    ({"width": 4, "character": "'"}, ["'''7", "abcd", "''日本", "''''", None]),
    ({"width": 1}, ["7", "abcd", "日本", " ", None]),
]


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_pads(run, config, expected):
    assert [row[0] for row in run("pad", {"columns": ["t"], **config}, table={"t": TEXTS})] == expected


REFUSED = [
    ({"columns": ["t", "n"]}, "type_mismatch", "/config/columns/1"),
    ({"width": 0}, "invalid_config", "/config/width"),
    ({"width": 10_001}, "invalid_config", "/config/width"),
    ({"character": ""}, "invalid_config", "/config/character"),
    ({"character": "ab"}, "invalid_config", "/config/character"),
    ({"side": "both"}, "invalid_config", "/config/side"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("pad", {"columns": ["t"], "width": 3, **config}, table=[{"t": "a", "n": 1}])[:2] == (code, path)
