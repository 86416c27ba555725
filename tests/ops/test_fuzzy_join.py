import dataclasses

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz
from test_against_pandas import quick
from test_against_pandas import run as call

from orchestrator.ops import _similar

LEFT = {"a": ["Zürich HB", "Bern", None, "", "bern", "Geneva"]}
RIGHT = {"b": ["Berne", "Zurich  hb ", "Bern", None, "", "BERN"], "n": [1, 2, 3, 4, 5, 6]}
COLUMNS = {"left_column": "a", "right_column": "b"}


def joined(run, left=LEFT, right=RIGHT, **config):
    return run("fuzzy_join", {**COLUMNS, **config}, left=left, right=right)


def test_the_best_partner(run):
    made = joined(run, threshold=80)
    assert made["joined"] == [
        ("Zürich HB", "Zurich  hb ", 2, pytest.approx(88.89, abs=0.01)),
        ("Bern", "Bern", 3, 100.0), ("bern", "Bern", 3, 100.0),
    ]  # fmt: skip
    assert made["left_only"] == [(None,), ("",), ("Geneva",)]


def test_every_partner_the_best_first(run):
    made = joined(run, multiple="all", left={"a": ["bern"]})
    assert [(row[1], row[3]) for row in made["joined"]] == [
        ("Bern", 100.0), ("BERN", 100.0), ("Berne", pytest.approx(88.89, abs=0.01)),
    ]  # fmt: skip


OPTIONS = [
    ("Bern", "BERN", {"ignore_case": False}, None),
    ("Bern", "BERN", {}, 100),
    ("é", "E", {"ignore_accents": True}, 100),
    ("é", "e", {}, None),
    (" a  b", "a b ", {}, 100),
    (" a  b", "a b ", {"ignore_blanks": False, "threshold": 76}, None),
    ("  ", "   ", {}, None),
    ("b a", "a b", {"scorer": "token_sort"}, 100),
    ("b a", "a b", {"scorer": "ratio"}, None),
    ("a b c", "b a", {"scorer": "token_set"}, 100),
    ("st gallen", "gallen", {"scorer": "partial"}, 100),
    ("martha", "marhta", {"scorer": "jaro_winkler", "threshold": 96}, 96.11),
    ("martha", "marhta", {"scorer": "jaro_winkler", "threshold": 97}, None),
    ("kitten", "sitting", {"scorer": "levenshtein", "max_distance": 3}, 3),
    ("kitten", "sitting", {"scorer": "levenshtein"}, None),
    ("same", "same", {"scorer": "levenshtein", "max_distance": 0}, 0),
    ("abcde", "abcdx", {"threshold": 80}, 80),
    ("日本国", "日本", {"threshold": 80}, 80),
]


@pytest.mark.parametrize(("one", "other", "config", "score"), OPTIONS)
def test_how_texts_are_compared(run, one, other, config, score):
    made = joined(run, {"a": [one]}, {"b": [other]}, **config)
    found = made["joined"][0][-1] if made["joined"] else None
    assert found == (None if score is None else pytest.approx(score, abs=0.01))
    assert len(made["left_only"]) == (score is None)


def test_blocks_hold_rows_apart(run):
    left = {"a": ["x1", "x1", "x1", "x1"], "c": [1, 2, None, 3]}
    right = {"b": ["x1", "x2", "x1"], "c": [2.0, 1.0, None]}
    blocks = [{"left": "c", "right": "c"}]
    made = joined(run, left, right, threshold=50, blocks=blocks)
    assert made["joined"] == [("x1", 1, "x2", 1.0, 50.0), ("x1", 2, "x1", 2.0, 100.0)]
    assert made["left_only"] == [("x1", None), ("x1", 3)]


def test_equal_texts_are_as_good_as_each_other(run):
    made = joined(run, {"a": ["x", "y", "x"]}, {"b": ["x", "z", "x"], "n": [1, 2, 3]}, multiple="all")
    assert [(row[0], row[2]) for row in made["joined"]] == [("x", 1), ("x", 3), ("x", 1), ("x", 3)]
    made = joined(run, {"a": ["ab"]}, {"b": ["ax", "ay", "az"], "n": [3, 2, 1]}, threshold=50)
    assert made["joined"][0][2] == 3


