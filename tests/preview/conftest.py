"""Tables stored as a run stores them."""

import pytest

from orchestrator.preview.sessions import close_idle
from orchestrator.tables import Session


@pytest.fixture
def stored(tmp_path):
    """Stores a table from SQL as a run does; gives its path."""

    def store(query):
        path = tmp_path / "tables" / "node" / "result.parquet"
        with Session([tmp_path]) as session:
            session.store(session.connection.sql(query), path)
        return path

    yield store
    close_idle()


@pytest.fixture
def numbers(stored):
    """Ten rows: 0 to 9, letters that repeat, some nulls."""
    return stored(
        "SELECT i::INTEGER AS n, chr(97 + i::INT % 3) AS letter, nullif(i % 4, 0)::INT AS rest FROM range(10) t(i)"
    )
