"""The compiler's tests have a home of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from compiler.graphs import own_home


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with own_home(tmp_path_factory.mktemp("home")) as made:
        yield made
