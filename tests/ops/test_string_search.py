import pytest

from orchestrator.patterns import groups

TEXTS = ["a-1, b-22", "A-3", "", None, "日本-7"]


def searched(run, config, values=TEXTS):
    """The new columns of the rows that match, and the texts of those that do not."""
    made = run("string_search", {"column": "t", **config}, table={"t": values})
    return [row[1:] for row in made["matched"]], [row[0] for row in made["not_matched"]]


CASES = [
    ({"find": "[a-z]"}, [("a",)], ["A-3", "", None, "日本-7"]),
    ({"find": "a", "ignore_case": True}, [("a",), ("A",)], ["", None, "日本-7"]),
    ({"find": r"-(\d)(\d)?"}, [("-1", "1", ""), ("-3", "3", ""), ("-7", "7", "")], ["", None]),
    ({"find": r"(?P<word>\pL+)-(\d+)"}, [("a-1", "a", "1"), ("A-3", "A", "3"), ("日本-7", "日本", "7")], ["", None]),
    ({"find": r"\d+", "all_matches": "all"}, [("1", ["1", "22"]), ("3", ["3"]), ("7", ["7"])], ["", None]),
    ({"find": "^$"}, [("",)], ["a-1, b-22", "A-3", None, "日本-7"]),
    ({"find": "x|3"}, [("3",)], ["a-1, b-22", "", None, "日本-7"]),
    ({"find": r"\QA-\E", "match": "m"}, [("A-",)], ["a-1, b-22", "", None, "日本-7"]),
    ({"find": "z"}, [], TEXTS),
]


@pytest.mark.parametrize(("config", "matched", "not_matched"), CASES)
def test_searches(run, config, matched, not_matched):
    assert searched(run, config) == (matched, not_matched)


def test_new_columns(run):
    config = {"column": "t", "find": "(a)(?P<b_>c)((x))", "match": 'm "q', "all_matches": "all"}
    made = [('m "q', "VARCHAR"), ('m "q_1', "VARCHAR"), ("b_", "VARCHAR"), ('m "q_3', "VARCHAR"), ('m "q_4', "VARCHAR")]
    there = [("t", "VARCHAR"), ("match", "BIGINT")]
    table = [{"t": "x", "match": 1}]
    assert run.columns("string_search", config, "matched", table=table) == [*there, *made, ("all", "VARCHAR[]")]
    assert run.columns("string_search", config, "not_matched", table=table) == there


GROUPS = [
    ("a", []),
    ("(a)(b(c))", [None, None, None]),
    ("(?:a)(?i)(?i:b)(?P<name>c)", ["name"]),
    (r"\(a\)[(](b)[^)(](c)[]()](d)[[:alpha:](](e)", [None] * 4),
    (r"\Q(a)(\E(b)\Q(", [None]),
    (r"\\(a)[\](](b)", [None, None]),
]


@pytest.mark.parametrize(("pattern", "names"), GROUPS)
def test_groups_of_a_pattern(session, pattern, names):
    assert groups(pattern) == names
    refers = "regexp_replace('', ?, ?)"
    assert session.connection.execute(f"SELECT {refers}", [pattern, f"\\{len(names)}"]).fetchall()
    with pytest.raises(Exception, match="requests"):
        session.connection.execute(f"SELECT {refers}", [pattern, f"\\{len(names) + 1}"])


REFUSED = [
    ({"column": "n", "find": "a"}, "type_mismatch", "/config/column"),
    ({"find": "(a"}, "invalid_config", "/config/find"),
    ({"find": r"\Qa"}, "invalid_config", "/config/find"),
    ({"find": ""}, "invalid_config", "/config/find"),
    ({"find": "(?P<n>a)"}, "duplicate_column", "/config/find"),
    ({"find": "(?P<a>a)(?P<A>b)"}, "invalid_config", "/config/find"),
    ({"find": "(?P<match>a)"}, "invalid_config", "/config/find"),
    ({"find": "a", "match": "T"}, "duplicate_column", "/config/match"),
    ({"find": "a", "all_matches": "n"}, "duplicate_column", "/config/all_matches"),
    ({"find": "a", "all_matches": "Match"}, "invalid_config", "/config/all_matches"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("string_search", {"column": "t", **config}, table=[{"t": "a", "n": 1}])[:2] == (code, path)
