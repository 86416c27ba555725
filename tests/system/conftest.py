"""The whole system as people start it: `graphmill up`, once for all these tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.system import System, running


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    with (
        tempfile.TemporaryDirectory(prefix="graphmill-") as home,
        running(Path(home), max_concurrent_runs=3, cancel_grace_s=2) as started,
    ):
        yield started
