import pytest

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
