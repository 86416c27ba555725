import datetime as dt

import pytest

JSON = """'{"name": "x", "size": {"height": ' || id || '.5}}'"""
FEED = {"table": f"SELECT id, CASE WHEN id < 3 THEN {JSON} ELSE 'no' END AS properties FROM range(1, 4) t(id)"}
STRUCT = "SELECT 1 AS id, {'a': 1, 'B b': {'c': 'x', 'd': {'e': [1, 2]}}} AS s, 2 AS z UNION ALL SELECT 2, NULL, 3"


def columns(run, config, table, port="result"):
    return [f"{name} {kind}" for name, kind in run.columns("flatten_json", config, port, table=table)]


FLAT = [
    ({}, ["id INTEGER", "a INTEGER", "B b_c VARCHAR", "B b_d_e INTEGER[]", "z INTEGER"], (1, 1, "x", [1, 2], 2)),
    (
        {"separator": ".", "prefix": "s."},
        ["id INTEGER", "s.a INTEGER", "s.B b.c VARCHAR", "s.B b.d.e INTEGER[]", "z INTEGER"],
        (1, 1, "x", [1, 2], 2),
    ),
    (
        {"max_depth": 2},
        ["id INTEGER", "a INTEGER", "B b_c VARCHAR", "B b_d STRUCT(e INTEGER[])", "z INTEGER"],
        (1, 1, "x", {"e": [1, 2]}, 2),
    ),
]


@pytest.mark.parametrize(("more", "kinds", "first"), FLAT)
def test_fields_of_a_struct(run, more, kinds, first):
    assert columns(run, {"column": "s", **more}, STRUCT) == kinds
    made = run("flatten_json", {"column": "s", **more}, table=STRUCT)
    assert made == {"result": [first, (2, *[None] * (len(first) - 2), 3)], "rejected": []}


def test_the_column_may_stay(run):
    assert [each.split()[0] for each in columns(run, {"column": "s", "max_depth": 1, "keep": True}, STRUCT)] == [
        "id", "s", "a", "B", "z",
    ]  # fmt: skip


def test_fields_without_names_are_called_as_in_a_stored_table(run):
    assert columns(run, {"column": "s"}, "SELECT row(1, 'x') AS s") == ["element1 INTEGER", "element2 VARCHAR"]


def test_geometry_in_a_struct_keeps_its_system(run):
    table = "SELECT {'g': st_setcrs('POINT (1 2)'::GEOMETRY, 'OGC:CRS84')} AS s"
    assert columns(run, {"column": "s"}, table) == ["g GEOMETRY('OGC:CRS84')"]


def take(path, kind="VARCHAR", name="v"):
    return {"column": "j", "extract": [{"path": path, "name": name, "type": kind}]}


TEXT = """{"a": {"b": ["x", 2.5, null]}, "n": 7, "a b": true, "d": "2024-02-29", "t": "12", "q": "it's"}"""
FOUND = [
    ("$.a.b[0]", "VARCHAR", "x"),
    ("/a/b/0", "VARCHAR", "x"),
    ('$."a b"', "BOOLEAN", True),
    ("n", "BIGINT", 7),
    ("$.n", "VARCHAR", "7"),
    ("$.t", "INTEGER", 12),
    ("$.a.b[1]", "DOUBLE", 2.5),
    ("$.a.b[-2]", "INTEGER", 3),
    ("$.a.b[2]", "JSON", None),
    ("$.a.b[2]", "VARCHAR", None),
    ("$.a.b[9]", "VARCHAR", None),
    ("$.nosuch.x", "DATE", None),
    ("$.d", "DATE", dt.date(2024, 2, 29)),
    ("$.a.b", "VARCHAR[]", ["x", "2.5", None]),
    ("$.a", "JSON", '{"b":["x",2.5,null]}'),
    ("$.a", "STRUCT(b VARCHAR[])", {"b": ["x", "2.5", None]}),
    ("$.q", "VARCHAR", "it's"),
]


@pytest.mark.parametrize(("path", "kind", "expected"), FOUND)
@pytest.mark.parametrize("stored", ["VARCHAR", "JSON"])
def test_values_in_text(run, path, kind, expected, stored):
    table = f"SELECT 1 AS id, '{TEXT.replace(chr(39), chr(39) * 2)}'::{stored} AS j UNION ALL SELECT 2, NULL"
    assert run("flatten_json", take(path, kind), table=table) == {"result": [(1, expected), (2, None)], "rejected": []}
    assert columns(run, take(path, kind), table)[1] == f"v {kind}"


def test_values_in_maps_and_structs(run):
    assert run("flatten_json", take("$.k", "INTEGER"), table="SELECT map {'k': 1} AS j")["result"] == [(1,)]
    assert run("flatten_json", take("$.k[1]", "INTEGER"), table="SELECT {'k': [1, 2]} AS j")["result"] == [(2,)]


def test_a_list_with_a_wrong_element_is_rejected(run):
    made = run("flatten_json", take("$.a.b", "DOUBLE[]"), table=f"SELECT '{TEXT.replace(chr(39), chr(39) * 2)}' AS j")
    assert made["result"] == []
    assert made["rejected"][0][1:] == ("cast_failed", 'v: ["x",2.5,null] cannot become DOUBLE[].')


def test_rejects(run):
    table = {"id": [1, 2, 3, 4, 5], "j": ['{"n": 1}', "{", "", '{"n": "x"}', None], "rejection_code": [0] * 5}
    made = run("flatten_json", take("$.n", "INTEGER"), table=table)
    assert made == {
        "result": [(1, 1, 0), (5, None, 0)],
        "rejected": [
            (2, "{", "invalid_json", "j: { is not JSON."),
            (3, "", "invalid_json", "j:  is not JSON."),
            (4, '{"n": "x"}', "cast_failed", 'v: "x" cannot become INTEGER.'),
        ],
    }


REFUSED = [
    ({"column": "j"}, "invalid_config", "/config/extract"),
    ({"column": "m"}, "invalid_config", "/config/extract"),
    ({"column": "id"}, "type_mismatch", "/config/column"),
    ({"column": "s"}, "duplicate_column", "/config/prefix"),
    ({"column": "t"}, "duplicate_column", "/config/prefix"),
    (take("$.x", name="ID"), "duplicate_column", "/config/extract/0/name"),
    (take("$.x[", name="v"), "invalid_config", "/config/extract/0/path"),
    (take("$.x[*]", name="v"), "invalid_config", "/config/extract/0/path"),
    (take("$.x", "nosuch"), "invalid_config", "/config/extract/0/type"),
    ({"column": "j", "extract": take("a")["extract"] * 2}, "duplicate_column", "/config/extract/1/name"),
]


@pytest.mark.parametrize(("config", "code", "path"), REFUSED)
def test_refuses(run, config, code, path):
    table = "SELECT 1 AS id, '{}' AS j, {'id': 1} AS s, map {'a': 1} AS m, {'a': {'b': 1}, 'A_b': 2} AS t"
    assert run.refuses("flatten_json", config, table=table)[:2] == (code, path)
