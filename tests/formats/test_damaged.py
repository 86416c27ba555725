"""Damaged files, cut, or with bytes turned over: rows or a sentence, never a failure of ours."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_formats import FILES, NEEDED, Save, path_of, typed
from test_osm_pbf import extract

from orchestrator.errors import NodeError
from orchestrator.faults import translate
from orchestrator.ops.base import Context
from orchestrator.ops.data_loader import DataLoader
from orchestrator.tables import Session

TIMES = 20
Damage = Callable[[random.Random, bytearray], None]


def cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def flip(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice([1, 4, 20])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def overwrite(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    data[start : start + 4] = rng.choice([bytes(4), b"\xff\xff\xff\x7f", rng.randbytes(4)])


def repeat(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    data[start:start] = data[start : start + rng.randrange(1, 64)]


DAMAGES: list[Damage] = [cut, flip, overwrite, repeat]


def damaged(whole: Path, target: Path, seed: int) -> Iterator[None]:
    """Copies of a dataset's files at `target`, one of them damaged, again and again."""
    rng = random.Random(seed)
    for _ in range(TIMES):
        shutil.copytree(whole, target, dirs_exist_ok=True)
        file = rng.choice(sorted(each for each in target.rglob("*") if each.is_file()))
        data = bytearray(file.read_bytes())
        rng.choice(DAMAGES)(rng, data)
        file.write_bytes(data)
        yield


def look(root: Path, scratch: Path, config: dict[str, Any], *, design: bool) -> None:
    """Load it as a run or as `infer` does; a sentence is fine."""
    with Session([scratch, root]) as session:
        context = Context(session, root, None if design else scratch, design=design)
        try:
            DataLoader.configure(config).call({}, context)["result"].fetchall()
        except Exception as error:
            found = translate(error)
            assert isinstance(found, NodeError)
            assert found.code != "node_failed", found.message
            assert str(root) not in found.message


def judge(context: Context, folder: str, config: dict[str, Any]) -> None:
    scratch = context.scratch
    assert scratch is not None
    whole = scratch / "whole"
    shutil.move(context.root / folder, whole)
    for seed, _ in enumerate(damaged(whole, context.root / folder, seed=len(config["path"]))):
        look(context.root, scratch / str(seed), config, design=bool(seed % 2))


@pytest.mark.parametrize("kind", FILES)
def test_of_every_format(context: Context, save: Save, kind: str) -> None:
    needed, column = NEEDED.get(kind, {}), {"column": "text"} if kind == "text" else {}
    save(typed(context, kind), target_type=kind, path=path_of(kind), **needed, **column)
    judge(context, "folder", {"source_type": kind, "path": path_of(kind), **needed})


def test_of_drawings(context: Context, save: Save) -> None:
    save("SELECT 'POINT (1 2)'::GEOMETRY AS geometry, 'a' AS layer", target_type="dxf", path="folder/a.dxf")
    judge(context, "folder", {"source_type": "dxf", "path": "folder/a.dxf"})


def test_of_extracts(context: Context) -> None:
    (context.root / "folder").mkdir()
    (context.root / "folder/a.osm.pbf").write_bytes(extract())
    judge(context, "folder", {"source_type": "osm_pbf", "path": "folder/a.osm.pbf", "layer": "points"})


@pytest.mark.parametrize("kind", ["csv", "geojson", "shapefile"])
def test_of_archives(context: Context, save: Save, kind: str) -> None:
    save(typed(context, kind), target_type=kind, path=path_of(kind))
    shutil.make_archive(str(context.root / "packed/a"), "zip", context.root / "folder")
    judge(context, "packed", {"source_type": kind, "path": "packed/a.zip"})
