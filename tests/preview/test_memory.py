"""A process with an end to its memory: each in a process of its own."""

import os
import subprocess
import sys

import pytest

from orchestrator import memory

LIMITED = """
import resource
from orchestrator import memory
{before}
memory.limit({most})
print(resource.getrlimit(resource.RLIMIT_DATA)[0])
"""
GREEDY = """
import sys
from pathlib import Path
from orchestrator import memory
from orchestrator.errors import NodeError
from orchestrator.preview import download, page
memory.limit(2 << 30)
path = Path(sys.argv[1])
for ask in (page, lambda *given, **more: b"".join(download(path, "csv", **more))):
    try:
        ask(path, where=sys.argv[2])
    except NodeError as error:
        print(error.code, error.path)
print(page(path)["total"])
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) for line in status if line.startswith("VmData")) < 1 << 20)
"""


def done(code, *arguments):
    """What a fresh Python prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, env=os.environ | memory.GIVE_BACK
    ).stdout.split("\n")[:-1]


def test_the_machine_has_memory():
    assert memory.of_machine() > 256 << 20


@pytest.mark.parametrize(("file", "expected"), [("1000000\n", 1_000_000), ("max\n", None)])
def test_a_container_may_have_less_than_its_machine(tmp_path, monkeypatch, file, expected):
    (tmp_path / "memory.max").write_text(file)
    monkeypatch.setattr(memory, "CGROUPS", (tmp_path / "nothing", tmp_path / "memory.max"))
    assert memory.of_machine() == (expected or memory.psutil.virtual_memory().total)


@pytest.mark.parametrize(
    ("before", "expected"),
    [("", 3 << 30), ("resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, -1))", 2 << 30)],
)
def test_a_limit_that_is_lower_already_stays(before, expected):
    assert done(LIMITED.format(before=before, most=3 << 30)) == [str(expected)]


@pytest.mark.parametrize(
    "where",
    [
        "len(repeat(letter, n + 500000000)) > 0",
        "len(list_reduce(list_transform(range(35), lambda x: letter), lambda a, b: a || a)) > 0",
    ],
)
def test_a_value_that_fills_the_memory_is_refused_and_given_back(numbers, where):
    assert done(GREEDY, numbers, where) == ["out_of_memory /query/where"] * 2 + ["10", "True"]
