"""The app in process, on a real database and a data root of its own."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from api_shape import chain
from executing import post
from pydantic import ByteSize
from service_system import until
from starlette.testclient import TestClient

from api.app import create_app
from benchmarks.system import free_port
from orchestrator.database import dagster_url
from orchestrator.runs import adapter
from orchestrator.service.health import code_server_answers
from orchestrator.service.home import prepare_home
from orchestrator.service.storage import create_tables
from orchestrator.settings import Settings, settings


@pytest.fixture(scope="module")
def home(database_url: str) -> Iterator[Path]:
    """A home of the test file's own, made as `graphmill up` makes it, which the whole process uses meanwhile."""
    with TemporaryDirectory(prefix="graphmill-") as folder, pytest.MonkeyPatch.context() as patch:
        given = Settings(
            home=Path(folder), database_url=database_url, code_server_port=free_port(), max_upload=ByteSize(3_000_000)
        )
        create_tables(dagster_url(database_url))
        for name, value in prepare_home(given).items():
            patch.setenv(name, value)
        settings.cache_clear()
        adapter.instance.cache_clear()
        yield Path(folder)
        adapter.instance().dispose()
        adapter.instance.cache_clear()
    settings.cache_clear()


@pytest.fixture(scope="module")
def api(home: Path) -> Iterator[TestClient]:
    """A client of the app."""
    with TestClient(create_app(), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
def app_with(home: Path) -> Callable[..., TestClient]:
    """Makes clients of apps with other settings; nothing has been started."""

    def make(**changes: object) -> TestClient:
        made = settings().model_copy(update=changes)
        return TestClient(create_app(made), base_url="http://127.0.0.1:8000", raise_server_exceptions=False)

    return make


@pytest.fixture(scope="module")
def code_server(home: Path) -> Iterator[None]:
    """The real code server, which runs what is executed."""
    with (home / "logs" / "code-server.log").open("a") as log:
        process = subprocess.Popen([sys.executable, "-m", "orchestrator.service.code_server"], stderr=log, stdout=log)
    try:
        until(lambda: code_server_answers(settings().code_server_port), 150)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def data(home: Path, api: TestClient) -> Iterator[Path]:
    """The data root, empty before and after."""
    root = home / "data"
    root.mkdir(exist_ok=True)
    yield root
    for each in sorted(root.rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() and not each.is_symlink() else each.unlink()


@pytest.fixture(scope="module")
def workflow(api: TestClient) -> str:
    """A workflow of two nodes, with a parameter."""
    return post(api, chain(parameters=[{"name": "least", "type": "integer", "default": 0}]))
