"""How a session begins, is interrupted and ends."""

from threading import Timer
from threading import enumerate as enumerate_threads

import duckdb
import pytest

from orchestrator import tables
from orchestrator.tables import Session, interrupt_all


def test_closed_beside():
    session = Session([])
    session.close_beside()
    for thread in [each for each in enumerate_threads() if each.name == "close-session"]:
        thread.join()
    with pytest.raises(duckdb.ConnectionException):
        session.connection.execute("SELECT 1")


def test_what_runs_can_be_interrupted():
    Session([]).close()
    with Session([]) as session:
        timer = Timer(0.2, interrupt_all)
        timer.start()
        with pytest.raises(duckdb.InterruptException):
            session.connection.sql(
                "SELECT count(*) FROM range(100000) a, range(1000000) b WHERE a.range * b.range = 7"
            ).fetchall()
        timer.join()


def test_memory_is_given_back():
    with Session([]) as session:
        session.connection.sql("SELECT 1").fetchall()
    with pytest.raises(duckdb.Error):
        session.connection.sql("SELECT 1").fetchall()


def test_a_database_that_is_opened_ahead_is_the_next_session_of_its_settings(tmp_path):
    tables.open_ahead(memory_limit=1 << 28, threads=1)
    with tables.Session([tmp_path], memory_limit=1 << 28, threads=2) as other:
        assert len(tables._ahead) == 1
        assert other.connection.sql("SELECT current_setting('threads')").fetchall() == [(2,)]
    with tables.Session([tmp_path], memory_limit=1 << 28, threads=1) as session:
        assert tables._ahead == {}
        assert session.connection.sql("SELECT current_setting('threads')").fetchall() == [(1,)]
        with pytest.raises(duckdb.PermissionException):  # it is locked as any
            session.connection.execute("SELECT * FROM read_text('/etc/hostname')")
