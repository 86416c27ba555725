"""Where the database is, the embedded server's life, and engines that survive restarts and forks."""

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from orchestrator import database, embedded
from orchestrator.errors import Conflict, GraphmillError, Unavailable
from orchestrator.settings import Settings

HOLD = "import sys,pathlib; from orchestrator import database; s=database.embedded(pathlib.Path(sys.argv[1]));"


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="graphmill-") as folder:
        yield Path(folder) / "not" / "yet there"


def answer(url: str, question: str = "SELECT 42") -> object:
    with database.transaction(database.engine(url)) as connection:
        return connection.scalar(sa.text(question))


@pytest.mark.parametrize(
    "given",
    [
        "postgres://ann:p%40ss@db.example:5433/flows?sslmode=require",
        "postgresql://ann:p%40ss@db.example:5433/flows?sslmode=require",
        "postgresql+psycopg://ann:p%40ss@db.example:5433/flows?sslmode=require",
        "postgresql+psycopg2://ann:p%40ss@db.example:5433/flows?sslmode=require",
    ],
)
def test_a_configured_url_is_used_with_psycopg2(given):
    expected = "postgresql+psycopg2://ann:p%40ss@db.example:5433/flows?sslmode=require"
    assert database.database_url(Settings(database_url=given)) == expected


@pytest.mark.parametrize(
    "given", ["sqlite:///a.db", "mysql://u:secret@h/d", "secret", "postgresql+asyncpg://u:secret@h/d"]
)
def test_a_url_of_something_else_is_refused_without_its_password(given):
    with pytest.raises(GraphmillError, match="not the URL of a PostgreSQL database") as caught:
        database.database_url(Settings(database_url=given))
    assert caught.value.code == "invalid_setting"
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("postgresql+psycopg2://u:p%2B@h/d", "-csearch_path=dagster"),
        (
            "postgresql+psycopg2://u:p%2B@h/d?options=-cwork_mem%3D8MB&sslmode=require",
            "-cwork_mem=8MB -csearch_path=dagster",
        ),
    ],
)
def test_dagster_gets_its_own_schema_of_the_same_database(given, options):
    made, before = sa.make_url(database.dagster_url(given)), sa.make_url(given)
    assert made.query["options"] == options
    assert made.difference_update_query(["options"]) == before.difference_update_query(["options"])
    assert made.password == "p+"


def test_dagster_keeps_its_tables_in_its_schema(fresh_database_url):
    from dagster_postgres.run_storage import PostgresRunStorage

    PostgresRunStorage(database.dagster_url(fresh_database_url)).dispose()
    inspector = sa.inspect(database.engine(fresh_database_url))
    assert "runs" in inspector.get_table_names(schema="dagster")
    assert inspector.get_table_names(schema="public") == []
    assert "workflows" in inspector.get_table_names(schema="graphmill")
    database.prepare(fresh_database_url)


def test_the_embedded_server_starts_is_found_restarts_and_stops(home):
    settings = Settings(home=home)
    with pytest.raises(Unavailable, match="graphmill up"):
        database.database_url(settings)
    with database.embedded(home) as server:
        assert server.url.startswith("postgresql+psycopg2://")
        assert database.database_url(settings) == server.url
        database.prepare(server.url)
        assert answer(server.url, "SHOW max_connections") == "200"
        assert answer(server.url, "SHOW fsync") == "on"
        sockets = list(Path(str(sa.make_url(server.url).query["host"])).glob(".s.PGSQL.*[0-9]"))
        assert [stat.S_IMODE(socket.stat().st_mode) for socket in sockets] == [0o700]
    with pytest.raises(Unavailable, match="graphmill up"):
        database.database_url(settings)
    with pytest.raises(Unavailable, match="does not answer"):
        answer(server.url)
    with database.embedded(home) as again:
        assert again.url == server.url
        assert answer(again.url, "SELECT version_num FROM graphmill.alembic_version") == database.head()
        again.close()
        again.close()


def test_an_engine_survives_a_restart_of_the_server(home):
    with database.embedded(home) as server:
        before = answer(server.url, "SELECT pg_backend_pid()")
    with database.embedded(home) as server:
        assert answer(server.url, "SELECT pg_backend_pid()") != before


def test_the_server_stays_while_a_handle_is_open(home):
    first, second = database.embedded(home), database.embedded(home)
    first.close()
    assert answer(second.url) == 42
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD + "print('up', flush=True); sys.stdin.read()", str(home)], stdin=-1, stdout=-1
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"up\n"
    second.close()
    assert answer(second.url) == 42
    other.communicate()
    assert embedded.running(home) is None


def test_a_killed_holder_and_a_killed_server_are_recovered_from(home):
    """Both leave files behind: the holder its number, which would keep the server up for ever, the server its lock."""
    crash = HOLD + "import os; os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", crash, str(home)], check=False).returncode == -signal.SIGKILL
    left = embedded.running(home)
    assert left is not None
    with database.embedded(home) as server:
        assert embedded.running(home) == left
        database.prepare(server.url)
    assert embedded.running(home) is None

    with database.embedded(home) as server:
        kill_postgres(embedded.running(home).pid)
        assert embedded.running(home) is None
        # After a restart of a container the old number may be anybody's: here it is ours.
        lock = home / "postgres" / "postmaster.pid"
        lock.write_text(lock.read_text().replace(lock.read_text().split()[0], str(os.getpid()), 1))
        assert embedded.running(home) is None
        with database.embedded(home) as again:
            assert answer(again.url, "SELECT count(*) FROM graphmill.workflows") == 0


def kill_postgres(pid):
    """The postmaster dies by -9; its children notice and go."""
    children = psutil.Process(pid).children()
    os.kill(pid, signal.SIGKILL)
    assert not psutil.wait_procs(children, timeout=20)[1]
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def test_a_home_whose_path_is_too_long_for_a_socket(home):
    with database.embedded(home / ("long" * 30)) as server:
        assert answer(server.url) == 42


def test_a_locale_and_a_port_that_the_environment_names_wrongly(home, monkeypatch):
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("PGPORT", "1")
    with database.embedded(home / "it's, ä") as server:
        assert answer(server.url, "SELECT 'ä'") == "ä"
    assert os.environ["LC_ALL"] == "xx_XX.UTF-8"


def test_a_server_that_cannot_start_says_so(home):
    home.mkdir(parents=True)
    (home / "postgres").write_text("in the way")
    with pytest.raises(Unavailable, match="did not start") as caught:
        database.embedded(home)
    assert str(home) not in caught.value.message


def test_one_engine_for_a_url(database_url):
    assert database.engine(database_url) is database.engine(database_url)


def test_a_forked_child_opens_its_own_connection(database_url):
    parent = answer(database_url, "SELECT pg_backend_pid()")
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(answer(database_url, "SELECT pg_backend_pid()")))
    child.start()
    assert answers.get() != parent
    child.join()
    assert answer(database_url, "SELECT pg_backend_pid()") == parent


def test_an_error_of_the_caller_passes_and_rolls_back(fresh_database_url):
    def refuse_midway() -> None:
        with database.transaction(database.engine(fresh_database_url)) as connection:
            connection.execute(sa.text("CREATE TABLE public.half_done()"))
            raise Conflict("no")

    with pytest.raises(Conflict):
        refuse_midway()
    assert answer(fresh_database_url, "SELECT to_regclass('public.half_done')") is None
