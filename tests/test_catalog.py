"""The catalog on a real PostgreSQL: what is stored comes back, and no save is lost."""

import json
import multiprocessing
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.catalog import Catalog
from orchestrator.errors import NotFound, PreconditionFailed

storable_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | storable_text,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(storable_text, below, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(storable_text | st.sampled_from(["name", "description", "nodes"]), values, max_size=6)


def workflow(name="Late flights", **more):
    return {"name": name, "nodes": [{"id": "1", "type": "filter", "config": {"condition": "a > 1"}}], **more}


@pytest.fixture(scope="module")
def catalog(database_url):
    return Catalog(database_url)


@pytest.fixture
def own_catalog(fresh_database_url):
    return Catalog(fresh_database_url)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=documents)
def test_a_document_comes_back_as_it_was_posted(catalog, document):
    stored = catalog.create(document, valid=False)
    # As text: the order of keys counts, and 1, 1.0 and true are three things.
    assert json.dumps(catalog.get(stored.id).document) == json.dumps(document) == json.dumps(stored.document)


def test_a_new_workflow(catalog):
    before = datetime.now(UTC) - timedelta(seconds=1)
    stored = catalog.create(workflow(), valid=True)
    assert re.fullmatch("[a-z0-9]{12}", stored.id)
    assert (stored.version, stored.valid, stored.document) == (1, True, workflow())
    assert stored.created_at == stored.updated_at
    assert stored.created_at.tzinfo is UTC
    assert before < stored.created_at < before + timedelta(minutes=1)
    assert catalog.get(stored.id) == catalog.version(stored.id, 1) == stored


def test_a_save_is_a_new_version_and_the_old_one_stays(catalog):
    first = catalog.create(workflow(), valid=True)
    second = catalog.save(first.id, workflow("Early flights"), valid=False, expected={1})
    assert (second.version, second.valid, second.document["name"]) == (2, False, "Early flights")
    assert second.created_at == first.created_at < second.updated_at
    assert catalog.get(first.id) == second
    assert catalog.version(first.id, 1) == first


def test_an_unchanged_document_makes_no_version(catalog):
    first = catalog.create({"a": 1, "b": {"c": 2, "d": 3}}, valid=True)
    assert catalog.save(first.id, {"b": {"d": 3, "c": 2}, "a": 1}, valid=True) == first
    assert catalog.save(first.id, {"b": {"d": 3, "c": 2}, "a": 1.0}, valid=True).version == 2


def test_an_unchanged_document_may_have_become_valid(catalog):
    first = catalog.create(workflow(), valid=False)
    again = catalog.save(first.id, workflow(), valid=True)
    assert (again.version, again.valid) == (1, True)


def test_a_stale_save_is_refused(catalog):
    first = catalog.create(workflow(), valid=True)
    catalog.save(first.id, workflow("2"), valid=True, expected={1})
    for stale in (
        lambda: catalog.save(first.id, workflow("3"), valid=True, expected={1}),
        lambda: catalog.delete(first.id, {1}),
    ):
        with pytest.raises(PreconditionFailed, match="Version 2 is the latest: yours is based on version 1"):
            stale()
    assert catalog.get(first.id).version == 2


def save_many(url, id, who, count):
    mine = Catalog(url)
    for number in range(count):
        mine.save(id, {"who": who, "number": number}, valid=True)


def test_processes_that_save_at_once_lose_nothing(catalog, database_url):
    stored = catalog.create({}, valid=True)
    context = multiprocessing.get_context("spawn")
    savers = [context.Process(target=save_many, args=(database_url, stored.id, who, 40)) for who in ("a", "b")]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()
    assert [saver.exitcode for saver in savers] == [0, 0]
    history = catalog.versions(stored.id, limit=100)
    assert [item.version for item in history.items] == list(range(81, 0, -1))
    assert history.total == 81
    saved = [catalog.version(stored.id, number).document for number in range(2, 82)]
    for who in ("a", "b"):
        assert [document["number"] for document in saved if document["who"] == who] == list(range(40))


def test_of_many_savers_with_the_same_version_one_wins(catalog):
    stored = catalog.create({}, valid=True)

    def save(number):
        try:
            return catalog.save(stored.id, {"number": number}, valid=True, expected={1})
        except PreconditionFailed:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [result for result in pool.map(save, range(8)) if result]
    assert won == [catalog.get(stored.id)]


