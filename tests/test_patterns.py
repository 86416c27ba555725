"""Regular expressions that stand in expressions: those that end a run are told while they are written."""

import time

import duckdb
import pytest

from orchestrator.errors import NodeError
from orchestrator.expressions import check
from orchestrator.patterns import MOST, cost, wrong

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


def test_a_late_one_is_looked_at_too():
    with pytest.raises(NodeError):
        check(" OR ".join([*(f"s ~ '^a{number}$'" for number in range(500)), "s ~ '('"]))


COSTLY = [r"\pL" * 30_000, r"[^\pL]" * 9_000, "a{1000}" * 14_000]


@pytest.mark.parametrize("pattern", COSTLY, ids=range(len(COSTLY)))
def test_what_takes_too_long_is_refused_unseen(pattern):
    began = time.process_time()
    with pytest.raises(NodeError, match="would take too long: it has too many"):
        check(f"s ~ '{pattern}'")
    assert time.process_time() - began < 1


def test_what_takes_what_is_left_is_left_to_the_run():
    costly = [r"(?i)" + f"{number}" + r"\pL" * 300 for number in range(20)]
    assert sum(map(cost, costly)) > MOST > sum(map(cost, costly[:10]))
    wrong_at_last = f"s ~ '{costly[-1]}('"
    assert check(" OR ".join([*(f"s ~ '{each}'" for each in costly), wrong_at_last]))
    with pytest.raises(NodeError, match="is not valid"):
        check(" OR ".join([*(f"s ~ '{each}'" for each in costly), wrong_at_last, "s ~ '('"]))


COSTS = [
    r"\pL" * 1_000, r"[^\pL]" * 100, r"\pL{1000}", "(.{30}){33}", ".{0,1000}", "a{1000}" * 100, "a{0}", "a{}{,2}",
    "((a{9}){9}){9}" * 1_000, "." * 1_000, "[^é]" * 1_000, ".*" * 40_000, "(?i)" + "k" * 90_000, "a{" + "9" * 9_000,
    "(" * 1_000 + "a" + ")" * 1_000, "^a$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", COSTS, ids=range(len(COSTS)))
def test_a_pattern_takes_no_longer_than_it_is_thought_to(pattern):
    """Five times as long is left to a busy machine."""
    began = time.process_time()
    wrong.__wrapped__(pattern)
    assert time.process_time() - began < 5 * cost(pattern) / 1e6


@pytest.mark.parametrize("expression", RIGHT)
def test_right(expression):
    assert check(expression) == expression
    assert len(run(expression)) == 2
