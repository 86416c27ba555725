"""Parameters in SQL: a value enters as a literal, and can never become more."""

import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import expressions
from orchestrator.errors import NodeError
from orchestrator.expressions import check
from orchestrator.literals import as_text, sql_literal, substitute

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.text("' \"\\;-/*$()OR1=", max_size=20),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.sampled_from(
        ["' OR 1=1 --", "'; DROP TABLE t; --", "*/ getenv('HOME') /*", "$$", "\\' || b || \\'", "''", "x\ny"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(VALUES.filter(lambda value: "\0" not in str(value)))
def test_a_literal_is_its_value(value):
    ((found,),) = expressions.connection().execute(f"SELECT {sql_literal(value)}").fetchall()
    if isinstance(value, float) and math.isnan(value):
        assert math.isnan(found)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**127:
        assert math.isclose(float(found), float(value))
    else:
        assert found == value


def same_meaning(template, value):
    """The trees of the expression with the value and with an innocent one are the same but for the constant."""
    try:
        made = substitute(template, {"v": value})
    except NodeError:
        return None
    try:
        return skeleton(expressions.tree(made)), skeleton(expressions.tree(substitute(template, {"v": "x"})))
    except NodeError:
        return None


def skeleton(tree):
    if isinstance(tree, dict):
        hidden = {"literal", "column_names"} & tree.keys()
        return {k: skeleton(v) for k, v in tree.items() if k not in hidden and not k.startswith("query_location")}
    return [skeleton(each) for each in tree] if isinstance(tree, list) else tree


TEMPLATES = st.lists(
    st.sampled_from(
        ["a", "= ", "'", '"', "${v}", "||", "E'", "$$", "$t$", "--", "/*", "*/", "\n", "\r", "\\", " ", "1", "("]
    ),
    max_size=10,
).map("".join)
KNOWN = st.sampled_from(
    ["a = ${v}", "a = '${v}'", "'%${v}%' = a", '"${v}" = 1', "a -- ${v}\n", "E'\\'${v}'", "$$${v}$$"]
)


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(TEMPLATES, KNOWN),
    st.one_of(
        st.text("' \"\\;-/*$()OR1=\n\rt", max_size=12),
        st.sampled_from(
            ["' OR 1=1 --", "*/ OR 1=1 /*", "$$ || b || $$", "\\' || b || '", '" OR "', "\n OR 1=1", "x'||'y"]
        ),
    ),
)
def test_a_value_never_changes_what_an_expression_means(template, value):
    found = same_meaning(template, value)
    assert found is None or found[0] == found[1]


@pytest.mark.parametrize(
    ("template", "values", "made"),
    [
        ("a > ${n}", {"n": 5}, "a > 5"),
        ("a > ${n}", {"n": -5}, "a > (-5)"),
        ("a > ${n}", {"n": 1.5}, "a > (1.5::DOUBLE)"),
        ("a > ${n}", {"n": Decimal("1.50")}, "a > 1.50"),
        ("a > ${n}", {"n": None}, "a > NULL"),
        ("a = ${n}", {"n": True}, "a = TRUE"),
        ("d > ${n}", {"n": dt.date(2024, 1, 31)}, "d > (DATE '2024-01-31')"),
        ("d > ${n}", {"n": dt.datetime(2024, 1, 31, 12)}, "d > (TIMESTAMP '2024-01-31 12:00:00')"),
        ("d > ${n}", {"n": dt.datetime(2024, 1, 31, tzinfo=dt.UTC)}, "d > (TIMESTAMPTZ '2024-01-31 00:00:00+00:00')"),
        ("b = ${n}", {"n": "O'Hara"}, "b = 'O''Hara'"),
        ("b IN ${n}", {"n": ["x", 1]}, "b IN ['x', 1]"),
        ("b LIKE '%${n}%'", {"n": "O'Hara"}, "b LIKE '%O''Hara%'"),
        ("b = 'from ${n} on'", {"n": True}, "b = 'from true on'"),
        ("b = '${n}'", {"n": None}, "b = ''"),
        ("d > DATE '${n}'", {"n": dt.date(2024, 1, 31)}, "d > DATE '2024-01-31'"),
        ('"${n}" > 1', {"n": 'a"b'}, '"a""b" > 1'),
        ("a -- ${n}\n", {"n": "x\ny"}, "a -- \n"),
        ("a -- c\r = ${n}", {"n": "x"}, "a -- c\r = 'x'"),
        ("a /* ${n} */", {"n": "*/ b"}, "a /*  */"),
        ("${n} = ${m} || ${n}", {"n": "x", "m": "y"}, "'x' = 'y' || 'x'"),
        ("{'a': {'b': 1}}", {}, "{'a': {'b': 1}}"),
    ],
)
def test_parameters_enter_as_typed_literals(template, values, made):
    assert substitute(template, values) == made
    check(made)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (1.5, "1.5"),
        ("x", "x"),
        (dt.date(2024, 1, 31), "2024-01-31"),
    ],
)
def test_a_value_as_text(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("template", "right"),
    [
        ('"a"${v}', False),
        ('"a" /* c */ ${v}', False),
        ("\"a${v}\"''", False),
        ("\"a${v}\" -- c\n E'x'", False),
        ('"a${v}"$$x$$', False),
        ('"a${v}"' + "/**/" * 60 + " = 1", True),
        ('"a" = ${v}', True),
        ("\"a${v}\" = ''", True),
        ("\"date\" '2024-01-31' = d", True),
    ],
)
def test_no_value_is_or_makes_a_type(template, right):
    if right:
        substitute(template, {"v": "x"})
    else:
        with pytest.raises(NodeError, match="a text right behind a quoted name would make the name a type"):
            substitute(template, {"v": "x"})
