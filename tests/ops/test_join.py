import dataclasses

import pytest

LEFT = [{"k": 1, "a": "l1"}, {"k": 2, "a": "l2"}, {"k": None, "a": "l3"}, {"k": 2, "a": "l4"}]
RIGHT = [{"k": 3, "b": "r1"}, {"k": 2, "b": "r2"}, {"k": 2, "b": "r3"}, {"k": None, "b": "r4"}]
KEYS = [{"left": "k", "right": "k"}]
PAIRS = [(2, "l2", "r2"), (2, "l2", "r3"), (2, "l4", "r2"), (2, "l4", "r3")]

HOW = [
    ("inner", PAIRS),
    ("left", [(1, "l1", None), *PAIRS[:2], (None, "l3", None), *PAIRS[2:]]),
    ("right", [*PAIRS, (3, None, "r1"), (None, None, "r4")]),
    ("full", [(1, "l1", None), *PAIRS[:2], (None, "l3", None), *PAIRS[2:], (3, None, "r1"), (None, None, "r4")]),
    ("semi", [(2, "l2"), (2, "l4")]),
    ("anti", [(1, "l1"), (None, "l3")]),
]


@pytest.mark.parametrize(("how", "expected"), HOW)
def test_how(run, how, expected):
    made = run("join", {"how": how, "keys": KEYS}, left=LEFT, right=RIGHT)
    assert made["joined"] == expected
    assert made["left_only"] == [(1, "l1"), (None, "l3")]
    assert made["right_only"] == [(3, "r1"), (None, "r4")]


@pytest.mark.parametrize(("how", "expected"), HOW)
def test_same_rows_where_nobody_sees_the_order(run, context, how, expected):
    unseen = dataclasses.replace(context, keep_order=False)
    made = run("join", {"how": how, "keys": KEYS}, context=unseen, left=LEFT, right=RIGHT)
    assert sorted(made["joined"], key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("how", [how for how, _ in HOW])
def test_one_side_empty(run, how):
    none = "SELECT 1::BIGINT AS k, '' AS b WHERE false"
    made = run("join", {"how": how, "keys": KEYS}, left=LEFT, right=none)
    assert len(made["joined"]) == (0 if how in ("inner", "right", "semi") else 4)
    assert (len(made["left_only"]), made["right_only"]) == (4, [])
    made = run("join", {"how": how, "keys": KEYS}, left="SELECT 1 AS k, '' AS a WHERE false", right=RIGHT)
    assert len(made["joined"]) == (4 if how in ("right", "full") else 0)
    assert (made["left_only"], len(made["right_only"])) == ([], 4)


NAMES = [
    ({"x": [1], "a": [1]}, {"x": [1], "a": [2]}, ["x", "a", "a_right"]),
    ({"x": [1], "a": [1]}, {"x": [1], "A": [2]}, ["x", "a", "A_right"]),
    ({"x": [1], "a": [1], "a_right": [1]}, {"x": [1], "a": [2]}, ["x", "a", "a_right", "a_right_2"]),
    ({"x": [1], "a": [1]}, {"x": [1], "a": [2], "a_right": [3]}, ["x", "a", "a_right", "a_right_right"]),
    ({"x": [1], "_row": [1]}, {"x": [1], "_row": [2]}, ["x", "_row", "_row_right"]),
]


@pytest.mark.parametrize(("left", "right", "columns"), NAMES)
def test_names_stay_unique(run, left, right, columns):
    config = {"how": "full", "keys": [{"left": "x", "right": "x"}]}
    assert [name for name, _ in run.columns("join", config, "joined", left=left, right=right)] == columns


def test_keys_of_different_names_and_widths(run):
    config = {"how": "full", "keys": [{"left": "id", "right": "x"}, {"left": "t", "right": "u"}]}
    left, right = "SELECT 1::INTEGER AS id, 'a' AS t", "SELECT 2.5::DOUBLE AS x, 'b' AS u, 9 AS id"
    assert run.columns("join", config, "joined", left=left, right=right) == [
        ("id", "DOUBLE"), ("t", "VARCHAR"), ("id_right", "INTEGER"),
    ]  # fmt: skip
    assert run("join", config, left=left, right=right)["joined"] == [(1.0, "a", None), (2.5, "b", 9)]


def test_awkward_names(run):
    left = {'se"lect': [1], "{at}": ["x"]}
    config = {"keys": [{"left": 'se"lect', "right": "order by"}]}
    made = run("join", config, left=left, right={"order by": [1], "{at}": ["y"]})
    assert made["joined"] == [(1, "x", "y")]


def test_text_keys_are_exact(run):
    left = {"k": ["a", "A", "", "a "]}
    assert run("join", {"keys": KEYS}, left=left, right={"k": ["a", ""]})["joined"] == [("a",), ("",)]


def test_order_with_many_rows(run):
    left = "SELECT (range * 7919) % 50000 AS k, range AS a FROM range(50000)"
    right = "SELECT range AS k, range AS b FROM range(50000)"
    made = run("join", {"how": "left", "keys": KEYS}, left=left, right=right)["joined"]
    assert made == [((n * 7919) % 50000, n, (n * 7919) % 50000) for n in range(50000)]


REFUSED = [
    ("1::BIGINT", "'x'", "'k' is BIGINT and 'k' is VARCHAR: they cannot be equal. Convert one of them first."),
    ("DATE '2024-01-01'", "1", "'k' is DATE and 'k' is INTEGER: they cannot be equal. Convert one of them first."),
    ("[1]", "1", "'k' is INTEGER[] and 'k' is INTEGER: they cannot be equal. Convert one of them first."),
    ("true", "1", "'k' is BOOLEAN and 'k' is INTEGER: they cannot be equal. Convert one of them first."),
    ("NULL::GEOMETRY", "NULL::GEOMETRY", "'k' is a geometry: use spatial_join to join by place."),
]


@pytest.mark.parametrize(("left", "right", "message"), REFUSED)
def test_keys_that_cannot_be_compared(run, left, right, message):
    code, path, said = run.refuses("join", {"keys": KEYS}, left=f"SELECT {left} AS k", right=f"SELECT {right} AS k")
    assert (code, said) == ("type_mismatch", message)
    assert path.startswith("/config/keys/0")


COMPARED = [("1::TINYINT", "1.0::DECIMAL(5,1)"), ("DATE '2024-01-01'", "TIMESTAMP '2024-01-01'"), ("NULL", "'x'")]


@pytest.mark.parametrize(("left", "right"), COMPARED)
def test_keys_of_one_family_are_left_alone(run, left, right):
    made = run("join", {"keys": KEYS}, left=f"SELECT {left} AS k", right=f"SELECT {right} AS k")
    assert len(made["joined"]) == (0 if left == "NULL" else 1)


def test_columns_are_looked_for_in_their_own_table():
    from orchestrator.ops.join import Join

    named = Join.configure({"keys": [{"left": "a", "right": "b"}]}).columns_named
    assert named == [("/keys/0/left", "a", "left"), ("/keys/0/right", "b", "right")]


@pytest.mark.parametrize(("how", "joined"), [("inner", [(1,)]), ("left", [(1,)]), ("full", [(1, 1), (2, 3)])])
def test_a_left_column_that_is_equal_to_two(run, how, joined):
    """Without a left row nothing else would hold the second."""
    keys = [{"left": "a", "right": "x"}, {"left": "a", "right": "y"}]
    made = run("join", {"how": how, "keys": keys}, left={"a": [1]}, right={"x": [1, 2], "y": [1, 3]})
    assert made["joined"] == joined
