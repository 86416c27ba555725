import pytest

TEXTS = ["hELLO wORLD", "don't o’neill-smith 2ND", "straße éÉ  x", "日本 ñ", " a.b", "", None]
CASES = [
    ("upper", ["HELLO WORLD", "DON'T O’NEILL-SMITH 2ND", "STRAẞE ÉÉ  X", "日本 Ñ", " A.B", "", None]),
    ("lower", ["hello world", "don't o’neill-smith 2nd", "straße éé  x", "日本 ñ", " a.b", "", None]),
    ("title", ["Hello World", "Don't O’neill-Smith 2nd", "Straße Éé  X", "日本 Ñ", " A.B", "", None]),
    ("sentence", ["Hello world", "Don't o’neill-smith 2nd", "Straße éé  x", "日本 ñ", " a.b", "", None]),
]


@pytest.mark.parametrize(("case", "expected"), CASES)
@pytest.mark.parametrize("name", ["t", "w", 'x"{}'])
def test_changes(run, case, expected, name):
    made = run("change_case", {"columns": [name], "case": case}, table={name: TEXTS})
    assert [row[0] for row in made] == expected


REFUSED = [
    ({"columns": ["t", "n"], "case": "upper"}, "type_mismatch", "/config/columns/1"),
    ({"columns": ["t"], "case": "camel"}, "invalid_config", "/config/case"),
    ({"columns": ["t"]}, "invalid_config", "/config/case"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("change_case", config, table=[{"t": "a", "n": 1}])[:2] == (code, path)
