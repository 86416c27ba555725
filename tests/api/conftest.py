"""The app in process, on a real database and in a home that all these tests share."""

import os
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


@pytest.fixture(scope="session")
def prepared(new_database: Callable[[], str]) -> Iterator[Settings]:
    """The settings of one home for all these tests, made as `graphmill up` makes it."""
    with TemporaryDirectory(prefix="graphmill-") as folder:
        url = new_database()
        create_tables(dagster_url(url))
        yield Settings(
            home=Path(folder), database_url=url, code_server_port=free_port(), max_upload=ByteSize(3_000_000)
        )


@pytest.fixture(scope="module")
def home(prepared: Settings) -> Iterator[Path]:
    """The home, which the whole process uses meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in prepare_home(prepared).items():
            patch.setenv(name, value)
        settings.cache_clear()
        adapter.instance.cache_clear()
        yield prepared.home
        adapter.instance().dispose()
        adapter.instance.cache_clear()
    settings.cache_clear()


@pytest.fixture(scope="module")
def database_url(prepared: Settings) -> str:
    """The home's database."""
    return str(prepared.database_url)


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


@pytest.fixture(scope="session")
def code_server(prepared: Settings) -> Iterator[None]:
    """The real code server, which runs what is executed: one for all tests that execute something."""
    environment = {**os.environ, **prepare_home(prepared)}
    command = [sys.executable, "-m", "orchestrator.service.code_server"]
    with (prepared.home / "logs" / "code-server.log").open("a") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log, env=environment)
    try:
        until(lambda: code_server_answers(prepared.code_server_port), 150)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def data(home: Path, api: TestClient) -> Iterator[Path]:
    """The data root, empty before and after."""
    root = home / "data"
    root.mkdir(exist_ok=True)
    empty(root)
    yield root
    empty(root)


def empty(folder: Path) -> None:
    for each in sorted(folder.rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() and not each.is_symlink() else each.unlink()


@pytest.fixture(scope="module")
def workflow(api: TestClient) -> str:
    """A workflow of two nodes, with a parameter."""
    return post(api, chain(parameters=[{"name": "least", "type": "integer", "default": 0}]))
