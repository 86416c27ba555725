"""A hundred executions at once: all end, by priority, within the limit, and no connection is left over."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import sqlalchemy as sa
from running_system import ended, execution, save, until
from test_pin import version

from benchmarks.system import System
from orchestrator.database import database_url
from orchestrator.settings import Settings

RUNS, LIMIT = 100, 3
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
OVERLAP = """
SELECT max(n) FROM (
    SELECT count(*) AS n FROM dagster.runs a
    JOIN dagster.runs b ON b.start_time <= a.start_time AND a.start_time < b.end_time
    WHERE a.run_id = ANY(:ids) AND b.run_id = ANY(:ids) GROUP BY a.run_id) t
"""


def test_a_hundred_executions_end_by_priority(system: System) -> None:
    workflow = save(system, version(3))
    engine = sa.create_engine(database_url(Settings(home=system.home)))
    with engine.connect() as connection:
        before = connection.scalar(sa.text(CONNECTIONS))

    def post(number: int) -> str:
        body = {"priority": number % 4, "tags": {"number": str(number)}}
        answer = system.api.post(f"/workflows/{workflow}/execute", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["execution_id"])

    with ThreadPoolExecutor(20) as pool:
        ids = list(pool.map(post, range(RUNS)))
    listed = {"workflow_id": workflow, "limit": 1}
    until(lambda: system.api.get("/executions", params=listed | {"status": "completed"}).json()["total"] == RUNS, 240)
    found = [execution(system, each) for each in ids]
    waited = sorted((each for each in enumerate(found)), key=lambda each: each[1]["started_at"])
    # Those that found a place free start as they come; the queue then goes by priority.
    last_posted = max(each["queued_at"] for each in found)
    queued = [number % 4 for number, each in waited if each["started_at"] > last_posted]
    out_of_turn = sum(later > earlier for earlier, later in pairwise(queued))
    assert len(queued) > RUNS / 2
    assert queued[:10] == [3] * 10
    assert queued[-10:] == [0] * 10
    assert out_of_turn <= 2 * LIMIT  # runs dequeued together start in any order
    with engine.connect() as connection:
        assert connection.scalar(sa.text(OVERLAP), {"ids": ids}) <= LIMIT
        until(lambda: (connection.scalar(sa.text(CONNECTIONS)) or 0) <= (before or 0) + 10, 30)
    engine.dispose()
    assert ended(system, ids[0])["status"] == "completed"
