"""First pass: is this a graph that can run? Every problem at once, each with its place."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from orchestrator.compiler.misfits import setting_problem
from orchestrator.compiler.mistaken import stays_wrong
from orchestrator.compiler.order import cycles, sort
from orchestrator.compiler.parameters import resolve, samples, unknown_parameters
from orchestrator.compiler.parts import running, untouched
from orchestrator.compiler.wanted import expressions_in
from orchestrator.compiler.wiring import Wire, edge_name, wire
from orchestrator.errors import InvalidGraph, NodeError, Problem
from orchestrator.expressions import parse_ahead
from orchestrator.graph import BROKEN, MAX_NODES, Node, Workflow
from orchestrator.literals import placeholders
from orchestrator.ops._saved import Find, plain, size_of
from orchestrator.ops.base import Op, Ports
from orchestrator.ops.output import Output
from orchestrator.pointers import parts
from orchestrator.registry import node_types
from orchestrator.suggest import listing, near

Types = Mapping[str, type[Op]]


@dataclass(frozen=True)
class Step:
    """A node that will run: its settings as an operation, and the wires into each input port, in the edges' order.

    `open_settings` are the JSON pointers of settings that wait for a parameter without a default. Where they leave the
    settings undecided, `settled` is false, and `op` is of the node's type without its settings.
    """

    node: Node
    op: Op
    wires: tuple[Wire, ...] = ()
    open_settings: frozenset[str] = frozenset()
    settled: bool = True

    def into(self, port: str) -> tuple[Wire, ...]:
        """The wires into one of its input ports."""
        return tuple(each for each in self.wires if each.target_port == port)

    def waits(self, path: str | None) -> bool:
        """Whether what is wrong at this JSON pointer may be right once the open parameters have values."""
        return any(path is None or _same_place(path, each) for each in self.open_settings)


@dataclass(frozen=True)
class Idle:
    """A node of a known type that will not run: something is wrong with it or above it, or it is disabled."""

    node_id: str
    ports: Ports
    wires: tuple[Wire, ...]


@dataclass(frozen=True)
class Checked:
    """A graph that can run: its steps, each after those it depends on. The only form the later passes know.

    `find` is where the saved workflows that it uses came from; `idle` are its other nodes.
    """

    workflow: Workflow
    steps: tuple[Step, ...]
    find: Find | None = field(default=None, compare=False)
    idle: tuple[Idle, ...] = ()

    @property
    def edges(self) -> list[tuple[str, str]]:
        """Source and target of every wire between its steps."""
        return [(each.source, each.target) for step in self.steps for each in step.wires]


def check(workflow: Workflow, given: Mapping[str, Any] | None = None, find: Find | None = None) -> Checked:
    """The graph as steps, with these parameters, or with defaults and samples where none are given.

    `find` gives the saved workflows that it uses.

    Raises:
        InvalidGraph: with every problem there is.
    """
    checked, problems = inspect(workflow, given, find=find)
    if any(problem.severity == "error" for problem in problems):
        raise InvalidGraph(problems)
    return checked


def inspect(
    workflow: Workflow,
    given: Mapping[str, Any] | None = None,
    waiting: frozenset[str] = frozenset(),
    find: Find | None = None,
) -> tuple[Checked, list[Problem]]:
    """The same, with the problems as a value, and as steps the nodes that no problem touches.

    Values of the parameters `waiting` will be given later.
    """
    values, open_names, problems = samples(workflow) if given is None else _given(workflow, given, waiting)
    problems += _duplicates(workflow)
    nodes = {node.id: node for node in reversed(workflow.nodes)}
    nodes = dict(reversed(nodes.items()))
    if all(node.is_layout for node in nodes.values()):
        problems.append(Problem(code="empty_graph", message="There is no node to run."))
    types, unknown = _types(nodes)
    steps, refused = _steps(nodes, types, values, open_names, find)
    known = {node_id: _ports(op, steps.get(node_id)) for node_id, op in types.items()}
    wires, wrong = wire(workflow.edges, nodes, known)
    loops = cycles(list(nodes), ((each.source, each.target) for each in wires))
    problems += [*unknown, *wrong, *map(_cycle, loops), *refused, *_same_outputs(steps), *_too_many(steps)]
    taking_part = running(nodes, known, wires)
    if not problems and not taking_part and not any(node.type == BROKEN for node in nodes.values()):
        problems.append(Problem(code="empty_graph", message="Every node is disabled, or depends on one that is."))
    bad = (nodes.keys() - steps.keys()) | _touched(problems, workflow)
    sound = untouched(nodes, wires, bad) & taking_part
    ordered = _ordered({each: steps[each] for each in nodes if each in sound}, wires)
    into = _by_target(wires)
    idle = (Idle(each, ports, tuple(into[each])) for each, ports in known.items() if each not in sound)
    return Checked(workflow, ordered, find, tuple(idle)), problems


def _steps(
    nodes: Mapping[str, Node], types: Types, values: Mapping[str, Any], open_names: frozenset[str], find: Find | None
) -> tuple[dict[str, Step], list[Problem]]:
    """A step for each node whose settings are right, and what is wrong with the others'."""
    steps: dict[str, Step] = {}
    problems: list[Problem] = []
    parse_ahead(text for node_id, op in types.items() for _, text in expressions_in(op, nodes[node_id].config))
    for node_id, op in types.items():
        step, found = _step(nodes[node_id], op, values, open_names, find)
        problems += found
        if step is not None:
            steps[node_id] = step
    return steps, problems


