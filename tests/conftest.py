"""What several test files share. The database is a real one: the embedded PostgreSQL, started once."""

import gc
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator import database

os.environ.setdefault("GRAPHMILL_ALLOW_PYTHON", "true")  # the node type `python` is tested like the others
TEMPLATE = "graphmill_template"
LONGEST = (
    "system", "test_service_up.py", "test_properties.py", "test_service_runs.py", "api", "test_docs.py",
    "test_database.py", "test_examples.py", "test_memory.py", "test_service_warm.py",
)  # fmt: skip
numbers = itertools.count(1)
gc.disable()  # what is imported and collected stays until the end: looking through it takes as long as making it


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Between processes, a file stays together because of what it shares, and all tests of one running system do.

    So do those that execute something on the code server of the API's tests.
    What takes longest begins first, so that no process waits at the end.
    """
    for item in items:
        if item.path.name != "test_all.py":
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: _place(item.path))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Apart, the tests of one system would start several; pytest-xdist writes the group behind a test's id."""
    gc.collect()
    gc.freeze()
    gc.enable()
    grouped = getattr(session.config.option, "loadgroup", False)
    if grouped and session.items and not any("@" in item.nodeid for item in session.items):
        raise pytest.UsageError("This pytest-xdist keeps no groups of tests together with this pytest.")


def _group(item: pytest.Item) -> str:
    if item.path.parent.name == "system":
        return "system"
    return "code_server" if "code_server" in getattr(item, "fixturenames", ()) else item.path.name


def _place(path: Path) -> int:
    names = [path.parent.name, path.name]
    return next((place for place, name in enumerate(LONGEST) if name in names), len(LONGEST))


def beside(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def run_sql(url: str, statement: str) -> None:
    """One statement, outside a transaction."""
    made = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        connection.execute(sa.text(statement))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of the test file's own, which the whole process uses meanwhile."""
    from compiler.graphs import own_home

    with own_home(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of an embedded PostgreSQL that lives as long as the test session."""
    # Not pytest's own folder: another session closes that to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="graphmill-") as home, database.embedded(Path(home)) as server:
        # What a test stores need not survive a power cut.
        run_sql(server.url, "ALTER SYSTEM SET fsync = off")
        run_sql(server.url, "SELECT pg_reload_conf()")
        yield server.url


@pytest.fixture(scope="session")
def new_database(postgres: str) -> Callable[[], str]:
    """Makes a database with all migrations done, and gives its URL."""
    run_sql(postgres, f"CREATE DATABASE {TEMPLATE}")
    database.prepare(beside(postgres, TEMPLATE))
    database.engine(beside(postgres, TEMPLATE)).dispose()

    def make() -> str:
        name = f"graphmill_{next(numbers)}"
        run_sql(postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return beside(postgres, name)

    return make


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    """A prepared database of the test file's own."""
    return new_database()


@pytest.fixture
def fresh_database_url(new_database: Callable[[], str]) -> str:
    """A prepared database of the test's own."""
    return new_database()


@pytest.fixture
def empty_database_url(postgres: str) -> str:
    """A database of the test's own that nothing has been done to."""
    name = f"graphmill_{next(numbers)}"
    run_sql(postgres, f"CREATE DATABASE {name}")
    return beside(postgres, name)