def test_in_parts_the_same_comes_out(run, monkeypatch):
    tables = {"left": {"a": [f"name {i}" for i in range(50)]}, "right": {"b": [f"nome {i}" for i in range(50)]}}
    whole = [joined(run, **tables, multiple=multiple, threshold=70) for multiple in ("best", "all")]
    monkeypatch.setattr(_similar, "CELLS", 120)
    assert [joined(run, **tables, multiple=multiple, threshold=70) for multiple in ("best", "all")] == whole
    assert len(whole[0]["joined"]) == 50


@pytest.mark.parametrize(("empty", "alone"), [("left", 0), ("right", 6)])
def test_one_side_empty(run, empty, alone):
    none = "SELECT '' AS a, '' AS b, 1 AS n WHERE false"
    made = joined(run, **({"left": LEFT, "right": RIGHT} | {empty: none}))
    assert made["joined"] == []
    assert len(made["left_only"]) == alone


def test_columns(run):
    tables = {"left": "SELECT 'x' AS a, 1 AS n", "right": "SELECT 'x' AS b, 2 AS N"}
    made = run.columns("fuzzy_join", COLUMNS, "joined", **tables)
    assert made == [("a", "VARCHAR"), ("n", "INTEGER"), ("b", "VARCHAR"), ("N_right", "INTEGER"), ("score", "DOUBLE")]
    made = run.columns("fuzzy_join", {**COLUMNS, "scorer": "levenshtein", "score": "edits"}, "joined", **tables)
    assert made[-1] == ("edits", "BIGINT")


def test_in_a_fused_run(run, context, tmp_path):
    fused = dataclasses.replace(context, scratch=tmp_path / "scratch", keep_order=False)
    blocks = [{"left": "a", "right": "b"}]
    made = run("fuzzy_join", {**COLUMNS, "blocks": blocks}, context=fused, left=LEFT, right=RIGHT)
    assert made["joined"] == [("Bern", "Bern", 3, 100.0)]


REFUSED = [
    ({"left_column": "n"}, "type_mismatch", "/config/left_column"),
    ({"right_column": "x"}, "unknown_column", "/config/right_column"),
    ({"blocks": [{"left": "n", "right": "b"}]}, "type_mismatch", "/config/blocks/0"),
    ({"score": "A"}, "duplicate_column", "/config/score"),
    ({"threshold": 101}, "invalid_config", "/config/threshold"),
    ({"scorer": "soundex"}, "invalid_config", "/config/scorer"),
]


@pytest.mark.parametrize(("more", "code", "path"), REFUSED)
def test_refuses(run, more, code, path):
    tables = {"left": "SELECT 'x' AS a, 1 AS n", "right": "SELECT 'x' AS b"}
    assert run.refuses("fuzzy_join", {**COLUMNS, **more}, **tables)[:2] == (code, path)


TEXTS = st.lists(st.sampled_from(["ab", "abc", "abd", "xy", "ba", "zz zz"]), max_size=6)


@quick
@given(TEXTS, TEXTS, st.sampled_from(["best", "all"]))
def test_against_every_pair(context, left, right, multiple):
    frames = {
        "left": pd.DataFrame({"a": pd.array(left, "string"), "i": range(len(left))}),
        "right": pd.DataFrame({"b": pd.array(right, "string"), "j": range(len(right))}),
    }
    made = call(context, "fuzzy_join", {**COLUMNS, "threshold": 60, "multiple": multiple}, **frames)["joined"]
    every = [(i, j, fuzz.ratio(a, b)) for i, a in enumerate(left) for j, b in enumerate(right)]
    found = sorted((each for each in every if each[2] >= 60), key=lambda pair: (pair[0], -pair[2], pair[1]))
    if multiple == "best":
        found = list({pair[0]: pair for pair in reversed(found)}.values())[::-1]
    assert [(row[1], row[3], row[4]) for row in made] == found
