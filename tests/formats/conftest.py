"""A data root and a session for the tests of formats, locked down as in a run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from orchestrator.few_values import FewValues
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter
from orchestrator.tables import Session

Load = Callable[..., Relation]
OLD = """
    DROP TABLE IF EXISTS t CASCADE;
    CREATE TABLE t (id int PRIMARY KEY, name text DEFAULT 'new', n numeric(5, 1));
    INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', NULL), (3, NULL, 3)
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session locked to the folder of all tests; opening one takes longer than most tests."""
    with Session([tmp_path_factory.getbasetemp()]) as made:
        yield made


@pytest.fixture
def context(session: Session, tmp_path: Path) -> Context:
    """A run's context, of a session that has stored nothing yet."""
    root, scratch = tmp_path / "data", tmp_path / "run"
    root.mkdir()
    scratch.mkdir()
    session.few = FewValues(session.connection)
    return Context(session, root, scratch)


@pytest.fixture
def design(context: Context) -> Context:
    """A context of the same root in which only columns are wanted."""
    return Context(context.session, context.root, design=True)


@pytest.fixture
def load(context: Context, design: Context) -> Load:
    """Load a dataset, and see that describing it gave the same columns."""

    def loaded(**config: Any) -> Relation:
        loader = DataLoader.configure(config)
        described = loader.call({}, design)["result"]
        table = loader.call({}, context)["result"]
        assert list(zip(described.columns, map(str, described.types), strict=True)) == list(
            zip(table.columns, map(str, table.types), strict=True)
        )
        assert design.session.empty(described).columns == table.columns
        return table

    return loaded


@pytest.fixture
def save(context: Context, design: Context) -> Callable[..., int]:
    """Write the rows of a SELECT, and see that describing it wrote nothing; gives the rows written."""

    def saved(query: str | Relation, **config: Any) -> int:
        table = context.session.connection.sql(query) if isinstance(query, str) else query
        writer = DataWriter.configure(config)
        before = sorted(context.root.rglob("*"))
        empty = design.session.connection.from_arrow(table.limit(0).to_arrow_table())
        described = writer.call({"table": empty}, design)["result"]
        assert sorted(context.root.rglob("*")) == before
        made = writer.call({"table": table}, context)["result"]
        assert described.columns == made.columns
        assert not list(context.root.rglob("*.part"))
        return int(context.notes["rows_written"])

    return saved


@pytest.fixture
def sql(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Sends a statement to the database, which nodes know as `warehouse`; gives the rows. There is a table `t`."""
    url = database_url.replace("+psycopg2", "")
    monkeypatch.setenv("GRAPHMILL_CONNECTION_WAREHOUSE", url)

    def execute(statement: str, *values: Any) -> Any:
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            found = cursor.fetchall() if cursor.description else None
        connection.close()
        return found

    execute(OLD)
    return execute


@pytest.fixture
def write(save: Callable[..., int], sql: Any) -> Callable[..., int]:
    """Writes the rows of a SELECT to the table `t`; gives how many rows were written."""
    return lambda query, **config: save(
        query, **{"target_type": "postgresql", "connection": "warehouse", "table": "t", **config}
    )


@pytest.fixture
def read(load: Load, sql: Any) -> Load:
    """Loads the table `t`."""
    return lambda **config: load(source_type="postgresql", connection="warehouse", **{"table": "t", **config})
