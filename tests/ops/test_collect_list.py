import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, quick

from orchestrator.registry import node_type

TABLE = {"k": ["b", None, "a", "b", None, ""], "n": [3, 1, None, 2, 1, 0], "t": ["x", "y", None, "z", "", "w"]}
CASES = [
    ({"group_by": ["k"], "columns": ["n"]}, [("b", [3, 2]), (None, [1, 1]), ("a", [None]), ("", [0])]),
    (
        {"group_by": ["k"], "columns": ["t", "n"]},
        [("b", ["x", "z"], [3, 2]), (None, ["y", ""], [1, 1]), ("a", [None], [None]), ("", ["w"], [0])],
    ),
    ({"columns": ["n"]}, [([3, 1, None, 2, 1, 0],)]),
    (
        {"group_by": ["k"], "columns": ["n", "t"], "into": "structs"},
        [
            ("b", [{"n": 3, "t": "x"}, {"n": 2, "t": "z"}]), (None, [{"n": 1, "t": "y"}, {"n": 1, "t": ""}]),
            ("a", [{"n": None, "t": None}]), ("", [{"n": 0, "t": "w"}]),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("config", "expected"), CASES)
def test_collects(run, config, expected):
    assert run("collect_list", config, table=TABLE) == expected


def test_types(run):
    assert run.columns("collect_list", {"group_by": ["k"], "columns": ["n"]}, table=TABLE)[1] == ("n", "BIGINT[]")
    made = run.columns("collect_list", {"columns": ["n", "t"], "into": "structs", "name": "all"}, table=TABLE)
    assert made == [("all", "STRUCT(n BIGINT, t VARCHAR)[]")]


def test_geometry_keeps_its_system(run):
    table = "SELECT st_setcrs('POINT (1 2)'::GEOMETRY, 'OGC:CRS84') AS g"
    assert run.columns("collect_list", {"columns": ["g"]}, table=table) == [("g", "GEOMETRY('OGC:CRS84')[]")]


@pytest.mark.parametrize(("into", "name"), [("lists", "n"), ("structs", "items")])
def test_no_rows(run, into, name):
    table = "SELECT 1 AS k, 2 AS n WHERE false"
    assert run("collect_list", {"columns": ["n"], "into": into}, table=table) == [([],)]
    assert run("collect_list", {"columns": ["n"], "into": into, "group_by": ["k"]}, table=table) == []


@pytest.mark.parametrize("name", ["each", "f0", "_row", "_items", 'a"b', "{x}"])
@pytest.mark.parametrize("into", ["lists", "structs"])
def test_any_name(run, name, into):
    ((k, made),) = run(
        "collect_list", {"group_by": ["k"], "columns": [name], "into": into}, table={"k": [1], name: [2]}
    )
    assert (k, made) == (1, [2] if into == "lists" else [{name: 2}])


REFUSED = [
    ({"columns": []}, "invalid_config", "/config/columns"),
    ({"columns": ["n", "n"]}, "invalid_config", "/config/columns/1"),
    ({"columns": ["n"], "group_by": ["n"]}, "invalid_config", "/config/columns/0"),
    ({"columns": ["n"], "group_by": ["k"], "into": "structs", "name": "K"}, "invalid_config", "/config/name"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    assert run.refuses("collect_list", config, table="SELECT 1 AS k, 2 AS n")[:2] == (code, path)


@quick
@given(TABLES, st.sampled_from([["k"], ["t"], ["k", "t"]]))
def test_as_pandas(context, frame, keys):
    table = context.session.from_frame(frame)
    made = node_type("collect_list").configure({"group_by": keys, "columns": ["id"]}).call({"table": table}, context)
    groups = [list(part["id"]) for _, part in frame.groupby(keys, dropna=False, sort=False)]
    assert [row[-1] for row in made["result"].fetchall()] == groups
