"""What the docs show, as data: code blocks, links, and curl sessions that can be played."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:(?P<name>\w+)=\$\()?(?P<curl>curl .*?)(?: \| jq -r \.(?P<key>\w+)\))?$")
HOST = "localhost:8000"


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language on a page."""
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def workflows(page: Path) -> list[dict[str, Any]]:
    """The workflows among the JSON blocks of a page."""
    found = [json.loads(text) for text in blocks(page, "json")]
    return [each for each in found if isinstance(each, dict) and "nodes" in each]


@dataclass(frozen=True)
class Call:
    """One curl command; `name` is the variable that its answer's `key` is put into."""

    method: str
    url: str
    headers: dict[str, str]
    data: str | None
    name: str | None
    key: str | None

    def filled(self, values: dict[str, str]) -> str:
        """The path and query, with the variables' values."""
        path = self.url.removeprefix(HOST)
        for name, value in values.items():
            path = path.replace(f"${name}", value)
        return path


def calls(page: Path) -> list[Call]:
    """The curl commands of a page's shell blocks, in order."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines() if "curl" in line]
    return [_call(line) for line in lines]


def _call(line: str) -> Call:
    found = CALL.fullmatch(line)
    assert found, line
    words = iter(shlex.split(found["curl"])[1:])
    said: dict[str, Any] = {"method": None, "url": "", "data": None, "headers": {}}
    for word in words:
        if word == "-X":
            said["method"] = next(words)
        elif word == "-d":
            said["data"] = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            said["headers"][name] = value
        elif word != "-s":
            said["url"] = word
    said["method"] = said["method"] or ("POST" if said["data"] else "GET")
    return Call(**said, name=found["name"], key=found["key"])
