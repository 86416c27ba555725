"""The catalogue of node types as the editor shows it, and a judgement of one node's settings alone."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from orchestrator.errors import Problem
from orchestrator.ops._saved import Find
from orchestrator.ops.base import Op, Port
from orchestrator.ops.settings import PLACEHOLDER
from orchestrator.registry import node_type, node_types
from orchestrator.workflows import judge

ALONE = "node"
OWN = ("/config", "/type", "/parameters")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@lru_cache(maxsize=1)
def catalogue() -> tuple[dict[str, Any], ...]:
    """Every node type, by category and title."""
    described = [describe(name) for name in node_types()]
    return tuple(sorted(described, key=lambda each: (each["category"], each["title"])))


@lru_cache(maxsize=1024)
def describe(name: str) -> dict[str, Any]:
    """A node type as JSON: its words, ports and settings.

    Raises:
        NotFound: with the near-miss.
    """
    op: type[Op] = node_type(name)
    return {
        "type": op.type,
        "title": op.title,
        "category": op.category,
        "description": inspect.getdoc(op) or "",
        "inputs": _ports(op.inputs),
        "outputs": _ports(op.outputs),
        "dynamic_ports": op.dynamic_ports,
        "config_schema": {"$schema": DIALECT, **op.config_schema()},
    }


def _ports(ports: Mapping[str, Port]) -> list[dict[str, Any]]:
    names = ("name", "description", "many", "optional")
    return [{name: getattr(port, name) for name in names} for port in ports.values()]


def judge_node(
    name: str, config: Mapping[str, Any], parameters: Sequence[Any] | None = None, find: Find | None = None
) -> tuple[bool, list[Problem]]:
    """Whether these settings are right for a node of this type, whatever it is wired to, and what is wrong.

    `find` gives the saved workflows that it may name. Without `parameters`, any `${name}` stands for a value that
    nobody knows yet.
    """
    unknown = [{"name": each} for each in sorted(set(_placeholders(config)))]
    declared = unknown if parameters is None else list(parameters)
    node = {"id": ALONE, "type": name, "config": config}
    found = judge({"nodes": [node], "edges": [], "parameters": declared}, find).problems
    problems = [each.model_copy(update={"node_id": None}) for each in found if (each.path or "").startswith(OWN)]
    return not any(each.severity == "error" for each in problems), problems


def _placeholders(setting: Any) -> Iterator[str]:
    if isinstance(setting, Mapping):
        setting = list(setting.values())
    if isinstance(setting, list):
        for each in setting:
            yield from _placeholders(each)
    elif isinstance(setting, str):
        yield from (name for name in PLACEHOLDER.findall(setting) if name.isidentifier())
