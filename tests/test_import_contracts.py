"""Imports go one way: the contracts of `pyproject.toml` hold, and they would notice."""

import tomllib
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_ERROR, EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "pyproject.toml"


def contracts():
    return tomllib.loads(CONFIG.read_text())["tool"]["importlinter"]["contracts"]


def test_the_contracts_hold(capsys):
    assert lint_imports(config_filename=str(CONFIG), no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out
    assert f"Contracts: {len(contracts())} kept, 0 broken." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("orchestrator.compiler", "orchestrator.graph"), ("orchestrator.graph", "orchestrator.errors")],
)
def test_an_import_against_the_direction_is_noticed(tmp_path, importer, imported, capsys):
    config = tmp_path / "contracts.toml"
    config.write_text(
        '[tool.importlinter]\nroot_package = "orchestrator"\n'
        '[[tool.importlinter.contracts]]\nname = "upside down"\ntype = "layers"\n'
        f'layers = ["{imported}", "{importer}"]\n'
    )
    assert lint_imports(config_filename=str(config), no_cache=True) == EXIT_STATUS_ERROR
    assert "upside down BROKEN" in capsys.readouterr().out


def test_every_module_below_the_border_knows_no_dagster():
    """A new module must be put on one side of the border: named in the contract, or in the list of those that may."""
    may = {"cli", "compiler", "definitions", "offline", "runs", "service", "terminal"}
    without = {"embedded", "logs", "migrations"}  # the database's and the log's own
    (border,) = (each for each in contracts() if each["name"].startswith("Node types"))
    named = {each.split(".")[1] for each in border["source_modules"]} - {"compiler"}
    there = {each.stem for each in (ROOT / "orchestrator").iterdir() if not each.name.startswith("_")}
    assert there == named | may | without
