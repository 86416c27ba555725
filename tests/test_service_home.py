"""The home's files, and Dagster reading them."""

import shlex
import socket
from pathlib import Path

import pytest
from dagster import DagsterInstance
from supervisor.options import ServerOptions

from orchestrator.database import dagster_url
from orchestrator.errors import Conflict
from orchestrator.service.home import MARK, configuration, prepare_home, workspace
from orchestrator.service.logs import RunLogs
from orchestrator.service.ports import check_ports
from orchestrator.service.programs import configuration as configuration_of
from orchestrator.service.programs import programs
from orchestrator.service.session import session
from orchestrator.service.storage import Runs, create_tables
from orchestrator.settings import Settings


@pytest.fixture
def now(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    made = Settings(home=tmp_path / "home", database_url=database_url, max_concurrent_runs=7)
    create_tables(dagster_url(database_url))
    for name, value in prepare_home(made).items():
        monkeypatch.setenv(name, value)
    return made


def test_dagster_reads_the_configuration(now: Settings) -> None:
    with DagsterInstance.get() as instance:
        assert isinstance(instance.run_storage, Runs)
        assert isinstance(instance.compute_log_manager, RunLogs)
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 7  # type: ignore[union-attr]
        assert instance.telemetry_enabled is False
        assert instance.get_runs() == []


def test_the_tables_are_at_dagsters_latest_migration(now: Settings) -> None:
    with DagsterInstance.get() as instance:
        for storage in (instance.run_storage, instance.event_log_storage, instance.schedule_storage):
            version = storage.alembic_version()  # type: ignore[union-attr]
            assert version[0] == version[1]


def test_the_environment_says_the_same_settings(now: Settings) -> None:
    again = Settings()  # type: ignore[call-arg]
    assert again.model_dump(exclude={"home"}) == now.model_dump(exclude={"home"})
    assert again.home == now.home.resolve()


def test_dagsters_file_is_renewed_until_a_person_takes_it(now: Settings) -> None:
    file = now.home / "dagster.yaml"
    file.write_text(f"{MARK}\nold: true\n")
    prepare_home(now)
    assert file.read_text() == f"{MARK}\n{configuration().read_text()}"
    file.write_text("telemetry: {enabled: false}\n")
    prepare_home(now)
    assert file.read_text() == "telemetry: {enabled: false}\n"


def test_the_workspace_names_our_code_server(now: Settings) -> None:
    text = workspace(now).read_text()
    assert f"port: {now.code_server_port}, location_name: graphmill" in text


def test_a_home_is_held_by_one(tmp_path: Path) -> None:
    with session(tmp_path), pytest.raises(Conflict, match="already"), session(tmp_path):
        pass
    with session(tmp_path):
        pass


def test_a_port_in_use_is_named(now: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=f"Port {port} .*GRAPHMILL_DAGSTER_PORT"):
            check_ports(now.model_copy(update={"dagster_port": port, "port": 0, "code_server_port": 0}))


@pytest.mark.parametrize("name", ["plain", "with space", "100% ünï", "a'quote"])
@pytest.mark.parametrize("database_url", [None, "postgresql://u@h/d"])
def test_supervisord_reads_its_configuration(tmp_path: Path, name: str, database_url: str | None) -> None:
    home = tmp_path / name
    (home / "logs").mkdir(parents=True)
    (home / "supervisor").mkdir()
    now = Settings(home=home, database_url=database_url)
    file = home / "supervisor" / "supervisord.conf"
    file.write_text(configuration_of(programs(now), home))
    options = ServerOptions()
    options.realize(["-c", str(file), "-n"])
    read = {program.name: program for group in options.process_group_configs for program in group.process_configs}
    assert read.keys() == {"code-server", "api", "daemon", "webserver"} | ({"database"} if not database_url else set())
    assert read["daemon"].command.endswith(f"-w {shlex.quote(str(workspace(now)))}")
    assert read["daemon"].stdout_logfile == str(home / "logs" / "daemon.log")
    assert read["api"].environment["DUCKDB_JE_MALLOC_CONF"] == "retain:false"
