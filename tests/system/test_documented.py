"""What the README and the docs tell people to type works on the running system, and so does `make run`'s example."""

from pathlib import Path

import pandas as pd
import pytest
from documented import PAGES, ROOT, blocks, calls

from benchmarks.system import System
from examples import run

SESSIONS = [page for page in PAGES if calls(page)]


@pytest.fixture(scope="module")
def base(system: System) -> str:
    return str(system.api.base_url).removesuffix("/api/")


@pytest.fixture(scope="module")
def shown(system: System, base: str) -> str:
    """What the example prints."""
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: lines.append(" ".join(words)))
        assert run.main(base)
    return "\n".join(lines)


def test_the_example_shows_its_run(shown: str, system: System) -> None:
    assert "✓ Late departures                      passed 72,914, failed 263,862" in shown
    assert "carrier" in shown
    assert "16 of 16 rows" in shown
    assert f"{system.dagster}/runs/" in shown


def test_the_example_can_be_run_again(shown: str, base: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(base)
    again = capsys.readouterr().out
    assert again.count("is there") == 4
    assert "version 1 (" in again


def test_its_file_can_be_fetched(shown: str, system: System, tmp_path: Path) -> None:
    for name in run.FILES:
        (tmp_path / name).write_bytes(system.api.get(f"/files/{name}").raise_for_status().content)
    assert len(pd.read_csv(tmp_path / run.FILES[0])) == 16


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.name)
def test_the_session_on_a_page(page: Path, shown: str, system: System, base: str) -> None:
    values: dict[str, str] = {}
    for call in calls(page):
        data = None if call.data is None else body(page, call.data)
        answer = system.api.request(call.method, base + call.filled(values), headers=call.headers, content=data)
        assert answer.is_success, answer.text
        if call.name and call.key:
            values[call.name] = answer.json()[call.key]
    assert len(answer.json().get("rows", answer.json().get("features"))) > 0


def body(page: Path, data: str) -> str:
    """The file that a call sends: one of the checkout, or the one that the page tells to save."""
    file = ROOT / data.removeprefix("@")
    return file.read_text() if file.exists() else blocks(page, "json")[0]
