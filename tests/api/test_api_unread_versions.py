"""Executions of a version that cannot be read any more, such as one with a node type that is gone."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
import sqlalchemy as sa
from api_shape import inline, problems_of
from starlette.testclient import TestClient

from orchestrator.catalog.tables import versions
from orchestrator.compiler.handed_down import EXECUTION_TAG
from orchestrator.compiler.jobs import Compiled, Jobs
from orchestrator.errors import NotFound
from orchestrator.runs import Runs, adapter
from orchestrator.settings import settings

pytestmark = pytest.mark.usefixtures("code_server")
NAMED = {"id": "o", "type": "output", "config": {"name": "the rows"}}
GONE = {"nodes": [{"id": "1", "type": "type_that_is_gone"}, NAMED]}


@pytest.fixture(scope="module")
def failed(api: TestClient) -> str:
    """A failed execution, whose version is another one since."""
    fails = {"id": "bad", "type": "fail", "config": {"message": "No more."}}
    edges = [{"source": "1", "target": "o"}, {"source": "1", "target": "bad"}]
    graph = {"nodes": [inline(), NAMED, fails], "edges": edges}
    workflow_id = api.post("/api/workflows", json=graph).json()["id"]
    said = api.post(f"/api/workflows/{workflow_id}/execute?wait=60").json()
    assert said["error"]["message"] == "No more."
    with api.app.state.system.catalog.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # no trigger refuses the change
        this = versions.c.workflow_id == workflow_id
        connection.execute(sa.update(versions).where(this).values(document=GONE))
    return str(said["execution_id"])


@pytest.fixture
def later(app_with: Callable[..., TestClient], failed: str) -> Iterator[TestClient]:
    """A client of an app that has not compiled the version before."""
    with app_with() as client:
        yield client


def test_it_says_what_happened_without_its_nodes(later: TestClient, failed: str) -> None:
    said = later.get(f"/api/executions/{failed}").json()
    assert (said["status"], said["error"]["message"], said["nodes"]) == ("failed", "No more.", [])
    assert said["error"] in [each["error"] for each in later.get("/api/executions").json()["items"]]


def test_its_log_is_told(later: TestClient, failed: str) -> None:
    url = f"/api/executions/{failed}/logs"
    page = later.get(url, headers={"Accept": "application/json"}).json()
    assert {each["event"] for each in page["items"]} == {"status", "log"}
    assert 'data: {"timestamp"' in later.get(url).text
    assert "No more." in later.get(url).text


def test_its_tables_can_be_read(later: TestClient, failed: str) -> None:
    url = f"/api/executions/{failed}/nodes"
    assert later.get(f"{url}/1/outputs/result").json()["rows"] == [[1, "x"]]
    problems_of(later.get(f"{url}/bad/outputs/result"), 404, "output_not_found")
    assert later.get(f"/api/executions/{failed}/outputs/the rows").json()["rows"] == [[1, "x"]]
    (said,) = problems_of(later.get(f"/api/executions/{failed}/outputs/x"), 404, "not_found")
    assert said["message"] == "Output 'x' is not there. There are: the rows."


def test_it_cannot_be_retried(later: TestClient, failed: str) -> None:
    problems_of(later.post(f"/api/executions/{failed}/retry"), 400, "unknown_node_type")


class Counting(Jobs):
    """Counts how often a version is looked for."""

    looked = 0

    def get(self, workflow_id: str, version: int) -> Compiled:
        self.looked += 1
        return super().get(workflow_id, version)


@pytest.fixture
def by_hand(failed: str) -> Iterator[str]:
    """The same execution as Dagster's launchpad would have made it, with a parameter."""
    run = adapter.instance().get_run_by_id(failed)
    assert run is not None
    tags = {name: value for name, value in run.tags.items() if name != EXECUTION_TAG}
    again = run._replace(run_id=str(uuid4()), run_config={"key": "hunter2"}, tags=tags)
    adapter.instance().add_run(again)
    yield again.run_id
    adapter.instance().delete_run(again.run_id)


ASKS: list[Callable[[Runs, str], object]] = [
    lambda runs, run_id: runs.get(run_id),
    lambda runs, run_id: runs.table(run_id, "bad", "result"),
]


@pytest.mark.parametrize("ask", ASKS)
def test_what_cannot_be_read_is_looked_for_once(
    later: TestClient, by_hand: str, ask: Callable[[Runs, str], object]
) -> None:
    catalog = later.app.state.system.catalog  # type: ignore[attr-defined]
    jobs = Counting(catalog)
    runs = Runs(catalog, settings(), jobs)
    assert runs.list()[0][0].parameters == {"key": "***"}
    jobs.looked = 0
    with suppress(NotFound):
        ask(runs, by_hand)
    assert jobs.looked == 1
