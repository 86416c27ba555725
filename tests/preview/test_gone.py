"""A stored table that is deleted while somebody reads it."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from service_system import until

from orchestrator.errors import NotFound
from orchestrator.preview import download
from orchestrator.preview.sessions import reading


def test_deleted_while_a_file_is_made_of_it(stored):
    path = stored("SELECT i, hash(i)::VARCHAR AS h FROM range(500_000) t(i)")
    with ThreadPoolExecutor() as beside:
        made = beside.submit(download, path, "parquet", sort="-h")
        until(lambda: list(path.parent.glob(".download-*")), every=0)
        shutil.rmtree(path.parent, ignore_errors=True)
        with pytest.raises(NotFound):
            made.result()


def delete_and_read(session, path):
    path.unlink()
    session.connection.execute(f"FROM {session.scan(path)}")


def test_deleted_while_it_is_read(stored):
    path = stored("SELECT 1 AS a")
    with pytest.raises(NotFound), reading(path) as session:
        delete_and_read(session, path)
