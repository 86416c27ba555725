import datetime as dt
import os

import pytest

from orchestrator.errors import NodeError

FILES = {"in/a.csv": "x\n1\n", "in/b.CSV": "x\n", "in/deep/c.csv": "x\n", "top.geojson": "{}", "in/none": ""}


@pytest.fixture
def root(tmp_path):
    for name, text in {**FILES, "in/.hidden": "x", ".git/config.csv": "x"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


CASES = [
    ({}, ["top.geojson"]),
    ({"recursive": True}, ["in/a.csv", "in/b.CSV", "in/deep/c.csv", "in/none", "top.geojson"]),
    ({"folder": "in"}, ["in/a.csv", "in/b.CSV", "in/none"]),
    ({"folder": "in/"}, ["in/a.csv", "in/b.CSV", "in/none"]),
    ({"folder": "./in", "pattern": "*.csv"}, ["in/a.csv"]),
    ({"folder": "in", "pattern": "?.[cC]*"}, ["in/a.csv", "in/b.CSV"]),
    ({"pattern": "*.csv", "recursive": True}, ["in/a.csv", "in/deep/c.csv"]),
    ({"folder": "in", "pattern": ".*"}, []),
]


@pytest.mark.parametrize(("config", "paths"), CASES)
def test_lists(run, root, config, paths):
    assert [row[0] for row in run("list_files", config)] == paths


def test_says_what_they_are(run, root):
    os.utime(root / "in/a.csv", (1_700_000_000, 1_700_000_000.25))
    modified = dt.datetime.fromtimestamp(1_700_000_000.25, dt.UTC)
    made = run("list_files", {"folder": "in"})
    assert made[0] == ("in/a.csv", "a.csv", "csv", 4, modified)
    assert [row[2:4] for row in made[1:]] == [("csv", 2), ("", 0)]
    kinds = ["VARCHAR", "VARCHAR", "VARCHAR", "BIGINT", "TIMESTAMP WITH TIME ZONE"]
    assert [kind for _, kind in run.columns("list_files", {"folder": "in"})] == kinds


def test_nothing_outside_the_root_is_listed(run, root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.csv").write_text("x")
    (root / "in/link.csv").symlink_to(outside / "secret.csv")
    (root / "in/folder").symlink_to(outside)
    (root / "in/inside.csv").symlink_to(root / "top.geojson")
    (root / "in/loop").symlink_to(root / "in")
    (root / "in/broken.csv").symlink_to(root / "gone")
    made = [row[0] for row in run("list_files", {"folder": "in", "recursive": True})]
    assert made == ["in/a.csv", "in/b.CSV", "in/deep/c.csv", "in/inside.csv", "in/none"]
    assert run.refuses("list_files", {"folder": "in/folder"})[:2] == ("path_not_allowed", "/config/folder")


@pytest.mark.parametrize("folder", ["..", "/etc", "in/../..", "a\0b", "C:/x", "top.geojson"])
def test_refuses_what_is_no_folder_below_the_root(run, root, folder):
    assert run.refuses("list_files", {"folder": folder})[:2] == ("path_not_allowed", "/config/folder")


def test_the_folder_must_be_there_when_it_runs(run, root):
    with pytest.raises(NodeError, match=r"File 'inn' is not there. Did you mean 'in'\?") as caught:
        run("list_files", {"folder": "inn"})
    assert (caught.value.code, caught.value.path) == ("file_not_found", "/config/folder")
