import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_rows import said
from test_against_pandas import quick

TABLE = 'SELECT 1 AS Cust_Id, 2 AS cust_name, 3 AS "größe", NULL AS n'


def renamed(run, config):
    return [name for name, _ in run.columns("rename_columns", config, table=TABLE)]


def one(name, rename):
    return {"columns": [{"name": name, "rename": rename}]}


CASES = [
    (one("cust_name", "customer"), ["Cust_Id", "customer", "größe", "n"]),
    (one("cust_name", "Cust_Name"), ["Cust_Id", "Cust_Name", "größe", "n"]),
    (one("cust_name", 'a"b {x}'), ["Cust_Id", 'a"b {x}', "größe", "n"]),
    (
        {"columns": [{"name": "n", "rename": "cust_name"}, {"name": "cust_name", "rename": "n"}]},
        ["Cust_Id", "n", "größe", "cust_name"],
    ),
    ({"pattern": {"case": "upper"}}, ["CUST_ID", "CUST_NAME", "GRÖẞE", "N"]),
    ({"pattern": {"case": "title"}}, ["Cust_Id", "Cust_name", "Größe", "N"]),
    ({"pattern": {"find": "(?i)^cust_"}}, ["Id", "name", "größe", "n"]),
    ({"pattern": {"find": "(.)_(.)", "replace": r"\2-\1"}}, ["CusI-td", "cusn-tame", "größe", "n"]),
    ({"pattern": {"prefix": "a.", "suffix": ".z"}}, ["a.Cust_Id.z", "a.cust_name.z", "a.größe.z", "a.n.z"]),
    ({"pattern": {"columns": ["n"], "find": "n", "replace": "m"}}, ["Cust_Id", "cust_name", "größe", "m"]),
    ({**one("n", "N2"), "pattern": {"case": "lower", "suffix": "_"}}, ["cust_id_", "cust_name_", "größe_", "N2"]),
    ({"pattern": {}}, ["Cust_Id", "cust_name", "größe", "n"]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_new_names(run, config, expected):
    assert renamed(run, config) == expected
    assert run("rename_columns", config, table=TABLE) == [(1, 2, 3, None)]


REFUSED = [
    ({}, "invalid_config", "/config/columns"),
    (one("n", ""), "invalid_config", "/config/columns/0/rename"),
    (one("n", "CUST_ID"), "duplicate_column", "/config/columns/0/rename"),
    (
        {"columns": [{"name": "n", "rename": "x"}, {"name": "cust_name", "rename": "X"}]},
        "duplicate_column", "/config/columns/1/rename",
    ),
    ({"columns": [*one("n", "x")["columns"], *one("n", "y")["columns"]]}, "invalid_config", "/config/columns/1/name"),
    ({**one("n", "x"), "pattern": {"columns": ["n"]}}, "invalid_config", "/config/pattern/columns/0"),
    ({"pattern": {"find": "_.*|ß.*"}}, "duplicate_column", "/config/pattern"),
    ({"pattern": {"find": "n"}}, "invalid_config", "/config/pattern"),
    ({"pattern": {"find": "("}}, "invalid_config", "/config/pattern/find"),
    ({"pattern": {"find": "a", "replace": r"\3"}}, "invalid_config", "/config/pattern/replace"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("rename_columns", config, table=TABLE)[:2] == (code, path)


def test_geometry_keeps_its_system(run):
    table = "SELECT st_setcrs('POINT (1 2)'::GEOMETRY, 'OGC:CRS84') AS g"
    assert run.columns("rename_columns", one("g", "h"), table=table) == [("h", "GEOMETRY('OGC:CRS84')")]


NAMES = st.lists(st.text("aAbB_1 éÉ日\"'{", min_size=1, max_size=3), min_size=1, max_size=5, unique_by=str.lower)
PATTERNS = st.fixed_dictionaries({}, optional={
    "find": st.sampled_from(["a", "^.", "[ab]+", "(.)_", "é|日", " $"]),
    "replace": st.sampled_from(["", "x", "__"]),
    "case": st.sampled_from(["keep", "lower", "upper", "title"]), "prefix": st.sampled_from(["p_", "ü"]),
    "suffix": st.sampled_from(["_s", "{}"]),
})  # fmt: skip
CHANGES = {"lower": str.lower, "upper": str.upper, "title": lambda name: name[:1].upper() + name[1:]}


@quick
@given(NAMES, st.none() | PATTERNS, st.data())
def test_as_plain_python(run, names, pattern, data):
    own = data.draw(st.dictionaries(st.sampled_from(names), st.sampled_from(["a", "B", "new", "é"]), max_size=2))
    assume(own or pattern is not None)
    config = {"columns": [{"name": name, "rename": new} for name, new in own.items()], "pattern": pattern}
    expected = [own[name] if name in own else changed(name, pattern) for name in names]
    table = {name: [number, None] for number, name in enumerate(names)}
    if "" in expected or len({name.lower() for name in expected}) < len(names):
        assert run.refuses("rename_columns", config, table=table)[0] in ("duplicate_column", "invalid_config")
        return
    assert [name for name, _ in run.columns("rename_columns", config, table=table)] == expected
    assert said(run("rename_columns", config, table=table)) == said(zip(*table.values(), strict=True))


def changed(name, pattern):
    pattern = pattern or {}
    if "find" in pattern:
        name = re.sub(pattern["find"], pattern.get("replace", ""), name)
    changes = CHANGES.get(pattern.get("case", "keep"), str)
    return pattern.get("prefix", "") + changes(name) + pattern.get("suffix", "")
