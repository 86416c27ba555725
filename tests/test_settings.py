"""Settings come from the environment, once."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestrator.settings import Settings, settings, text


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"GRAPHMILL_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("HOME", "some/where", Path("some/where")),
        ("DATABASE_URL", "postgresql+psycopg2://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("PORT", "8123", 8123),
        ("CORS_ORIGINS", '["http://a.example"]', ["http://a.example"]),
        ("MEMORY_LIMIT", "1GB", 1_000_000_000),
        ("MEMORY_LIMIT", "512MiB", 512 << 20),
        ("MAX_CONCURRENT_RUNS", "3", 3),
        ("WARM_WORKERS", "false", False),
    ],
)
def test_from_the_environment(environment, name, said, value):
    environment.setenv(f"GRAPHMILL_{name}", said)
    assert getattr(Settings(), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "said"),
    [("PORT", "70000"), ("PORT", "x"), ("THREADS", "0"), ("MAX_CONCURRENT_RUNS", "0"), ("CANCEL_GRACE_S", "-1"),
     ("MEMORY_LIMIT", "much")],
)  # fmt: skip
def test_refused(environment, name, said):
    environment.setenv(f"GRAPHMILL_{name}", said)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_defaults_are_for_one_machine_and_nobody_else():
    made = Settings()
    assert made.host == "127.0.0.1"
    assert not made.allow_private_addresses
    assert made.secret_key is None
    assert made.data == (made.home / "data").resolve()


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({"HOST": "0.0.0.0", "DAGSTER_PORT": "3001"}, "http://127.0.0.1:3001/runs/x"),
        ({"DAGSTER_ADDRESS": "https://etl.example.org/dagster/"}, "https://etl.example.org/dagster/runs/x"),
    ],
)
def test_where_dagster_is_reached(environment, said, url):
    for name, value in said.items():
        environment.setenv(f"GRAPHMILL_{name}", value)
    assert Settings().run_url("x") == url


def test_every_setting_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_a_data_root_of_its_own(tmp_path):
    made = Settings(home=tmp_path, data_root=tmp_path / "elsewhere")
    assert made.data == tmp_path / "elsewhere"
    assert made.runs == tmp_path / "runs"


def test_they_are_read_once_and_the_folders_made(environment, tmp_path):
    environment.setenv("GRAPHMILL_HOME", str(tmp_path / "home"))
    assert settings() is settings()
    assert settings().data.is_dir()
    assert settings().runs.is_dir()


def test_a_child_process_has_the_same(tmp_path):
    given = Settings(
        home=tmp_path, port=8123, cors_origins=["http://a.example"], warm_workers=False, memory_limit="1GB",
        secret_key="k'\"", database_url="postgresql+psycopg2://u:p@h/d",
    )  # fmt: skip
    script = "from orchestrator.settings import settings; print(settings().model_dump_json())"
    said = subprocess.run(
        [sys.executable, "-c", script], env=given.environment(), capture_output=True, check=True
    ).stdout
    assert Settings.model_validate(json.loads(said)) == given


def test_text():
    assert text("x") == "x"
    assert text(True) == "true"
    assert text(["a"]) == '["a"]'


def test_no_setting_can_be_changed():
    with pytest.raises(ValidationError):
        Settings().port = 1
    assert all(re.fullmatch("[a-z_]+", name) for name in Settings.model_fields)
