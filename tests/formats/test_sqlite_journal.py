"""Databases beside which an interrupted change has left its journal."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from test_sqlite import make, sql

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation

Load = Callable[..., Relation]
Save = Callable[..., int]
KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN")
connection.execute("UPDATE t SET a = 'new'")
connection.executemany("INSERT INTO t VALUES (?)", [("new" * 50,)] * 2000)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def journal(context: Context) -> Path:
    """The journal of `a.db`, in the middle of whose change its process was killed."""
    make(context, "CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('old')")
    subprocess.run([sys.executable, "-c", KILLED, str(context.root / "a.db")], check=False)
    return context.root / "a.db-journal"


def test_the_change_is_taken_back(context: Context, load: Load, save: Save, journal: Path) -> None:
    assert journal.stat().st_size > 0
    assert load(source_type="sqlite", path="a.db").fetchall() == [("old",)]
    assert save("SELECT 'more' AS a", target_type="sqlite", path="a.db", table="t", mode="append") == 1
    assert sql(context, "SELECT a FROM t") == [("old",), ("more",)]


@pytest.mark.parametrize("mode", ["read", "append"])
def test_a_journal_removes_no_other_file(context: Context, load: Load, save: Save, journal: Path, mode: str) -> None:
    """SQLite removes the file that a journal of several databases names at its end: here one beside the data root."""
    victim = context.root.parent / "victim"
    victim.write_text("precious")
    name = str(victim).encode()
    with journal.open("ab") as file:
        parts = [(0x40000000 // 4096 + 1, 4), (name, 0), (len(name), 4), (sum(name), 4)]
        file.writelines(each.to_bytes(size, "big") if isinstance(each, int) else each for each, size in parts)
        file.write(bytes.fromhex("d9d505f920a163d7"))
    for suffix in ("", "-journal"):
        shutil.copy(context.root / f"a.db{suffix}", context.root.parent / f"copy.db{suffix}")
    does: dict[str, Callable[[], object]] = {
        "read": lambda: load(source_type="sqlite", path="a.db"),
        "append": lambda: save("SELECT 'b' AS a", target_type="sqlite", path="a.db", table="t", mode="append"),
    }
    with pytest.raises(NodeError, match="has a journal of a change of several databases"):
        does[mode]()
    assert victim.read_text() == "precious"
    with closing(sqlite3.connect(context.root.parent / "copy.db")) as copy:
        copy.execute("SELECT * FROM t").fetchall()
    assert not victim.exists()  # or this test tests nothing