def _ports(op: type[Op], step: Step | None) -> Ports:
    return Ports(op.inputs, op.outputs, complete=not op.dynamic_ports) if step is None else step.op.ports


def _given(
    workflow: Workflow, given: Mapping[str, Any], waiting: frozenset[str]
) -> tuple[dict[str, Any], frozenset[str], list[Problem]]:
    values, open_names, _ = samples(workflow)
    later = {name: plain(values.get(name)) for name in waiting}
    try:
        return resolve(workflow, {**given, **later}), waiting, []
    except InvalidGraph as error:
        return values, open_names, list(error.problems)


def _touched(problems: list[Problem], workflow: Workflow) -> set[str]:
    """The nodes that a problem names, and those that an edge with a problem leads to."""
    edges = {problem.edge_id for problem in problems if problem.edge_id is not None}
    targets = {edge.target for number, edge in enumerate(workflow.edges) if edge_name(edge, number) in edges}
    return targets | {problem.node_id for problem in problems if problem.node_id is not None}


def _duplicates(workflow: Workflow) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, node in enumerate(workflow.nodes):
        if node.id in seen:
            message = f"Two nodes have the id '{node.id}'."
            yield Problem(code="duplicate_node_id", message=message, node_id=node.id, path=f"/nodes/{number}/id")
        seen.add(node.id)


def _same_outputs(steps: Mapping[str, Step]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    named = {node_id: step.op.name for node_id, step in steps.items() if isinstance(step.op, Output) and step.settled}
    for node_id, name in named.items():
        if (first := seen.setdefault(name, node_id)) != node_id:
            message = f"Two outputs have the name '{name}': the other is node '{first}'."
            yield Problem(code="duplicate_output", message=message, node_id=node_id, path="/config/name")


def _too_many(steps: Mapping[str, Step]) -> Iterator[Problem]:
    total = 0
    for node_id, step in steps.items():
        before, total = total, total + size_of(step.op, step.settled)
        if before <= MAX_NODES < total:
            message = f"With the nodes of the workflows inside, more than {MAX_NODES:,} nodes would run."
            yield Problem(code="invalid_workflow", message=message, node_id=node_id, path="/config/workflow")


def _types(nodes: Mapping[str, Node]) -> tuple[Types, list[Problem]]:
    known = node_types()
    found: dict[str, type[Op]] = {}
    problems = []
    for node_id, node in nodes.items():
        if node.type in known:
            found[node_id] = known[node.type]
        elif not node.is_layout and node.type != BROKEN:
            message = f"Node type '{node.type}' is not known.{near(node.type, known)}"
            hint = listing(known, 60)
            problems.append(
                Problem(code="unknown_node_type", message=message, node_id=node_id, path="/type", hint=hint)
            )
    return found, problems


def _cycle(loop: list[str]) -> Problem:
    message = f"The nodes {' -> '.join([*loop, loop[0]])} form a cycle; a workflow has no loops."
    return Problem(code="cycle", message=message, node_id=loop[0], hint=listing(loop, 100))


def _step(
    node: Node, op: type[Op], values: Mapping[str, Any], open_names: frozenset[str], find: Find | None
) -> tuple[Step | None, list[Problem]]:
    found = placeholders(node.config)
    unknown = [each.problem().model_copy(update={"node_id": node.id}) for each in unknown_parameters(found, values)]
    waiting = frozenset(path for path, name in found if name in open_names or name not in values)
    values = {**{name: "some text" for _, name in found}, **values}
    try:
        return Step(node, op.configure(node.config, values, find, waiting), (), waiting), unknown
    except NodeError as error:
        problems = [error.problem().model_copy(update={"node_id": node.id, "path": error.path or "/config"})]
    except ValidationError as error:
        problems = [setting_problem(node, op, each) for each in error.errors(include_url=False, include_input=False)]
    step = Step(node, op.undecided(), (), waiting, settled=False)
    if now := [each for each in problems if not step.waits(each.path) or stays_wrong(op, node.config, each)]:
        return None, unknown + now
    if not op.dynamic_ports:
        return step, unknown
    ports = _decided_ports(node, op, values, find, problems)
    if ports is None:
        message = "The ports of this node depend on this setting: it cannot wait for a parameter without a default."
        return None, [*unknown, problems[0].model_copy(update={"code": "invalid_config", "message": message})]
    return replace(step, op=op.undecided(ports)), unknown


def _decided_ports(
    node: Node, op: type[Op], values: Mapping[str, Any], find: Find | None, problems: Sequence[Problem]
) -> Ports | None:
    """The ports that a node has whatever the settings with these problems will be; none where that is not known."""
    open_keys = {key for problem in problems for key in parts(problem.path or "")[1:2]}
    try:
        return op.configure({key: node.config[key] for key in node.config.keys() - open_keys}, values, find).ports
    except (NodeError, ValidationError):
        return None


def _same_place(one: str, other: str) -> bool:
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")


def _ordered(steps: Mapping[str, Step], wires: list[Wire]) -> tuple[Step, ...]:
    used = [each for each in wires if each.source in steps and each.target in steps]
    into = _by_target(used)
    order = sort(list(steps), ((each.source, each.target) for each in used))
    return tuple(replace(steps[node_id], wires=tuple(into[node_id])) for node_id in order)


def _by_target(wires: Iterable[Wire]) -> defaultdict[str, list[Wire]]:
    into: defaultdict[str, list[Wire]] = defaultdict(list)
    for each in wires:
        into[each.target].append(each)
    return into
