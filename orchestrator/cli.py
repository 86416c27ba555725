"""The command `graphmill`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from orchestrator.errors import GraphmillError, InvalidGraph, Problem
from orchestrator.rules import rule

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMPLETED, FAILED, INVALID = 0, 1, 2

File = Annotated[Path, typer.Argument(help="A workflow as the editor posts it, in JSON; '-' reads standard input.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"graphmill {version('graphmill')}")
        raise typer.Exit(COMPLETED)


Version = Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")]


@app.callback()
def graphmill(version: Version = False) -> None:
    """A posted graph becomes a Dagster job."""


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="Port of the API.")] = None,
    dagster_port: Annotated[int | None, typer.Option(help="Port of Dagster's webserver.")] = None,
    home: Annotated[Path | None, typer.Option(help="Folder for run data and the database.")] = None,
) -> None:
    """Start the whole system in the foreground: database, code server, daemon, webserver and API."""
    from orchestrator.service.supervise import up as serve
    from orchestrator.settings import Settings

    said = {"port": port, "dagster_port": dagster_port, "home": home and home.resolve()}
    with _told():
        serve(Settings(**{key: value for key, value in said.items() if value is not None}))  # type: ignore[arg-type]


@app.command()
def run(
    file: File,
    param: Annotated[list[str] | None, typer.Option(help="name=value, as often as needed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Validate and run a workflow file without a server. Exit code: 0 completed, 1 failed, 2 invalid."""
    from orchestrator import offline
    from orchestrator.terminal import show_execution
    from orchestrator.workflows import judge

    document, find = _read(file, as_json), offline.beside(file)
    with _told(as_json):
        judged = judge(document, find)
        if not judged.valid:
            _show_problems(judged.problems, as_json)
            raise typer.Exit(INVALID)
        execution = offline.run(document, _parameters(param or []), find)
    typer.echo(execution.model_dump_json(indent=2) if as_json else show_execution(execution))
    raise typer.Exit(COMPLETED if execution.status == "completed" else FAILED)


@app.command()
def validate(file: File, as_json: AsJson = False) -> None:
    """Show a workflow file's problems, one a line. Exit code: 0 or 2."""
    from orchestrator.offline import beside
    from orchestrator.workflows import judge

    with _told():
        judged = judge(_read(file, as_json), beside(file))
    _show_problems(judged.problems, as_json)
    if not judged.problems and not as_json:
        typer.echo("No problems.", err=True)
    raise typer.Exit(COMPLETED if judged.valid else INVALID)


@app.command()
def nodes(node_type: Annotated[str | None, typer.Argument(help="A node type.", metavar="[TYPE]")] = None) -> None:
    """Show the catalogue of node types, or one of them."""
    from orchestrator.terminal import show_node_types

    with _told():
        typer.echo(show_node_types(node_type))


def _read(file: Path, as_json: bool) -> Any:
    from orchestrator.graph import read_json

    try:
        return read_json(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(INVALID) from None
    except InvalidGraph as error:
        _show_problems(error.problems, as_json)
        raise typer.Exit(INVALID) from None


def _parameters(said: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in said]
    if wrong := [text for text, pair in zip(said, pairs, strict=True) if not pair[1]]:
        typer.echo(f"--param takes name=value; '{wrong[0]}' has no '='.", err=True)
        raise typer.Exit(INVALID)
    return {name: value for name, _, value in pairs}


def _show_problems(problems: tuple[Problem, ...], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([problem.model_dump() for problem in problems], indent=2))
        return
    for each in problems:
        place = " ".join(part for part in (each.node_id or each.edge_id, each.path) if part)
        typer.echo(f"{each.severity} {each.code}{f' [{place}]' if place else ''}: {each.message}")


@contextmanager
def _told(as_json: bool = False) -> Iterator[None]:
    """Errors meant for a person end the command with their sentence and exit code 2."""
    try:
        yield
    except InvalidGraph as error:
        _show_problems(error.problems, as_json)
        raise typer.Exit(INVALID) from None
    except GraphmillError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(INVALID) from None
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            name = "_".join(["GRAPHMILL", *map(str, each["loc"])]).upper()
            typer.echo(f"{name}: {rule(each)}.", err=True)
        raise typer.Exit(INVALID) from None
    except (SettingsError, OSError) as error:
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        typer.echo(said, err=True)
        raise typer.Exit(INVALID) from None


if __name__ == "__main__":
    app()
