import pytest

TEXTS = ["a-b-a", "A.B", "", None, "日本 ß", "x\\1\ny"]


def replaced(run, config, values=TEXTS):
    return [row[0] for row in run("string_replace", {"columns": ["t"], **config}, table={"t": values})]


CASES = [
    ({"find": "a"}, ["-b-", "A.B", "", None, "日本 ß", "x\\1\ny"]),
    ({"find": "-", "replace": "+"}, ["a+b+a", "A.B", "", None, "日本 ß", "x\\1\ny"]),
    ({"find": "a", "replace": "\\0", "ignore_case": True}, ["\\0-b-\\0", "\\0.B", "", None, "日本 ß", "x\\1\ny"]),
    ({"find": ".", "replace": "", "ignore_case": True}, ["a-b-a", "AB", "", None, "日本 ß", "x\\1\ny"]),
    ({"find": "\\1\n", "replace": "'{}'"}, ["a-b-a", "A.B", "", None, "日本 ß", "x'{}'y"]),
    ({"find": "本", "replace": "🦋"}, ["a-b-a", "A.B", "", None, "日🦋 ß", "x\\1\ny"]),
    ({"mode": "regex", "find": "(a|x)(.)", "replace": "\\2\\1"}, ["-ab-a", "A.B", "", None, "日本 ß", "\\x1\ny"]),
    ({"mode": "regex", "find": "B", "replace": "<\\0>", "ignore_case": True}, 
     ["a-<b>-a", "A.<B>", "", None, "日本 ß", "x\\1\ny"]),
    ({"mode": "regex", "find": "^", "replace": ">"}, [">a-b-a", ">A.B", ">", None, ">日本 ß", ">x\\1\ny"]),
    ({"find": "b", "replace": "b", "no_match": "null"}, ["a-b-a", None, None, None, None, None]),
    ({"find": "B", "replace": "", "no_match": "value", "no_match_value": "?", "ignore_case": True}, 
     ["a--a", "A.", "?", None, "?", "?"]),
    ({"mode": "regex", "find": "^$", "replace": "empty", "no_match": "value", "no_match_value": ""}, 
     ["", "", "empty", None, "", ""]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_replaces(run, config, expected):
    assert replaced(run, config) == expected


NAMED = [
    ({"columns": ["t"]}, ["t", "n", "u"], ("o", 1, "oo")),
    ({"columns": ["u", "t"]}, ["t", "n", "u"], ("o", 1, "ooo")),
    ({"columns": ["t"], "name": "new"}, ["t", "n", "u", "new"], ("a", 1, "oo", "o")),
    ({"columns": ["t"], "name": "N"}, ["t", "N", "u"], ("a", "o", "oo")),
    ({"columns": ["t"], "name": "T"}, ["T", "n", "u"], ("o", 1, "oo")),
]


@pytest.mark.parametrize(("config", "columns", "row"), NAMED)
def test_changes_in_place_or_into_a_column(run, config, columns, row):
    table = [{"t": "a", "n": 1, "u": "oo" if "u" not in config["columns"] else "aoo"}]
    config = {**config, "find": "a", "replace": "o"}
    assert [name for name, _ in run.columns("string_replace", config, table=table)] == columns
    assert run("string_replace", config, table=table) == [row]


REFUSED = [
    ({"columns": ["t", "n"], "find": "a"}, "type_mismatch", "/config/columns/1"),
    ({"columns": [], "find": "a"}, "invalid_config", "/config/columns"),
    ({"columns": ["t"], "find": ""}, "invalid_config", "/config/find"),
    ({"columns": ["t"], "find": "(", "mode": "regex"}, "invalid_config", "/config/find"),
    ({"columns": ["t"], "find": "(?=a)", "mode": "regex"}, "invalid_config", "/config/find"),
    ({"columns": ["t"], "find": "(a)", "mode": "regex", "replace": "\\2"}, "invalid_config", "/config/replace"),
    ({"columns": ["t"], "find": "a", "mode": "regex", "replace": "\\"}, "invalid_config", "/config/replace"),
    ({"columns": ["t"], "find": "a", "no_match": "value"}, "invalid_config", "/config/no_match_value"),
    ({"columns": ["t"], "find": "a", "no_match_value": ""}, "invalid_config", "/config/no_match_value"),
    ({"columns": ["t", "u"], "find": "a", "name": "v"}, "invalid_config", "/config/name"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("string_replace", config, table=[{"t": "a", "n": 1, "u": "b"}])[:2] == (code, path)


SAID = [
    ("(", "", "This regular expression is not valid: a ')' is missing."),
    ("(?=a)", "", "This regular expression is not valid: RE2 has no look-ahead, look-behind or the like."),
    ("(x)", "\\3", "The replacement names group 3; the expression has 1."),
    ("x", "\\1", "The replacement names group 1; the expression has none."),
    ("x", "\\n", "In the replacement a backslash stands before a digit, or before another backslash."),
]


@pytest.mark.parametrize(("find", "replace", "message"), SAID)
def test_says_what_is_wrong_with_an_expression(run, find, replace, message):
    config = {"columns": ["t"], "find": find, "replace": replace, "mode": "regex"}
    assert run.refuses("string_replace", config, table=[{"t": "a"}])[2] == message
