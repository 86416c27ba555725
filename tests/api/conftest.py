"""The app in process, on a real database and a data root of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from orchestrator import settings as module
from orchestrator.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Path]:
    """A home of the test file's own, which the whole process uses meanwhile."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMILL_HOME", str(folder))
        patch.setenv("GRAPHMILL_DATABASE_URL", database_url)
        patch.setenv("GRAPHMILL_MAX_UPLOAD", "3000000")
        module.settings.cache_clear()
        yield folder
    module.settings.cache_clear()


@pytest.fixture(scope="module")
def api(home: Path) -> Iterator[TestClient]:
    """A client of the app."""
    with TestClient(create_app(), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
def app_with(home: Path) -> Callable[..., TestClient]:
    """Makes clients of apps with other settings; nothing has been started."""

    def make(**changes: object) -> TestClient:
        made = module.settings().model_copy(update=changes)
        assert isinstance(made, Settings)
        return TestClient(create_app(made), base_url="http://127.0.0.1:8000", raise_server_exceptions=False)

    return make
