"""What the docs show, as data: code blocks, links, and curl sessions that can be played."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
FME = sorted(page for page in (ROOT / "docs/fme").glob("*.md") if page.stem != "index")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:(?P<name>\w+)=\$\()?(?P<curl>curl .*?)(?: \| get (?P<key>\w+)\))?$")
FILE = re.compile(r"^Save this as `(.+)` in the data root:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GIVES = re.compile(r"^It gives (.+)\.$", re.MULTILINE)
HOST = "localhost:8000"


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language on a page."""
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def workflows(page: Path) -> list[dict[str, Any]]:
    """The workflows among the JSON blocks of a page."""
    found = [json.loads(text) for text in blocks(page, "json")]
    return [each for each in found if isinstance(each, dict) and "nodes" in each]


def files(page: Path) -> dict[str, str]:
    """The files that a page tells to put into the data root."""
    return dict(FILE.findall(page.read_text()))


def gives(page: Path) -> dict[str, int]:
    """How many rows a page says that the ports of its workflow's last node give."""
    (said,) = GIVES.findall(page.read_text())
    return {port: int(rows) for port, rows in re.findall(r"`(.+?)` (\d+)", said)}


def together(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Several workflows as one, the ids of each behind its name."""
    nodes = [{**node, "id": f"{name}/{node['id']}"} for name, each in documents.items() for node in each["nodes"]]
    edges = [
        {**edge, "source": f"{name}/{edge['source']}", "target": f"{name}/{edge['target']}"}
        for name, each in documents.items()
        for edge in each["edges"]
    ]
    return {"name": "Together", "nodes": nodes, "edges": edges}


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
