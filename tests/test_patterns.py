"""Regular expressions that stand in expressions: those that end a run are told while they are written."""

import duckdb
import pytest

from orchestrator.errors import NodeError
from orchestrator.expressions import check
from orchestrator.patterns import AT_MOST

WRONG = [
    ("regexp_matches(s, '(')", "the regular expression '(' is not valid: a ')' is missing", 18),
    ("'é' = s OR s ~ 'a)'", "the regular expression 'a)' is not valid: there is a ')' too many", 15),
    ("s !~ '['", "the regular expression '[' is not valid: a ']' is missing", 5),
    ("s SIMILAR TO '*'", "the regular expression '*' is not valid: there is nothing before '*', '+' or '?' that", 13),
    ("regexp_full_match(s, 'a**')", "the regular expression 'a**' is not valid: a repetition cannot be repeated", 21),
    ("regexp_extract(s, '(?=a)', 0)", "the regular expression '(?=a)' is not valid: RE2 has no look-ahead", 18),
    ("regexp_extract_all(s, '[z-a]')", "the regular expression '[z-a]' is not valid: a range in [] goes backwards", 22),
    ("string_split_regex(s, '\\')", "the regular expression '\\' is not valid: it ends with a backslash", 22),
    ("str_split_regex(s, E'\\\\y')", "the regular expression '\\y' is not valid: a letter behind a backslash", 19),
    ("regexp_split_to_array(s, '(', 'i')", "the regular expression '(' is not valid: a ')' is missing", 25),
    ("regexp_replace(s, '(', s)", "the regular expression '(' is not valid: a ')' is missing", 18),
    ("regexp_replace(s, '(a)', '\\2', 'g')", "the replacement names group 2; the expression has 1", 25),
    ("CASE WHEN s ~ '(' THEN 1 END", "the regular expression '(' is not valid: a ')' is missing", 14),
]
RIGHT = [
    "s ~ '^a.*(b|c)$'", "s ~ ''", "s ~ s", "regexp_matches(s, '(', 'l')", "regexp_replace(s, '(', 'x', 'l')",
    "regexp_replace(s, '(a)', '\\1', 'g')", "regexp_extract(s, '(?P<y>a)', ['y'])",
    "regexp_extract_all(s, '(a)', 1, 'i')", "s ~ NULL",
    "regexp_escape('(')", "split(s, '(')", "contains(s, '(')", "s LIKE '('", "s = '('", "regexp_replace(s, s, 'x')",
]  # fmt: skip


def run(expression):
    with duckdb.connect() as connection:
        return connection.sql(f"SELECT {expression} FROM (SELECT unnest(['abc', 'x']) AS s)").fetchall()


@pytest.mark.parametrize(("expression", "reason", "position"), WRONG)
def test_wrong(expression, reason, position):
    with pytest.raises(NodeError) as caught:
        check(expression)
    assert (caught.value.code, caught.value.position) == ("invalid_expression", position)
    assert caught.value.message.startswith(f"This expression cannot be used: {reason}")
    with pytest.raises(duckdb.InvalidInputException):
        run(expression)


def test_only_the_first_are_looked_at():
    """Each takes its time, and DuckDB looks at all of them in the run."""
    right = [f"s ~ 'a{number}'" for number in range(AT_MOST)]
    assert check(" OR ".join([*right, "s ~ '('"]))
    with pytest.raises(NodeError):
        check(" OR ".join([*right[1:], "s ~ '('"]))


@pytest.mark.parametrize("expression", RIGHT)
def test_right(expression):
    assert check(expression) == expression
    assert len(run(expression)) == 2
