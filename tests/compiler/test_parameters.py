"""Parameters: every type, what it takes, and what it refuses."""

import datetime as dt

import pytest

from orchestrator.compiler.parameters import resolve, samples, unknown_parameters
from orchestrator.errors import InvalidGraph, NodeError
from orchestrator.graph import parse
from orchestrator.literals import placeholders
from orchestrator.ops.settings import bind_parameters

DAY, MOMENT = dt.date(2026, 1, 31), dt.datetime(2026, 1, 31, 12)


def workflow(*parameters):
    return parse({"parameters": list(parameters)})


def one(kind, **more):
    return workflow({"name": "p", "type": kind, **more})


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("string", "x", "x"),
        ("string", "", ""),
        ("integer", 5, 5),
        ("integer", "5", 5),
        ("integer", 5.0, 5),
        ("integer", -(10**30), -(10**30)),
        ("number", 5, 5.0),
        ("number", "1e3", 1000.0),
        ("boolean", True, True),
        ("boolean", "TRUE", True),
        ("boolean", "false", False),
        ("date", "2026-01-31", DAY),
        ("datetime", "2026-01-31T12:00:00", MOMENT),
        ("datetime", "2026-01-31 12:00", MOMENT),
        ("datetime", "2026-01-31T12:00:00Z", MOMENT.replace(tzinfo=dt.UTC)),
        ("choice", "b", "b"),
        ("choice", 2, 2),
        ("choice", "2", 2),
        ("choice", 2.0, 2),
        ("choice", "true", True),
        ("choice", "7", "7"),
        ("file", "a/b.csv", "a/b.csv"),
        ("secret", "s3cret", "s3cret"),
        *((kind, None, None) for kind in ("string", "integer", "number", "boolean", "date", "choice", "secret")),
    ],
)
def test_values(kind, given, value):
    found = resolve(one(kind, choices=["a", "b", 2, True, 7, "7"]), {"p": given})["p"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("string", 5, "text"),
        ("integer", "five", "a whole number"),
        ("integer", 1.5, "a whole number"),
        ("integer", True, "a whole number"),
        ("integer", [1], "a whole number"),
        ("integer", "9" * 5000, "a whole number"),
        ("number", "x", "a number"),
        ("number", True, "a number"),
        ("number", "nan", "a number"),
        ("number", "inf", "a number"),
        ("number", float("inf"), "a number"),
        ("number", {}, "a number"),
        ("boolean", 1, "true or false"),
        ("boolean", "yes", "true or false"),
        ("date", "31.1.2026", "a date such as 2026-01-31"),
        ("date", 20260131, "a date such as 2026-01-31"),
        ("date", "2026-02-30", "a date such as 2026-01-31"),
        ("datetime", "noon", "a date and time such as 2026-01-31T12:00:00"),
        ("choice", "c", "one of a, b, 2"),
        ("choice", ["a"], "one of a, b, 2"),
        ("file", 1, "a path below the data root"),
    ],
)
def test_wrong_types(kind, given, wanted):
    with pytest.raises(InvalidGraph) as caught:
        resolve(one(kind, choices=["a", "b", 2]), {"p": given})
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("invalid_parameter", "/parameters/p")
    assert problem.message.startswith(f"Parameter 'p' takes {wanted}; ")
    assert len(problem.message) < 300


@pytest.mark.parametrize(
    ("given", "shown"), [(True, "true"), ("x", "'x'"), ([None], "[null]"), ({"ä": 1.5}, '{"ä": 1.5}')]
)
def test_a_wrong_value_is_shown_as_json_has_it(given, shown):
    with pytest.raises(InvalidGraph) as caught:
        resolve(one("integer"), {"p": given})
    assert caught.value.problems[0].message == f"Parameter 'p' takes a whole number; {shown} is not."


def test_a_choice_without_choices_is_one_problem():
    assert [each.message for each in samples(one("choice", default="a"))[2]] == ["Parameter 'p' has no choices."]


