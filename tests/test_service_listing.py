"""The code server has another id when the workflows that Dagster lists have changed."""

import pytest

from orchestrator.errors import Unavailable
from orchestrator.service.listing import EVERY_S, REST_S, Listing


class Catalog:
    """What is listed, at a time that the test says."""

    def __init__(self) -> None:
        self.now, self.listed, self.asked, self.down = 100.0, [("a", 1)], 0, False
        self.ids = Listing(self.read, clock=lambda: self.now)

    def read(self) -> tuple[tuple[str, int], ...]:
        self.asked += 1
        if self.down:
            raise Unavailable("The database does not answer.")
        return tuple(self.listed)

    def id(self, later: float = EVERY_S) -> str:
        self.now += later
        return self.ids.id()


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


def test_the_same_list_has_the_same_id(catalog: Catalog) -> None:
    assert len({catalog.id() for _ in range(50)}) == 1


@pytest.mark.parametrize("listed", [[("a", 2)], [("a", 1), ("b", 1)], []], ids=["saved", "new", "deleted"])
def test_a_change_is_seen_at_once(catalog: Catalog, listed: list[tuple[str, int]]) -> None:
    before = catalog.id()
    catalog.listed = listed
    assert catalog.id() != before


def test_many_changes_are_seen_now_and_then(catalog: Catalog) -> None:
    seen = []
    for number in range(40):
        catalog.listed = [("a", number)]
        seen.append(catalog.id(1.0))
    assert len(set(seen)) - 1 == 40 / REST_S
    assert seen[-1] == catalog.id(1.0)
    assert catalog.id(REST_S) != seen[-1]


def test_the_catalog_is_not_asked_more_often_than_that(catalog: Catalog) -> None:
    for _ in range(20):
        catalog.id(EVERY_S / 10)
    assert catalog.asked <= 3


def test_a_database_that_is_down_changes_nothing(catalog: Catalog) -> None:
    before = catalog.id()
    catalog.down = True
    assert catalog.id() == before
    catalog.down = False
    assert catalog.id() == before
