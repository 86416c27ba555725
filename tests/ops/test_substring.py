import pytest

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
