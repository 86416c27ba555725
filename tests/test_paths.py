"""Paths of a workflow stay below the data root."""

import os

import pytest

from orchestrator.errors import NodeError
from orchestrator.paths import existing, resolve


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "data"
    (made / "in").mkdir(parents=True)
    (made / "in" / "flights.csv").write_text("a\n1\n")
    (tmp_path / "secret.txt").write_text("secret")
    (made / "out-link").symlink_to(tmp_path / "secret.txt")
    (made / "etc").symlink_to("/etc")
    (made / "own-link").symlink_to(made / "in")
    (made / "loop").symlink_to(made / "loop")
    return made


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("in/flights.csv", "in/flights.csv"),
        ("./in/flights.csv", "in/flights.csv"),
        ("in\\flights.csv", "in/flights.csv"),
        ("own-link/flights.csv", "in/flights.csv"),
        ("new/folder/x.csv", "new/folder/x.csv"),
        ("a b/é ü.csv", "a b/é ü.csv"),
        ("..csv", "..csv"),
        ("x..y/z", "x..y/z"),
        ("~/x", "~/x"),
    ],
)
def test_allowed(root, path, found):
    assert resolve(root, path) == root.resolve() / found


@pytest.mark.parametrize(
    "path",
    [
        "", " ", "/etc/passwd", "//etc/passwd", "\\etc\\passwd", "../secret.txt", "in/../../secret.txt", "in/..",
        "..", "..\\secret.txt", "C:\\x.csv", "c:x", "out-link", "etc/passwd", "etc/", "a\0b", "loop/../x",
        "x" * 300, "x" * 300 + "/y",
    ],
)  # fmt: skip
def test_not_allowed(root, path):
    with pytest.raises(NodeError) as caught:
        resolve(root, path)
    assert caught.value.code == "path_not_allowed"
    assert str(root.parent) not in caught.value.message


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("in/flihts.csv", "File 'in/flihts.csv' is not there. Did you mean 'flights.csv'?"),
        ("nowhere/x.csv", "File 'nowhere/x.csv' is not there."),
        ("in/flights.csv/x", "File 'in/flights.csv/x' is not there."),
    ],
)
def test_missing(root, path, message):
    with pytest.raises(NodeError) as caught:
        existing(root, path)
    assert (caught.value.code, caught.value.message) == ("file_not_found", message)


def test_a_name_that_is_no_text_is_not_suggested(root):
    (root / "in" / os.fsdecode(b"flihts\xff.csv")).write_text("")
    with pytest.raises(NodeError, match=r"Did you mean 'flights\.csv'"):
        existing(root, "in/flihts.csv")


def test_existing(root):
    assert existing(root, "in/flights.csv").read_text() == "a\n1\n"
    assert existing(root, "in").is_dir()


@pytest.mark.parametrize("path", ["loop", "loop/x"])
def test_a_link_to_itself_is_refused(root, path):
    with pytest.raises(NodeError) as caught:
        existing(root, path)
    assert caught.value.code in ("path_not_allowed", "file_not_found")
