"""Rows that come with an execution, for its `input` nodes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.compiler.plan import Plan
from orchestrator.errors import NodeError, Problem
from orchestrator.graph import Node, Workflow
from orchestrator.names import key
from orchestrator.ops.base import Context
from orchestrator.ops.input import Input
from orchestrator.pointers import escaped
from orchestrator.suggest import listing, near
from orchestrator.tables import Session

Rows = Sequence[Mapping[str, Any]]
Given = Mapping[str, Rows]
PLACE = "/input_data"


def given_to(workflow: Workflow, given: Given) -> Iterator[tuple[Node, str]]:
    """The nodes that rows are given for, each with the name that they are given under: its id, else its name."""
    for node in workflow.nodes:
        name = next((each for each in (node.id, str(node.config.get("name", ""))) if each in given), None)
        if node.type == Input.type and name is not None:
            yield node, name


def write_given(folder: Path, node_id: str, rows: Rows) -> None:
    """Put the rows for an `input` node where its run finds them."""
    path = folder / "given" / f"{key(node_id)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))


def problems_of(plan: Plan, given: Given) -> Iterator[Problem]:
    """What is wrong with posted rows: for no node, or not of the columns and types that their node declares."""
    workflow = plan.checked.workflow
    yield from _unknown(workflow, given)
    steps = {step.node_id: step.step for step in plan.steps}
    for node, name in given_to(workflow, given):
        step = steps.get(node.id)
        if step is None or step.open_settings:  # the settings wait for parameters: the run looks
            continue
        try:
            with Session([]) as session:
                step.op.call({}, Context(session, Path(), given=tuple(map(dict, given[name]))))
        except NodeError as error:
            below = (error.path or PLACE).removeprefix(PLACE)
            path = f"{PLACE}/{escaped(name)}{below}"
            yield error.problem().model_copy(update={"node_id": node.id, "path": path})


def _unknown(workflow: Workflow, given: Given) -> Iterator[Problem]:
    inputs = [node for node in workflow.nodes if node.type == Input.type]
    known = [*(node.id for node in inputs), *(str(node.config["name"]) for node in inputs if "name" in node.config)]
    used = {name for _, name in given_to(workflow, given)}
    for name in given:
        if name in known and name not in used:
            message = f"The node that is called '{name}' has rows under its id, too: give them once."
            yield Problem(code="invalid_request", message=message, path=f"{PLACE}/{escaped(name)}")
        if name not in known:
            yield Problem(
                code="unknown_input", path=f"{PLACE}/{escaped(name)}", hint=listing(known) or None,
                message=f"'{name}' is no input node of this workflow.{near(name, known)}",
            )  # fmt: skip
