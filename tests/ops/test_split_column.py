import pytest

TABLE = {"id": [1, 2, 3, 4, 5], "t": ["a,b,c", " x , ", "", None, "é"], "z": [1, 2, 3, 4, 5]}


def parts(*names, **more):
    return {"column": "t", "delimiter": ",", "names": list(names), **more}


COLUMNS = [
    (parts("p", "q"), [("a", "b"), (" x ", " "), ("", None), (None, None), ("é", None)]),
    (parts("p", "q", surplus="last"), [("a", "b,c"), (" x ", " "), ("", None), (None, None), ("é", None)]),
    (parts("p", surplus="last"), [("a,b,c",), (" x , ",), ("",), (None,), ("é",)]),
    (parts("p", "q", trim=True), [("a", "b"), ("x", ""), ("", None), (None, None), ("é", None)]),
    (parts("p", "q", trim=True, drop_empty=True), [("a", "b"), ("x", None), (None, None), (None, None), ("é", None)]),
    (parts("p", "q", delimiter=" ,"), [("a,b,c", None), (" x", " "), ("", None), (None, None), ("é", None)]),
    (
        parts("p", "q", "r", delimiter=None, widths=[2, 1]),
        [("a,", "b", ",c"), (" x", " ", ", "), ("", None, None), (None,) * 3, ("é", None, None)],
    ),
    (
        parts("p", "q", delimiter=None, widths=[1, 1], surplus="last"),
        [("a", ",b,c"), (" ", "x , "), ("", None), (None, None), ("é", None)],
    ),
]


@pytest.mark.parametrize(("config", "expected"), COLUMNS)
def test_to_columns(run, config, expected):
    made = run("split_column", config, table=TABLE)
    assert [row[2:-1] for row in made] == expected
    assert [(*row[:2], row[-1]) for row in made] == list(zip(*TABLE.values(), strict=True))


NULL = (4, None, 4)
ROWS = [
    ({}, [(1, "a", 1), (1, "b", 1), (1, "c", 1), (2, " x ", 2), (2, " ", 2), (3, "", 3), NULL, (5, "é", 5)]),
    (
        {"drop_empty": True, "trim": True},
        [(1, "a", 1), (1, "b", 1), (1, "c", 1), (2, "x", 2), (3, None, 3), NULL, (5, "é", 5)],
    ),
    (
        {"drop_empty": True, "trim": True, "keep_rows": False},
        [(1, "a", 1), (1, "b", 1), (1, "c", 1), (2, "x", 2), (5, "é", 5)],
    ),
]


@pytest.mark.parametrize(("more", "expected"), ROWS)
def test_to_rows(run, more, expected):
    assert run("split_column", parts(into="rows", **more), table=TABLE) == expected


def test_rows_may_have_a_name_and_a_place(run):
    config = parts("p", into="rows", index="n")
    assert run.columns("split_column", config, table={"t": ["a,b", None]})[1:] == [("p", "VARCHAR"), ("n", "BIGINT")]
    assert run("split_column", config, table={"t": ["a,b", None]}) == [
        ("a,b", "a", 1), ("a,b", "b", 2), (None, None, None),
    ]  # fmt: skip


def test_to_a_list(run):
    config = parts("p", into="list", keep=False)
    assert run("split_column", config, table={"t": ["a,b", "", None]}) == [(["a", "b"],), ([""],), (None,)]
    assert run.columns("split_column", config, table=TABLE)[1] == ("p", "VARCHAR[]")


def test_a_column_that_goes_leaves_its_name(run):
    made = run.columns("split_column", parts("T", "q", keep=False), table=TABLE)
    assert [name for name, _ in made] == ["id", "T", "q", "z"]


@pytest.mark.parametrize("name", ["part", "_list", 'a"b'])
def test_any_name(run, name):
    config = parts("p", delimiter=None, widths=[1], trim=True, drop_empty=True, keep=False) | {"column": name}
    assert run("split_column", config, table={name: ["ab"]}) == [("a",)]


@pytest.mark.parametrize("delimiter", ["'", "{x}", ".*", "日"])
def test_a_delimiter_is_text(run, delimiter):
    made = run("split_column", parts("p", "q", delimiter=delimiter), table={"t": [f"a{delimiter}b"]})
    assert made == [(f"a{delimiter}b", "a", "b")]


REFUSED = [
    (parts(), "invalid_config", "/config/names"),
    (parts("p", delimiter=""), "invalid_config", "/config/delimiter"),
    (parts("p", delimiter=None), "invalid_config", "/config/delimiter"),
    (parts("p", widths=[1]), "invalid_config", "/config/delimiter"),
    (parts("p", delimiter=None, widths=[0]), "invalid_config", "/config/widths/0"),
    (parts("p", "P"), "invalid_config", "/config/names/1"),
    (parts("p", "q", into="rows"), "invalid_config", "/config/names/1"),
    (parts("p", index="i"), "invalid_config", "/config/index"),
    (parts("p", "N"), "duplicate_column", "/config/names/1"),
    (parts("t"), "duplicate_column", "/config/names/0"),
    (parts("p", into="rows", index="n"), "duplicate_column", "/config/index"),
    (parts(into="rows", index="t"), "duplicate_column", "/config/index"),
    (parts("p") | {"column": "n"}, "type_mismatch", "/config/column"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("split_column", config, table="SELECT 'a' AS t, 1 AS n")[:2] == (code, path)
