"""What the tests of node types share: a locked session, and running a node on tables."""

import datetime as dt
from collections.abc import Iterator

import pytest
from running import Runner

from orchestrator.few_values import FewValues
from orchestrator.ops.base import Context
from orchestrator.tables import Session


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Iterator[Session]:
    """A session locked to the folder of all tests; opening one takes longer than most tests."""
    with Session([tmp_path_factory.getbasetemp()]) as made:
        yield made


@pytest.fixture
def session(opened) -> Session:
    """A session that has stored nothing yet."""
    opened.few = FewValues(opened.connection)
    return opened


@pytest.fixture
def context(session, tmp_path) -> Context:
    """A run's context."""
    return Context(session, tmp_path)


@pytest.fixture
def run(session, tmp_path) -> Runner:
    """Run a node type: `run("filter", {...}, table=[{"a": 1}])`."""
    return Runner(session, tmp_path)


@pytest.fixture
def sales():
    """A table with nulls, duplicates, text, numbers and dates."""
    day = dt.date
    return [
        {"id": 1, "region": "north", "amount": 10.5, "day": day(2024, 1, 1)},
        {"id": 2, "region": "south", "amount": None, "day": day(2024, 1, 2)},
        {"id": 3, "region": None, "amount": 7.0, "day": None},
        {"id": 4, "region": "north", "amount": 10.5, "day": day(2024, 2, 1)},
        {"id": 5, "region": "", "amount": -1.0, "day": day(2023, 12, 31)},
    ]


@pytest.fixture
def warehouse(database_url, monkeypatch) -> str:
    """The URL of a database that nodes know as the connection `warehouse`."""
    url = database_url.replace("+psycopg2", "")
    monkeypatch.setenv("GRAPHMILL_CONNECTION_WAREHOUSE", url)
    return url