def test_history_is_paged(catalog):
    stored = catalog.create({"n": 1}, valid=True)
    for number in range(2, 6):
        catalog.save(stored.id, {"n": number}, valid=number % 2 == 0)
    page = catalog.versions(stored.id, limit=2, offset=1)
    assert [(item.version, item.valid) for item in page.items] == [(4, True), (3, False)]
    assert page.total == 5
    assert page.items[0].created_at == catalog.version(stored.id, 4).updated_at


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["100 % Straße", "a_b", "axb", "ÉTÉ à Paris", "Flights"]),
        ("flight", ["Flights"]),
        ("IGHTS", ["Flights"]),
        ("été", ["ÉTÉ à Paris"]),
        ("e\u0301te\u0301", ["ÉTÉ à Paris"]),
        ("STRASSE", ["100 % Straße"]),
        ("%", ["100 % Straße"]),
        ("_", ["a_b"]),
        ("'; drop", []),
        ("\\", []),
        ("\x00", []),
        ("\ud800", []),
    ],
)
def test_search(names, search, found):
    page = names.list(search)
    assert ([item.name for item in page.items], page.total) == (found, len(found))


@pytest.fixture(scope="module")
def names(new_database):
    made = Catalog(new_database())
    for name in ("Flights", "ÉTÉ à Paris", "axb", "a_b", "100 % Straße"):
        made.create(workflow(name, description=f"about {name}"), valid=True)
    return made


def test_a_list_is_paged_and_says_what_there_is(names):
    page = names.list(limit=2, offset=3)
    assert ([item.name for item in page.items], page.total) == (["ÉTÉ à Paris", "Flights"], 5)
    assert names.list(offset=50).total == names.count() == 5
    item = page.items[1]
    assert (item.description, item.version, item.valid, item.last_run_at) == ("about Flights", 1, True, None)
    assert item.created_at == item.updated_at == names.get(item.id).updated_at


def test_a_list_shows_the_latest_version_first_updated(own_catalog):
    older, newer = (own_catalog.create(workflow(name), valid=True) for name in ("older", "newer"))
    own_catalog.save(older.id, workflow("older, renamed"), valid=False)
    listed = [(item.name, item.version, item.valid) for item in own_catalog.list().items]
    assert listed == [("older, renamed", 2, False), ("newer", 1, True)]
    assert newer.version == 1


@pytest.mark.parametrize("document", [{}, {"name": None, "description": 3}, {"name": ["x"]}])
def test_a_draft_without_a_name_is_listed(own_catalog, document):
    own_catalog.create(document, valid=False)
    assert [(item.name, item.description) for item in own_catalog.list().items] == [("", "")]


def test_a_deleted_workflow_is_gone_but_for_its_runs(own_catalog):
    stored = own_catalog.create(workflow(), valid=True)
    own_catalog.delete(stored.id)
    own_catalog.touch(stored.id)
    gone = [
        lambda: own_catalog.get(stored.id),
        lambda: own_catalog.version(stored.id, 1),
        lambda: own_catalog.versions(stored.id),
        lambda: own_catalog.save(stored.id, workflow("2"), valid=True),
        lambda: own_catalog.delete(stored.id),
    ]
    for call in gone:
        with pytest.raises(NotFound, match=f"Workflow '{stored.id}' is not there."):
            call()
    assert (own_catalog.count(), own_catalog.list().items, own_catalog.recent(9)) == (0, [], [])
    assert own_catalog.version(stored.id, 1, deleted=True) == stored


@pytest.mark.parametrize("id", ["aaaaaaaaaaaa", "", "é", "a'b", "\x00", "\ud800", "x" * 5000])
def test_an_id_that_is_not_there(catalog, id):
    for call in (catalog.get, catalog.versions, catalog.delete, lambda id: catalog.save(id, {}, valid=True)):
        with pytest.raises(NotFound, match="is not there"):
            call(id)
    catalog.touch(id)


@pytest.mark.parametrize("number", [0, -1, 2, 2**40, 10**30])
def test_a_version_that_is_not_there(catalog, number):
    stored = catalog.create(workflow(), valid=True)
    with pytest.raises(NotFound, match=f"^Version {number} of workflow '{stored.id}' is not there; the latest is 1.$"):
        catalog.version(stored.id, number)
    with pytest.raises(NotFound, match="is not there"):
        catalog.version(stored.id, number, deleted=True)


def test_recent_workflows_are_valid_and_few(own_catalog):
    ids = [own_catalog.create(workflow(str(n)), valid=n != 2).id for n in range(5)]
    assert own_catalog.recent(10) == [(ids[n], 1) for n in (4, 3, 1, 0)]
    own_catalog.touch(ids[0])
    own_catalog.save(ids[1], workflow("again"), valid=True)
    assert own_catalog.recent(3) == [(ids[1], 2), (ids[0], 1), (ids[4], 1)]
    assert {item.id for item in own_catalog.list().items if item.last_run_at} == {ids[0]}
