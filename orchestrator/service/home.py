"""The home: its folders, Dagster's configuration in it, and the environment that the processes need."""

from pathlib import Path

from orchestrator.database import dagster_url, database_url
from orchestrator.settings import CHECKOUT, Settings

MARK = "# Graphmill writes this file anew at every start while this line is its first."
WORKSPACE = """\
load_from:
  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: graphmill}}
"""


def prepare_home(settings: Settings) -> dict[str, str]:
    """Make the home's folders and Dagster's files; gives the environment of the processes that work with it.

    A `dagster.yaml` that a person has taken over, by removing its first line, is left alone.
    Raises Unavailable when the embedded database does not run.
    """
    home = settings.home.resolve()
    for folder in (settings.data, settings.runs, home / "logs", home / "supervisor"):
        folder.mkdir(parents=True, exist_ok=True)
    write_configuration(home / "dagster.yaml")
    workspace(settings).write_text(WORKSPACE.format(port=settings.code_server_port))
    return {
        **settings.environment(),
        "GRAPHMILL_HOME": str(home),
        "GRAPHMILL_DAGSTER_URL": dagster_url(database_url(settings)),
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONUNBUFFERED": "1",
    }


def workspace(settings: Settings) -> Path:
    """The file that tells Dagster's daemon and webserver where the code server is."""
    return settings.home.resolve() / "supervisor" / "workspace.yaml"


def write_configuration(target: Path) -> None:
    """Put Dagster's settings there, unless a person's are."""
    packaged = configuration()
    if target == packaged:
        return
    if not target.exists() or target.read_text().startswith(MARK):
        target.write_text(f"{MARK}\n{packaged.read_text()}")


def configuration() -> Path:
    """Dagster's settings as they come: beside this file in a wheel, in `dagster_home/` of a checkout."""
    beside = Path(__file__).with_name("dagster.yaml")
    return beside if beside.exists() else CHECKOUT / "dagster_home" / "dagster.yaml"
