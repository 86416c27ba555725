"""What the commands print."""

from typing import Any

from orchestrator.nodes import catalogue, describe
from orchestrator.runs.shapes import Execution


def show_execution(execution: Execution) -> str:
    """A line per node with the rows of its ports, then how it ended."""
    lines = []
    for node in execution.nodes:
        rows = ", ".join(f"{port} {out.rows:,}" for port, out in node.outputs.items() if out.rows is not None)
        lines.append(f"{node.status:<10} {node.node_id:<24} {rows}".rstrip())
    error = execution.error
    place = f" {error.node_id}:" if error and error.node_id else ""
    return "\n".join([*lines, f"{execution.status}:{place} {error.message}" if error else execution.status])


def show_node_types(node_type: str | None = None) -> str:
    """The catalogue, a line per node type by category; or one node type with its ports and settings.

    Raises:
        NotFound: no such node type, with the near-miss.
    """
    if node_type is not None:
        return _one(describe(node_type))
    lines, category = [], ""
    for each in catalogue():
        if each["category"] != category:
            category = each["category"]
            lines.append(f"\n{category}")
        lines.append(f"  {each['type']:<18} {each['description'].splitlines()[0]}")
    return "\n".join(lines).lstrip()


def _one(described: dict[str, Any]) -> str:
    schema = described["config_schema"]
    lines = [f"{described['type']}: {described['description']}", ""]
    for side in ("inputs", "outputs"):
        lines += [f"{side[:-1]:<8} {port['name']:<12} {port['description']}".rstrip() for port in described[side]]
    needed = set(schema.get("required", ()))
    for name, setting in schema.get("properties", {}).items():
        mark = "needed" if name in needed else ""
        lines.append(f"setting  {name:<12} {mark:<7} {setting.get('description', '')}".rstrip())
    return "\n".join(lines)
