"""What the environment says, read once."""

import os
from functools import lru_cache
from pathlib import Path

from pydantic import ByteSize, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


def default_home() -> Path:
    """`dagster_home/` of a checkout; `~/.graphmill` where the package is installed without one."""
    beside = CHECKOUT / "dagster_home"
    return beside if beside.is_dir() else Path.home() / ".graphmill"


class Settings(BaseSettings):
    """Each field is an environment variable with `GRAPHMILL_` before its name."""

    model_config = SettingsConfigDict(env_prefix="GRAPHMILL_", frozen=True)

    home: Path = Field(default_factory=default_home, description="Run data, the embedded database and Dagster's home.")
    database_url: str | None = Field(None, description="PostgreSQL to use; without it one is embedded under the home.")
    data_root: Path | None = Field(None, description="Where workflows read and write.")
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the API.")
    dagster_port: int = Field(3000, ge=0, le=65535, description="Port of Dagster's webserver, always on loopback.")
    dagster_address: str | None = Field(None, description="Where people reach that webserver, such as through a proxy.")
    code_server_port: int = Field(4266, ge=0, le=65535, description="Port of the Dagster code server, on loopback.")
    cors_origins: list[str] = Field([], description="Origins that may call the API; any port of localhost by default.")
    memory_limit: ByteSize = Field(ByteSize(4 << 30), description="Memory that a run's data engine may use.")
    api_memory_limit: ByteSize = Field(
        ByteSize(4 << 30), description="Memory that the API may use; a call that needs more is answered with 507."
    )
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2, ge=1, description="Threads of a run.")
    max_concurrent_runs: int = Field(10, ge=1, description="Runs at the same time; more wait in the queue.")
    max_upload: ByteSize = Field(ByteSize(2 << 30), description="Largest uploaded file.")
    warm_workers: bool = Field(True, description="Start runs from a warm process; off: Dagster's stock launcher.")
    allow_private_addresses: bool = Field(False, description="HTTP readers may call loopback and private addresses.")
    allow_private_databases: bool = Field(False, description="Connections may lead to loopback and private addresses.")
    allow_python: bool = Field(
        False,
        description="Workflows may run Python code, without a sandbox: whoever can save one is the server's user.",
    )
    max_python_s: float = Field(3600.0, gt=0, description="Longest time, in seconds, that a `python` node may ask for.")
    cancel_grace_s: float = Field(5.0, gt=0, description="Seconds before a canceled run's process is killed.")
    keep_runs_days: float = Field(
        90.0, ge=0, description="Days until a finished run is removed, with its log and tables; 0: never."
    )
    secret_key: str | None = Field(None, description="Key that secrets are encrypted with; kept in the home if unset.")

    @property
    def data(self) -> Path:
        """The data root: every path of a workflow is below it."""
        return (self.data_root or self.home / "data").resolve()

    def run_url(self, run_id: str) -> str:
        """The page of a run in Dagster's UI; that listens on loopback, and may have an address for others."""
        base = self.dagster_address or f"http://127.0.0.1:{self.dagster_port}"
        return f"{base.rstrip('/')}/runs/{run_id}"

    @property
    def runs(self) -> Path:
        """One folder per run, with the stored tables of its ports."""
        return self.home.resolve() / "runs"

    def environment(self) -> dict[str, str]:
        """The same settings for a child process."""
        said = self.model_dump(mode="json", exclude_none=True, exclude_defaults=False)
        return {f"GRAPHMILL_{name.upper()}": text(value) for name, value in said.items()}


def text(value: object) -> str:
    """A setting as its environment variable carries it."""
    import json

    return value if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    made = Settings()  # type: ignore[call-arg,unused-ignore]
    made.data.mkdir(parents=True, exist_ok=True)
    made.runs.mkdir(parents=True, exist_ok=True)
    return made
