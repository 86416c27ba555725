"""The docs are current and complete, and what they show works."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from documented import FME, PAGES, ROOT, Call, blocks, calls, files, gives, together, workflows
from typer.testing import CliRunner

from api.app import create_app
from api.errors import _code
from docs import generate, transformers
from orchestrator import formats
from orchestrator.cli import app
from orchestrator.faults import CODES
from orchestrator.ops.base import Op
from orchestrator.registry import node_types
from orchestrator.settings import Settings, settings

GRAPH = ROOT / "docs/graph.md"
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCE = re.compile(r"`((?:api|orchestrator|tests|docs|examples|benchmarks|compiler|service|runs)/[\w/]+\.py)`")
WORKFLOWS = [(page, index) for page in PAGES if page not in FME for index in range(len(workflows(page)))]
CALLS = [(page, call) for page in PAGES for call in calls(page)]


@pytest.mark.parametrize("name", generate.PAGES)
def test_generated_pages_are_current(name: str) -> None:
    assert generate.PAGES[name]() + "\n" == (ROOT / "docs" / name).read_text(), "run `make docs`"


def produced() -> Iterator[str]:
    """Every problem code that the code can produce: `code="…"` in a call, `code = "…"` in a class, and DuckDB's."""
    yield from CODES.values()
    for path in [*(ROOT / "orchestrator").rglob("*.py"), *(ROOT / "api").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "code":
                yield from texts(node.value)
            if isinstance(node, ast.ClassDef):
                yield from (code for each in node.body for code in class_code(each))


def class_code(statement: ast.stmt) -> list[str]:
    target = getattr(statement, "targets", [getattr(statement, "target", None)])[0]
    named = isinstance(target, ast.Name) and target.id == "code"
    return texts(getattr(statement, "value", None)) if named else []


def texts(node: ast.expr | None) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return texts(body) + texts(orelse)
        case ast.BoolOp(values=values):
            return [text for each in values for text in texts(each)]
    return []


STATUSES = (405, 406, 415, 416)  # whose codes are their phrases


def documented_codes() -> set[str]:
    section = GRAPH.read_text().split("\n## Problems\n")[1]
    rows = re.findall(r"^\| (`.+?) \| .+\|$", section, re.MULTILINE)
    last = section.strip().splitlines()[-1]
    return set(re.findall(r"`(\w+)`", " ".join([*rows, last])))


def test_every_problem_code_is_documented() -> None:
    codes = set(produced()) | {_code(status) for status in STATUSES}
    assert codes > {"cycle", "unknown_column", "not_found", "conversion_failed", "invalid_graph"}
    assert sorted(codes - documented_codes()) == []


def test_no_problem_code_is_made_up() -> None:
    made = documented_codes() - set(produced()) - {"graphmill"} - {_code(status) for status in STATUSES}
    source = "".join(path.read_text() for path in (ROOT / "orchestrator").rglob("*.py"))
    assert [code for code in sorted(made) if f'"{code}"' not in source] == []


@cache
def routes() -> dict[str, Any]:
    return create_app(Settings(home=ROOT)).openapi()["paths"]


def test_every_route_is_documented() -> None:
    page = (ROOT / "docs/http.md").read_text()
    for path, methods in routes().items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in page


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    assert all(f"`GRAPHMILL_{name.upper()}`" in page for name in Settings.model_fields)


def widgets(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from [schema["x-ui"]["widget"]] if "x-ui" in schema else []
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            yield from widgets(each)


def test_every_widget_of_a_form_is_documented() -> None:
    section = (ROOT / "docs/editor.md").read_text().split("\n## Forms\n")[1]
    rows = re.findall(r"^\| (`.+?) \| .+\|$", section, re.MULTILINE)
    said = {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"widget"}
    assert said == {name for op in node_types().values() for name in widgets(op.config_schema())}


@pytest.mark.parametrize("kind", [*node_types().values(), *formats.readers().values(), *formats.writers().values()])
def test_every_node_type_and_format_is_documented(kind: Any) -> None:
    page = (ROOT / "docs/catalogue.md").read_text()
    title = f"\n## {kind.type}\n" if issubclass(kind, Op) else f"\n## Format: {kind.name}\n"
    section = page.split(title)[1].split("\n## ")[0]
    assert all(f"`{name}`" in section for name, field in kind.model_fields.items() if not field.alias)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not anchor or anchor in {slug(each) for each in HEADING.findall(target.read_text())}, link


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_are_there(page: Path) -> None:
    for name in SOURCE.findall(page.read_text()):
        own = "running_total" in name or "head.py" in name
        assert own or (ROOT / name).is_file() or (ROOT / "orchestrator" / name).is_file(), name


def test_pages_name_no_machine_and_no_registry() -> None:
    for page in PAGES:
        assert not re.search(r"/(home|work|tmp|usr)/|pypi\.org|@[\w-]+\.(com|org)", page.read_text()), page


def test_files_that_use_dagsters_inside_are_listed() -> None:
    section = (ROOT / "docs/architecture.md").read_text().split("## Where Dagster's inside is used")[1]
    assert saying(r"\bdagster\w*\._") == set(SOURCE.findall(section))


def test_files_that_import_dagster_are_listed() -> None:
    text = (ROOT / "docs/architecture.md").read_text().split("\nDagster is imported in ")[1].split("\n\n")[0]
    folders = tuple(re.findall(r"`(orchestrator/\w+/)`", text))
    named = {name if name.startswith("orchestrator") else f"orchestrator/{name}" for name in SOURCE.findall(text)}
    using = saying(r"^\s*(from|import) dagster")
    assert named == {name for name in using if not name.startswith(folders)}
    assert all(any(name.startswith(folder) for name in using) for folder in folders)


def saying(pattern: str) -> set[str]:
    """The source files in which it is found."""
    files = [*(ROOT / "orchestrator").rglob("*.py"), *(ROOT / "api").rglob("*.py")]
    return {str(each.relative_to(ROOT)) for each in files if re.search(pattern, each.read_text(), re.MULTILINE)}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GRAPHMILL_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path / "data"
    settings.cache_clear()


@pytest.mark.parametrize(("page", "index"), WORKFLOWS, ids=lambda value: getattr(value, "name", value))
def test_workflows_in_the_docs_run(root: Path, page: Path, index: int) -> None:
    from orchestrator.offline import run
    from orchestrator.workflows import judge

    document = workflows(page)[index]
    assert judge(document).problems == ()
    assert run(document, {}).status == "completed"


def test_there_is_a_page_for_each_of_the_most_used_transformers() -> None:
    assert {name for _, name, _ in transformers.MOST_USED} == {page.stem for page in FME}
    for _, name, types in transformers.MOST_USED:
        page = (ROOT / f"docs/fme/{name}.md").read_text()
        assert page.startswith(f"# {name}\n")
        assert all(f"(../catalogue.md#{each})" in page for each in types.split()), name


@pytest.fixture(scope="module")
def run_together(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int | None]]:
    """The workflows of all pages for people who leave FME as one graph, for one run; rows by node and port."""
    from orchestrator.offline import run

    home = tmp_path_factory.mktemp("fme")
    for page in FME:
        for name, text in files(page).items():
            (home / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            (home / "data" / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMILL_HOME", str(home))
        settings.cache_clear()
        made = run(together({page.stem: workflows(page)[0] for page in FME}), {})
    settings.cache_clear()
    assert made.status == "completed", made.error
    return {each.node_id: {port: out.rows for port, out in each.outputs.items()} for each in made.nodes}


@pytest.mark.parametrize("page", FME, ids=lambda page: page.stem)
def test_workflows_for_people_who_leave_fme(run_together: Any, page: Path) -> None:
    (document,) = workflows(page)
    assert document["name"] == page.stem
    assert run_together[f"{page.stem}/{document['nodes'][-1]['id']}"] == gives(page)


@pytest.mark.parametrize(("command", "said"), [("validate", ""), ("run", "passed 2, failed 1")])
def test_the_command_line_in_the_docs_runs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    assert f"`graphmill {command} orders.json`" in GRAPH.read_text()
    (tmp_path / "orders.json").write_text(blocks(GRAPH, "json")[0])
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [command, "orders.json"])
    assert done.exit_code == 0, done.output
    assert said in done.output


@pytest.mark.parametrize(("page", "call"), CALLS, ids=lambda value: getattr(value, "name", None))
def test_calls_in_the_docs_are_routes(page: Path, call: Call) -> None:
    path = call.filled({}).partition("?")[0]
    known = [name for name, methods in routes().items() if call.method.lower() in methods and fits(name, path)]
    assert known, (call.method, path)


def fits(route: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path) is not None


@pytest.mark.parametrize("page", [page for page in PAGES if calls(page)], ids=lambda page: page.name)
def test_how_a_session_takes_an_id_out_of_an_answer(page: Path) -> None:
    (get,) = (line for block in blocks(page, "sh") for line in block.splitlines() if line.startswith("get()"))
    for answer, given, shown in (('{"id": "w1"}', "w1\n", ""), ('{"title": "Invalid graph"}', "", "Invalid graph")):
        session = f"{get.replace('.venv/bin/python', shlex.quote(sys.executable))}\necho '{answer}' | get id"
        ran = subprocess.run(["/bin/sh", "-c", session], check=False, capture_output=True, text=True)
        assert ran.stdout == given
        assert shown in ran.stderr
