"""Makes the pages that come from the code: `python -m docs.generate` (or `make docs`); a test holds them current."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ByteSize, TypeAdapter

from docs import schema, semantics, transformers
from orchestrator.formats import readers, writers
from orchestrator.formats.base import Format
from orchestrator.nodes import catalogue as described
from orchestrator.ops._by_format import ByFormat
from orchestrator.ops.base import Op
from orchestrator.registry import node_types
from orchestrator.settings import Settings

FOLDER = Path(__file__).parent
NOTE = "<!-- Made by `make docs` from the code: edit that. -->"
DEPENDS = {
    "home": "`dagster_home/` of a checkout, else `~/.graphmill`",
    "database_url": "embedded",
    "data_root": "`data` under the home",
    "threads": "the machine's",
    "cors_origins": "any port of localhost",
}

CATALOGUE = """# The catalogue

Every node type and every format, made from their classes. The editor gets the same from `GET /api/nodes/types`, the
terminal from `graphmill nodes`. A *column* is the name of a column of the input (of the first one, unless it says
which); an *expression* is a scalar DuckDB SQL expression over the input's columns. `${name}` puts a
[parameter](graph.md#parameters) into any of them."""

SETTINGS = """# Settings

They come from the environment, and are read once when a process starts. Sizes may have a unit (`512MB`, `4GiB`), lists
are JSON (`["https://editor.example.org"]`). `graphmill up --home DIR --port N` overrules the environment.
A workflow's paths are relative to the data root and cannot leave it.

`GRAPHMILL_CONNECTION_<NAME>` is a [connection](graph.md#connections) as a URL, as many as there are names."""

HTTP = """# HTTP

The base is `/api`, text is UTF-8, times are RFC 3339 in UTC. Lists take `limit` and `offset` and answer
`{"items": [...], "total": n}`. `/docs` on the running server has all of this to try out, `/openapi.json` for machines.
Every answer has an `X-Request-ID`, the caller's where one was sent; the log carries it.

Ids go into a path percent-encoded, a `/` too: the node `a/b` is `a%2Fb`.

## Rejections

Every rejection is `application/problem+json` (RFC 9457). All problems come at once, each with the node, edge or setting
it belongs to; [the codes](graph.md#problems) are stable, the sentences are not."""

STATUSES = """| Status | When |
|---|---|
| 400 | the graph, a setting, a parameter or the request itself is wrong |
| 403 | a web page of an origin that may not call this (`GRAPHMILL_CORS_ORIGINS`) |
| 404 | it is not there |
| 405 | the address does not take this method; `Allow` says which |
| 406 | none of the media types in `Accept` can be given |
| 409 | it is not in the state that the call needs: a draft cannot run, a run that has ended cannot be canceled |
| 412 | somebody else saved first: `If-Match` has a stale version |
| 413 | over a limit |
| 415 | the body is compressed |
| 416 | the range is not in the file |
| 503 | a part of the system does not answer now; `Retry-After` says when to ask again |
| 507 | the disk is full, or the memory that a call may use |"""


def catalogue() -> str:
    """The page of node types and formats."""
    types = node_types()
    groups: dict[str, list[type[Op]]] = {}
    for each in described():
        groups.setdefault(each["category"], []).append(types[each["type"]])
    contents = [f"- {group}: {', '.join(f'[`{op.type}`](#{op.type})' for op in ops)}" for group, ops in groups.items()]
    names = sorted({*readers(), *writers()})
    contents.append(f"- Formats: {', '.join(f'[`{name}`](#format-{name})' for name in names)}")
    pages = [node(op) for ops in groups.values() for op in ops]
    return "\n\n".join([NOTE, CATALOGUE, "\n".join(contents), *pages, *(format_(name) for name in names)])


def node(op: type[Op]) -> str:
    """What there is to know of a node type."""
    parts = [f"## {op.type}", f"**{op.title}.** {text(op)}", ports(op), options(op)]
    example = json.dumps(op.example, ensure_ascii=False)
    return "\n\n".join(part for part in [*parts, f"```json\n{example}\n```" if op.example else ""] if part)


def text(kind: type) -> str:
    """A class's docstring, its paragraphs unwrapped."""
    paragraphs = (inspect.getdoc(kind) or "").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


def ports(op: type[Op]) -> str:
    """Inputs and outputs."""
    rows = [("in", each) for each in op.inputs.values()] + [("out", each) for each in op.outputs.values()]
    marks = {port.name: " (many edges)" if port.many else " (optional)" if port.optional else "" for _, port in rows}
    shown = [(way, f"`{p.name}`{marks[p.name]}", p.description) for way, p in rows]
    if op.dynamic_ports:
        shown.append(("", "…", "Further ports come from the settings."))
    return schema.table(("", "Port", ""), shown)


def options(op: type[Op]) -> str:
    """The settings; of a node type that has a form per format, its own ones."""
    if not issubclass(op, ByFormat):
        return schema.settings(op.config_schema())
    kinds = ", ".join(f"[`{name}`](#format-{name})" for name in op.formats())
    return f"{schema.settings(op.model_json_schema())}\n\n`{op.chooser}` is one of {kinds}, with that format's options."


def format_(name: str) -> str:
    """A format, as it is read and as it is written."""
    kinds = {"Reading": readers().get(name), "Writing": writers().get(name)}
    first = next(kind for kind in kinds.values() if kind)
    ends = f" ({', '.join(f'`{end}`' for end in first.extensions)})" if first.extensions else ""
    parts = [f"## Format: {name}", f"**{first.label}**{ends}."]
    for way, kind in kinds.items():
        parts.append(_way(way, kind) if kind else f"{way}: no.")
    return "\n\n".join(parts)


def _way(way: str, kind: type[Format]) -> str:
    found = schema.settings(kind.model_json_schema())
    return f"{way}: {text(kind)}\n\n{found}"


def settings() -> str:
    """The page of settings."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = DEPENDS.get(name) or ("" if field.default is None else f"`{_shown(field.default)}`")
        rows.append((f"`GRAPHMILL_{name.upper()}`", default, field.description or ""))
    return "\n\n".join([NOTE, SETTINGS, schema.table(("Variable", "Default", "Meaning"), rows)])


def _shown(default: Any) -> str:
    if isinstance(default, ByteSize):
        return default.human_readable(separator=" ")
    return TypeAdapter(Any).dump_json(default).decode().strip('"')


def http() -> str:
    """The page of HTTP calls, from the OpenAPI."""
    from api.app import create_app
    from api.examples import EXAMPLES

    document = create_app(Settings(home=FOLDER)).openapi()
    groups: dict[str, list[tuple[str, ...]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            groups[call["tags"][0]].append(_call(method, path, call))
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    tables = [
        f"## {name.capitalize()}\n\n{about[name]}\n\n"
        + schema.table(("Call", "What it does", "Query and headers", "Answers"), rows)
        for name, rows in groups.items()
        if rows
    ]
    problem = json.dumps(EXAMPLES["ProblemAnswer"], indent=2, ensure_ascii=False)
    return "\n\n".join([NOTE, HTTP, f"```json\n{problem}\n```", STATUSES, *tables])


def _call(method: str, path: str, call: Mapping[str, Any]) -> tuple[str, ...]:
    given = "; ".join(_given(call.get("parameters", ())))
    answers = ", ".join(status for status in sorted(call["responses"]) if status.isdigit())
    return f"`{method.upper()} {path}`", call.get("description", ""), given, answers


def _given(parameters: Any) -> Iterator[str]:
    for each in parameters:
        if each["in"] != "path":
            yield f"`{each['name']}`" + (f": {each['description'].rstrip('.')}" if each.get("description") else "")


PAGES: Mapping[str, Callable[[], str]] = {
    "catalogue.md": catalogue, "settings.md": settings, "http.md": http,
    "semantics.md": lambda: f"{NOTE}\n\n{semantics.page()}",
    "fme/index.md": lambda: f"{NOTE}\n\n{transformers.page()}",
}  # fmt: skip


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page() + "\n")


if __name__ == "__main__":
    main()
