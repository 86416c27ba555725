import pytest

from orchestrator.errors import NodeError
from orchestrator.expressions import substitute, unusable

PUT_IN = [
    ("a > ${v}", 5, "a > 5"),
    ("a > ${v}", "x' OR '", "a > 'x'' OR '''"),
    ("'is ${v}'", "it's", "'is it''s'"),
    ('"${v}"', 'a"b', '"a""b"'),
    ("a -- ${v} /* \n + ${v}", 1, "a --  /* \n + 1"),
    ("a /* ${v} */ + ${v}", 1, "a /*  */ + 1"),
    (r"E'\'' || ${v}", "x", r"E'\'' || 'x'"),
    ("$$it's$$ || ${v}", "x", "$$it's$$ || 'x'"),
    ("$t$ $$ ' $t$ || ${v}", "x", "$t$ $$ ' $t$ || 'x'"),
    ("DATE'2024-01-01' + ${v}", 1, "DATE'2024-01-01' + 1"),
]


@pytest.mark.parametrize(("template", "value", "expected"), PUT_IN)
def test_a_value_enters_as_a_value(template, value, expected):
    assert substitute(template, {"v": value}) == expected


NOWHERE = [r"E'\'${v}'", r"e'\\${v}'", "$$ ${v} $$", "$t$ ${v} $t$", "1 /* /* */ ${v} */"]


@pytest.mark.parametrize("template", NOWHERE)
def test_where_a_value_could_become_more_it_is_refused(template):
    with pytest.raises(NodeError, match=r"a parameter can stand in '…'"):
        substitute(template, {"v": "*/ , getenv('HOME')"})


FUNCTIONS = [
    ("upper", None),
    ("sum", None),
    ("getenv", "function 'getenv' is not allowed"),
    ("read_text", "function 'read_text' is not allowed"),
    ("uper", "function 'uper' does not exist. Did you mean 'upper'?"),
]


@pytest.mark.parametrize(("name", "reason"), FUNCTIONS)
def test_functions_that_nobody_may_call(name, reason):
    assert unusable(name) == reason


def test_a_function_of_a_schema_is_not_allowed():
    assert unusable("upper", qualified=True) == "function 'upper' is not allowed"
