"""Of requests with one idempotency key the first counts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.catalog import Catalog, digest
from orchestrator.errors import Conflict


@pytest.fixture(scope="module")
def catalog(database_url):
    return Catalog(database_url)


def test_an_idempotency_key_keeps_its_first_execution(catalog):
    request = digest({"parameters": {}})
    assert catalog.claim("key", "w", request, "run-1") == "run-1"
    assert catalog.claim("key", "w", request, "run-2") == "run-1"
    for other in (("w", digest({"parameters": {"a": 1}})), ("v", request)):
        with pytest.raises(Conflict, match="different request"):
            catalog.claim("key", *other, "run-3")
    catalog.forget_key("key")
    assert catalog.claim("key", "v", request, "run-4") == "run-4"


def test_old_idempotency_keys_are_forgotten(catalog):
    assert catalog.claim("old", "w", "d", "run-1") == "run-1"
    catalog.forget_keys(before=datetime.now(UTC) - timedelta(hours=1))
    assert catalog.claim("old", "w", "d", "run-2") == "run-1"
    catalog.forget_keys(before=datetime.now(UTC) + timedelta(hours=1))
    assert catalog.claim("old", "w", "d", "run-2") == "run-2"


@pytest.mark.parametrize("key", ["", "\x00", "\ud800", "long" * 5000, "é"])
def test_any_text_is_an_idempotency_key(catalog, key):
    assert catalog.claim(key, "w", "d", "run-1") == "run-1"
    assert catalog.claim(key, "w", "d", "run-2") == "run-1"


def test_of_many_claims_at_once_one_wins(catalog):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: catalog.claim("race", "w", "d", f"run-{n}"), range(24)))
    assert len(set(answers)) == 1
