import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_against_pandas import TABLES, quick, rows
from test_against_pandas import run as call

ASKING = {"k": [2, None, 1, 2, 9], "v": ["a", "b", "c", "d", "e"]}
GIVING = {"id": [3, 2, 1, None, 2], "v": ["p", None, "q", "r", "s"], "w": [1, 2, 3, 4, 5]}
KEYS = [{"requestor": "k", "supplier": "id"}]


def merged(run, more=None, **tables):
    return run("merge_features", {"keys": KEYS, **(more or {})}, **{"requestor": ASKING, "supplier": GIVING, **tables})


def test_the_first_supplier_of_a_key(run):
    assert merged(run) == {
        "merged": [(2, "a", 2), (1, "c", 3), (2, "d", 2)],
        "unmerged_requestor": [(None, "b"), (9, "e")],
        "used_supplier": [(2, None, 2), (1, "q", 3)],
        "unused_supplier": [(3, "p", 1), (None, "r", 4), (2, "s", 5)],
        "rejected": [],
    }


CONFLICTS = [
    ({"conflict": "requestor"}, ["k", "v", "w"], (2, "a", 2)),
    ({"conflict": "supplier"}, ["k", "v", "w"], (2, None, 2)),
    ({"conflict": "suffix"}, ["k", "v", "v_supplier", "w"], (2, "a", None, 2)),
    ({"conflict": "suffix", "suffix": "2", "columns": ["w", "v", "w"]}, ["k", "v", "w", "v2"], (2, "a", 2, None)),
    ({"columns": []}, ["k", "v"], (2, "a")),
]  # fmt: skip


@pytest.mark.parametrize(("more", "columns", "first"), CONFLICTS)
def test_names_that_both_tables_have(run, more, columns, first):
    made = run.columns("merge_features", {"keys": KEYS, **more}, "merged", requestor=ASKING, supplier=GIVING)
    assert [name for name, _ in made] == columns
    assert merged(run, more)["merged"][0] == first


def test_all_suppliers_as_a_list(run):
    made = merged(run, {"suppliers": "all", "columns": ["w"]})
    two = [{"w": 2}, {"w": 5}]
    assert made["merged"] == [(2, "a", 2, two), (1, "c", 3, [{"w": 3}]), (2, "d", 2, two)]
    assert made["used_supplier"] == [(2, None, 2), (1, "q", 3), (2, "s", 5)]
    assert made["unused_supplier"] == [(3, "p", 1), (None, "r", 4)]


def test_null_keys_are_rejected_if_wanted(run):
    made = merged(run, {"null_keys": "reject"})
    assert made["unmerged_requestor"] == [(9, "e")]
    assert made["rejected"] == [(None, "b", "null_key", "A key is null: k.")]


def test_empty_texts_and_case(run):
    asking, giving = {"k": ["", "a", "A", "a "]}, {"id": ["a", ""], "n": [1, 2]}
    made = merged(run, requestor=asking, supplier=giving)
    assert made["merged"] == [("", 2), ("a", 1)]
    assert made["unmerged_requestor"] == [("A",), ("a ",)]


def test_several_keys_of_other_types(run):
    keys = [{"requestor": "a", "supplier": "x"}, {"requestor": "b", "supplier": "y"}]
    made = run(
        "merge_features",
        {"keys": keys},
        requestor={"a": [1, 1, None], "b": ["u", None, "u"]},
        supplier={"x": [1.0, 1.0, 1.5], "y": ["u", None, "u"], "z": [7, 8, 9]},
    )
    assert made["merged"] == [(1, "u", 7)]
    assert made["unmerged_requestor"] == [(1, None), (None, "u")]
    assert made["unused_supplier"] == [(1.0, None, 8), (1.5, "u", 9)]


def test_geometry_of_the_supplier_where_it_is_named(run):
    asking, giving = "SELECT 1 AS k", "SELECT 1 AS id, 'POINT (1 2)'::GEOMETRY AS g, 5 AS w"
    config = {"keys": KEYS}
    assert run.columns("merge_features", config, "merged", requestor=asking, supplier=giving) == [
        ("k", "INTEGER"), ("w", "INTEGER"),
    ]  # fmt: skip
    config["columns"] = ["g"]
    columns = run.columns("merge_features", config, "merged", requestor=asking, supplier=giving)
    assert columns == [("k", "INTEGER"), ("g", "GEOMETRY")]


@pytest.mark.parametrize("empty", ["requestor", "supplier"])
def test_one_side_empty(run, empty):
    none = "SELECT 1::BIGINT AS k, 1::BIGINT AS id, '' AS v, 1 AS w WHERE false"
    made = merged(run, {"suppliers": "all"}, **{empty: none})
    assert made["merged"] == made["used_supplier"] == []
    counts = (len(made["unmerged_requestor"]), len(made["unused_supplier"]))
    assert counts == ((0, 5) if empty == "requestor" else (5, 0))


def test_ports_that_are_read_alone(run, context, tmp_path):
    fused = dataclasses.replace(context, scratch=tmp_path / "s", keep_order=False, unused=frozenset({"merged"}))
    made = run("merge_features", {"keys": KEYS}, context=fused, requestor=ASKING, supplier=GIVING)
    assert sorted(made["used_supplier"], key=repr) == [(1, "q", 3), (2, None, 2)]


REFUSED = [
    ({"keys": []}, "invalid_config", "/config/keys"),
    ({"keys": [{"requestor": "k", "supplier": "t"}]}, "type_mismatch", "/config/keys/0"),
    ({"keys": [{"requestor": "g", "supplier": "h"}]}, "type_mismatch", "/config/keys/0"),
    ({"suppliers": "K"}, "duplicate_column", "/config/suppliers"),
    ({"suppliers": "all", "columns": ["h"]}, "invalid_config", "/config/suppliers"),
]


@pytest.mark.parametrize(("more", "code", "path"), REFUSED)
def test_refuses(run, more, code, path):
    asking = "SELECT 1 AS k, 'POINT (1 2)'::GEOMETRY AS g"
    giving = "SELECT 1 AS id, 't' AS t, 'POINT (1 2)'::GEOMETRY AS h"
    found = run.refuses("merge_features", {"keys": KEYS, **more}, requestor=asking, supplier=giving)
    assert found[:2] == (code, path)


@quick
@given(TABLES, TABLES, st.sampled_from([["k"], ["t"], ["k", "t"]]))
def test_against_pandas(context, asking, giving, keys):
    config = {"keys": [{"requestor": k, "supplier": k} for k in keys], "columns": ["id"], "conflict": "suffix"}
    made = call(context, "merge_features", config, requestor=asking, supplier=giving)
    firsts = giving.dropna(subset=keys).drop_duplicates(keys)[[*keys, "id"]].rename(columns={"id": "id_supplier"})
    found = asking.reset_index().merge(firsts, on=keys, how="left").sort_values("index").drop(columns="index")
    got = found.id_supplier.notna()
    assert made["merged"] == rows(found[got])
    assert made["unmerged_requestor"] == rows(asking[~got.to_numpy()])
    used = giving.id.isin(found.id_supplier.dropna())
    assert made["used_supplier"] == rows(giving[used])
    assert made["unused_supplier"] == rows(giving[~used])