def test_a_wrong_secret_is_not_repeated():
    with pytest.raises(InvalidGraph) as caught:
        resolve(one("secret"), {"p": ["s3cret"]})
    assert caught.value.message == "Parameter 'p' takes text; a secret is not."


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        ({"type": "integer", "default": 5}, {}, 5),
        ({"type": "integer", "default": 5}, {"p": 6}, 6),
        ({"type": "integer", "default": 5}, {"p": None}, None),
        ({"type": "integer", "default": "5", "required": True}, {}, 5),
        ({"type": "date", "default": "2026-01-31"}, {}, DAY),
        ({"type": "integer"}, {}, None),
    ],
)
def test_defaults(parameter, given, value):
    assert resolve(workflow({"name": "p", **parameter}), given) == {"p": value}


def test_every_mistake_at_once():
    declared = workflow(
        {"name": "limit", "type": "integer", "required": True}, {"name": "day", "type": "date"}, {"name": "ok"}
    )
    with pytest.raises(InvalidGraph) as caught:
        resolve(declared, {"limt": 1, "a/b": 1, "day": "x", "ok": "y"})
    assert [(each.code, each.path, each.hint) for each in caught.value.problems] == [
        ("unknown_parameter", "/parameters/limt", "limit, day, ok"),
        ("unknown_parameter", "/parameters/a~1b", "limit, day, ok"),
        ("missing_parameter", "/parameters/limit", None),
        ("invalid_parameter", "/parameters/day", None),
    ]
    assert caught.value.problems[0].message == "Parameter 'limt' is not in this workflow. Did you mean 'limit'?"


@pytest.mark.parametrize("given", [None, ""])
def test_a_required_parameter_may_not_be_null(given):
    declared = one("string", required=True)
    if given is None:
        with pytest.raises(InvalidGraph, match="needs a value"):
            resolve(declared, {"p": given})
    else:
        assert resolve(declared, {"p": given}) == {"p": ""}


KINDS = ("string", "integer", "number", "boolean", "date", "datetime", "choice", "file", "secret")


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_of_its_type(kind):
    declared = one(kind, choices=[3, 4])
    values, open_names, problems = samples(declared)
    assert (open_names, problems) == ({"p"}, [])
    if kind not in ("date", "datetime"):
        assert resolve(declared, values) == values


def test_a_default_is_the_sample():
    assert samples(one("integer", default="7")) == ({"p": 7}, frozenset(), [])


@pytest.mark.parametrize(
    ("parameters", "path", "message"),
    [
        ([{"name": "p"}, {"name": "p"}], "/parameters/1/name", "Two parameters are called 'p'."),
        ([{"name": "graphmill"}], "/parameters/0/name", "Parameter 'graphmill': the name is kept for the system."),
        ([{"name": "p", "type": "choice"}], "/parameters/0/choices", "Parameter 'p' has no choices."),
        (
            [{"name": "p", "type": "number", "default": "x"}],
            "/parameters/0/default",
            "Parameter 'p' takes a number; 'x' is not.",
        ),
    ],
)
def test_parameters_that_make_no_sense(parameters, path, message):
    _, _, problems = samples(workflow(*parameters))
    assert [(each.code, each.path, each.message) for each in problems] == [("invalid_parameter", path, message)]


CONFIG = {"a": "${x} and ${y}", "b": [{"c/d": "${z}"}, "${x}", 5, None], "e": "$x {y} ${", "f": True}


def test_placeholders_are_found_wherever_they_stand():
    found = placeholders(CONFIG)
    assert found == [
        ("/config/a", "x"), ("/config/a", "y"), ("/config/b/0/c~1d", "z"), ("/config/b/1", "x"),
    ]  # fmt: skip
    told = [(each.path, each.code, each.hint) for each in unknown_parameters(found, {"x": 1})]
    assert told == [
        ("/config/a", "unknown_parameter", "parameters: x"),
        ("/config/b/0/c~1d", "unknown_parameter", "parameters: x"),
    ]
    assert list(unknown_parameters(found, dict.fromkeys("xyz"))) == []


def test_a_setting_is_bound_in_place_and_the_rest_left_alone():
    bound = bind_parameters(CONFIG, {"x": 1, "y": None, "z": DAY})
    assert bound == {"a": "1 and ", "b": [{"c/d": DAY}, 1, 5, None], "e": "$x {y} ${", "f": True}
    plain = {"rows": [{"a": "x"}]}
    assert bind_parameters(plain, {}) is plain
    with pytest.raises(NodeError, match="Parameter 'x' is not in this workflow"):
        bind_parameters(CONFIG, {})
