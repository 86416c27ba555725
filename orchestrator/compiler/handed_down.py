"""What a run takes over of the one it repeats: given rows and stored tables, linked, so that either may be deleted."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from dagster import DagsterRun

from orchestrator.compiler.plan import Plan

GIVEN = "given"
EXECUTION_TAG = "graphmill/execution"  # the id of the run: Dagster copies it to a run that it makes of this one


def is_own(run: DagsterRun) -> bool:
    """Whether the API has made a run; those made in Dagster have no such tag, or another run's."""
    return run.tags.get(EXECUTION_TAG) == run.run_id


def hand_down(runs: Path, parent: DagsterRun | None, folder: Path, kept: Iterable[str]) -> None:
    """Link the parent's given rows, and the tables of the nodes with these keys, into a run's folder."""
    if parent is not None:
        _link_parts(runs / parent.run_id, folder, [GIVEN, *map(_tables, kept)])


def inherit(plan: Plan, run: DagsterRun | None, folder: Path) -> None:
    """The same for a run that Dagster's UI has made of another, for what is not there already."""
    if run is None or run.parent_run_id is None or is_own(run):
        return
    executed = run.step_keys_to_execute
    kept = [] if executed is None else [_tables(each.key) for each in plan.steps if each.alias not in executed]
    parts = [each for each in (GIVEN, *kept) if not (folder / each).exists()]
    _link_parts(folder.parent / run.parent_run_id, folder, parts)


def _tables(key: str) -> str:
    return f"tables/{key}"


def _link_parts(source: Path, folder: Path, parts: Iterable[str]) -> None:
    for part in parts:
        if (source / part).is_dir():
            shutil.copytree(source / part, folder / part, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
