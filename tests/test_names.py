"""Names for Dagster: valid, and never shared by two nodes."""

import re

import pytest
from dagster._core.definitions.utils import DISALLOWED_NAMES
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.names import LONGEST, alias, key
from orchestrator.suggest import listing, near

VALID = re.compile(r"[A-Za-z0-9_]+")
ids = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
lookalikes = st.text("a1_-. /é5f", max_size=12)


@pytest.mark.parametrize(
    ("node_id", "made"),
    [
        ("1", "1"),
        ("node1", "node1"),
        ("a-1", "a_2d_1"),
        ("a_1", "a_5f_1"),
        ("a 1", "a_20_1"),
        ("a/1", "a_2f_1"),
        ("é", "_e9_"),
        ("_h_", "_5f_h_5f_"),
    ],
)
def test_a_key_can_be_read(node_id, made):
    assert key(node_id) == made


@given(st.one_of(ids, lookalikes), st.one_of(ids, lookalikes))
def test_different_ids_have_different_keys(one, other):
    assert (key(one) == key(other)) == (one == other)


@given(lookalikes, lookalikes, lookalikes, lookalikes)
def test_different_ids_have_different_aliases_whatever_their_labels(one, label, other, other_label):
    if one != other:
        assert alias(one, label) != alias(other, other_label)


@given(ids, ids)
def test_names_are_valid_in_dagster_and_on_disk(node_id, label):
    for made in (key(node_id), alias(node_id, label)):
        assert VALID.fullmatch(made)
        assert len(made) <= 2 * LONGEST
    assert alias(node_id, label) not in DISALLOWED_NAMES


@pytest.mark.parametrize("node_id", ["", "x" * 81, "é" * 40, "x" * 1000])
def test_a_long_or_empty_id_is_hashed(node_id):
    assert re.fullmatch("_h_[0-9a-f]{40}", key(node_id))


@pytest.mark.parametrize(
    ("label", "made"),
    [
        ("Late ones", "Late_ones__1"),
        ("input", "input__1"),
        ("", "node__1"),
        ("___", "node__1"),
        ("日本", "node__1"),
        ("a__b", "a_b__1"),
        ("x" * 100, "x" * 40 + "__1"),
    ],
)
def test_an_alias_shows_the_label(label, made):
    assert alias("1", label) == made


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("dep_dely", ["day", "dep_delay"], " Did you mean 'dep_delay'?"),
        ("AMOUNT", ["amount"], " Did you mean 'amount'?"),
        ("filtre", ["filter", "join"], " Did you mean 'filter'?"),
        ("xyz", ["amount"], ""),
        ("", ["amount"], ""),
        ("amount", [], ""),
    ],
)
def test_near(name, known, said):
    assert near(name, known) == said


def test_near_takes_an_iterator_and_the_first_of_two_cases():
    assert near("amont", iter(["Amount", "amount"])) == " Did you mean 'Amount'?"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("tation_1234", "station_1234"), ("STATION_1234x", "station_1234"),
        ("station_2134", "station_2134"), ("satation_4999", "station_4999"),
    ],
)  # fmt: skip
def test_near_among_thousands(name, nearest):
    known = [f"station_{number:04}" for number in range(5_000)]
    assert near(name, known) == f" Did you mean '{nearest}'?"


def test_near_gives_up_on_names_too_long_to_compare():
    assert near("x" * 1000, ["x" * 999]) == ""
    assert near("x", ["x" * 999]) == ""


def test_listing_is_cut():
    assert listing(["a", "b"]) == "a, b"
    assert listing(map(str, range(30)), 3) == "0, 1, 2, … (30 in all)"
    assert listing([]) == ""
