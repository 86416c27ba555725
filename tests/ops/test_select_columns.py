import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rows import KINDS, ROWS, relation, said
from test_against_pandas import quick

TABLE = [{"a": 1, "b": "x", "at": True}]


def select(*columns, **more):
    listed = [{"name": c} if isinstance(c, str) else {"name": c[0], "rename": c[1]} for c in columns]
    return {"columns": listed, **more}


GOOD = [
    (select("a"), ["a"], (1,)),
    (select("b", "a"), ["b", "a"], ("x", 1)),
    (select("at", "a", others="keep"), ["at", "a", "b"], (True, 1, "x")),
    (select(("b", "c"), others="keep"), ["c", "a", "at"], ("x", 1, True)),
    (select(("a", "b"), ("b", "a")), ["b", "a"], (1, "x")),
    (select(("a", "b"), ("b", "a"), others="keep"), ["b", "a", "at"], (1, "x", True)),
    (select("a", ("a", "copy")), ["a", "copy"], (1, 1)),
    (select(("a", "A")), ["A"], (1,)),
    (select(("a", "A"), others="keep"), ["A", "b", "at"], (1, "x", True)),
    (select(("a", 'select "{é}"')), ['select "{é}"'], (1,)),
    (select(("a", None), others="drop"), ["a"], (1,)),
]


@pytest.mark.parametrize(("config", "columns", "row"), GOOD)
def test_selects(run, config, columns, row):
    assert [name for name, _ in run.columns("select_columns", config, table=TABLE)] == columns
    assert run("select_columns", config, table=TABLE) == [row]


REFUSED = [
    (select(), "invalid_config", "/config/columns"),
    (select("a", "a"), "invalid_config", "/config/columns/1/name"),
    (select("a", ("b", "A")), "invalid_config", "/config/columns/1/rename"),
    (select("b", ("a", "AT"), others="keep"), "invalid_config", "/config/columns/1/rename"),
    (select(("a", "")), "invalid_config", "/config/columns/0/rename"),
    (select("a", others="maybe"), "invalid_config", "/config/others"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("select_columns", config, table=TABLE)[:2] == (code, path)


NAMES = ["id", "n", "N", "t", "x", "new", "é ü", "日本"]
LISTS = st.lists(
    st.tuples(st.sampled_from(list(KINDS)), st.sampled_from(NAMES)),
    min_size=1, max_size=6, unique_by=lambda each: each[1].lower(),
)  # fmt: skip


@quick
@given(ROWS, LISTS, st.sampled_from(["keep", "drop"]))
def test_as_plain_python(run, rows, columns, others):
    listed = {name for name, _ in columns}
    kept = [name for name in KINDS if name not in listed] if others == "keep" else []
    config = select(*columns, others=others)
    if {new.lower() for _, new in columns} & set(kept):
        assert run.refuses("select_columns", config, table=relation(run, rows))[0] == "invalid_config"
        return
    order = [*(name for name, _ in columns), *kept]
    assert said(run("select_columns", config, table=relation(run, rows))) == said(
        [row[n] for n in order] for row in rows
    )
    names = [name for name, _ in run.columns("select_columns", config, table=relation(run, rows))]
    assert names == [*(new for _, new in columns), *kept]
