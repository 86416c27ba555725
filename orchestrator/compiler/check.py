"""First pass: is this a graph that can run? Every problem at once, each with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from orchestrator.compiler.order import cycle, sort
from orchestrator.compiler.parameters import resolve, samples
from orchestrator.compiler.wiring import Types, Wire, wire
from orchestrator.errors import InvalidGraph, NodeError, Problem
from orchestrator.graph import Node, Workflow, pointer
from orchestrator.names import listing, near
from orchestrator.ops.base import Op
from orchestrator.registry import node_types


@dataclass(frozen=True)
class Step:
    """A node that will run: its settings as an operation, and the wires into each input port, in the edges' order.

    `open_settings` are the JSON pointers of settings that wait for a parameter without a default.
    """

    node: Node
    op: Op
    wires: tuple[Wire, ...]
    open_settings: frozenset[str] = frozenset()

    def into(self, port: str) -> tuple[Wire, ...]:
        """The wires into one of its input ports."""
        return tuple(each for each in self.wires if each.target_port == port)


@dataclass(frozen=True)
class Checked:
    """A graph that can run: its steps, each after those it depends on. The only form the later passes know."""

    workflow: Workflow
    steps: tuple[Step, ...]

    @property
    def edges(self) -> list[tuple[str, str]]:
        """Source and target of every wire between its steps."""
        return [(each.source, each.target) for step in self.steps for each in step.wires]


def check(workflow: Workflow, given: Mapping[str, Any] | None = None) -> Checked:
    """The graph as steps, with these parameters, or with defaults and samples where none are given.

    Raises:
        InvalidGraph: with every problem there is.
    """
    checked, problems = inspect(workflow, given)
    if checked is None:
        raise InvalidGraph(problems)
    return checked


def inspect(workflow: Workflow, given: Mapping[str, Any] | None = None) -> tuple[Checked | None, list[Problem]]:
    """The same, with the problems as a value."""
    values, open_names, problems = samples(workflow)
    if given is not None:
        values, open_names = resolve(workflow, given), frozenset()
    problems += _duplicates(workflow)
    nodes = {node.id: node for node in reversed(workflow.nodes)}
    nodes = dict(reversed(nodes.items()))
    if not any(not node.is_layout for node in nodes.values()):
        problems.append(Problem(code="empty_graph", message="There is no node to run."))
    types, unknown = _types(nodes)
    wires, wrong = wire(workflow.edges, nodes, types)
    loop = cycle(list(nodes), ((each.source, each.target) for each in wires))
    problems += [*unknown, *wrong, *_cycle(loop)]
    steps: list[Step] = []
    running = _running(nodes, types, wires) if not loop else frozenset()
    for node_id, node in nodes.items():
        if node_id in types:
            step, found = _step(node, types[node_id], values, open_names)
            problems += found
            if step is not None and node_id in running:
                steps.append(step)
    if not problems and not steps:
        problems.append(Problem(code="empty_graph", message="Every node is disabled, or depends on one that is."))
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    return Checked(workflow, _ordered(steps, wires, running)), problems


def _duplicates(workflow: Workflow) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, node in enumerate(workflow.nodes):
        if node.id in seen:
            message = f"Two nodes have the id '{node.id}'."
            yield Problem(code="duplicate_node_id", message=message, node_id=node.id, path=f"/nodes/{number}/id")
        seen.add(node.id)


def _types(nodes: Mapping[str, Node]) -> tuple[Types, list[Problem]]:
    known = node_types()
    found: dict[str, type[Op]] = {}
    problems = []
    for node_id, node in nodes.items():
        if node.type in known:
            found[node_id] = known[node.type]
        elif not node.is_layout:
            message = f"Node type '{node.type}' is not known.{near(node.type, known)}"
            hint = listing(known, 60)
            problems.append(
                Problem(code="unknown_node_type", message=message, node_id=node_id, path="/type", hint=hint)
            )
    return found, problems


def _cycle(loop: list[str]) -> Iterator[Problem]:
    if loop:
        message = f"The nodes {' -> '.join([*loop, loop[0]])} form a cycle; a workflow has no loops."
        yield Problem(code="cycle", message=message, node_id=loop[0], hint=listing(loop, 100))


def _running(nodes: Mapping[str, Node], types: Types, wires: list[Wire]) -> frozenset[str]:
    """The nodes that take part: not the disabled ones, nor those that need an input from them alone."""
    running = {node_id for node_id in types if nodes[node_id].enabled}
    changed = True
    while changed:
        fed = {(each.target, each.target_port) for each in wires if each.source in running}
        lost = {
            node_id
            for node_id in running
            if any(not port.optional and (node_id, port.name) not in fed for port in types[node_id].inputs.values())
        }
        running -= lost
        changed = bool(lost)
    return frozenset(running)


def _step(
    node: Node, op: type[Op], values: Mapping[str, Any], open_names: frozenset[str]
) -> tuple[Step | None, list[Problem]]:
    waiting = frozenset(_open(node.config, open_names, "/config"))
    try:
        return Step(node, op.configure(node.config, values), (), waiting), []
    except NodeError as error:
        path = error.path or _whose(node.config, error) or "/config"
        return None, [error.problem().model_copy(update={"node_id": node.id, "path": path})]
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        problems = [_invalid(node, op, each) for each in wrong]
        return None, [problem for problem in problems if problem.path not in waiting]


def _invalid(node: Node, op: type[Op], error: Any) -> Problem:
    """A setting that does not fit, as a problem on it."""
    cause = (error.get("ctx") or {}).get("error")
    path = "/config" + pointer(error["loc"])
    if isinstance(cause, NodeError):
        return cause.problem().model_copy(update={"node_id": node.id, "path": cause.path or path})
    text = str(error["msg"]).removeprefix("Value error, ")
    hint = None
    if error["type"] == "extra_forbidden":
        name = str(error["loc"][-1])
        text = f"'{name}' is no setting of '{op.type}'.{near(name, op.model_fields)}"
        hint = listing(op.model_fields)
    elif error["type"] == "missing":
        text = f"'{error['loc'][-1]}' is needed."
    return Problem(code="invalid_config", message=text, node_id=node.id, path=path, hint=hint)


def _open(setting: Any, names: frozenset[str], path: str) -> Iterator[str]:
    """The JSON pointers of the settings that hold one of these parameters."""
    if isinstance(setting, Mapping):
        for key, value in setting.items():
            yield from _open(value, names, path + pointer([key]))
    elif isinstance(setting, list):
        for index, value in enumerate(setting):
            yield from _open(value, names, f"{path}/{index}")
    elif isinstance(setting, str) and any("${" + name + "}" in setting for name in names):
        yield path


def _whose(config: Mapping[str, Any], error: NodeError) -> str | None:
    """The setting that holds the unknown parameter that an error names."""
    name = str(error).split("'")[1] if "'" in str(error) else ""
    return next(_open(config, frozenset([name]), "/config"), None)


def _ordered(steps: list[Step], wires: list[Wire], running: frozenset[str]) -> tuple[Step, ...]:
    used = [each for each in wires if each.source in running and each.target in running]
    into: dict[str, list[Wire]] = {step.node.id: [] for step in steps}
    for each in used:
        into[each.target].append(each)
    by_id = {step.node.id: Step(step.node, step.op, tuple(into[step.node.id]), step.open_settings) for step in steps}
    return tuple(by_id[node_id] for node_id in sort(list(by_id), ((each.source, each.target) for each in used)))
