"""Saved workflows inside others: found, checked, and run step by step within the node that uses them.

What a workflow uses is a function of the catalog's versions, which never change: without a pinned version it is the
newest that existed when the using workflow was saved. So a run executes what was compiled, in whatever process.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from uuid import uuid4

from orchestrator.catalog import Catalog, Stored
from orchestrator.compiler.check import Checked, inspect
from orchestrator.compiler.failing import first_failing, of_data
from orchestrator.compiler.infer import arranged, missing_columns
from orchestrator.compiler.opened import own_name
from orchestrator.compiler.order import above
from orchestrator.compiler.plan import Planned, steps_of
from orchestrator.compiler.rejected import refuse_rejected
from orchestrator.compiler.secretive import computing, secret_names, without_values
from orchestrator.errors import Interrupted, NodeError, NotFound, Problem, UnknownColumns
from orchestrator.faults import blame
from orchestrator.graph import read
from orchestrator.names import port_key
from orchestrator.ops._saved import Given, Tables, size_of
from orchestrator.ops.base import Context, Port, Relation
from orchestrator.ops.input import Input
from orchestrator.ops.output import Output
from orchestrator.secrets import hidden, values_of

DEEPEST = 10
Place = tuple[str, str]  # a node and a port of it
Versions = Callable[[str, int | None, datetime | None], Stored]


@dataclass(frozen=True)
class Library:
    """Finds the saved workflows that a workflow uses, among `versions` (`Catalog.find`).

    `at` is when the using workflow was saved; None is now. `inside` are the workflows around, id to name, outermost
    first: none of them may be used again.
    """

    versions: Versions
    at: datetime | None = None
    inside: Mapping[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, int], "Inner | Problem"] = field(default_factory=dict)

    @classmethod
    def of(cls, catalog: Catalog, stored: Stored) -> "Library":
        """For a version that is saved: what there was then."""
        return cls(catalog.find, stored.updated_at, {stored.id: _name(stored)})

    @property
    def used(self) -> list[tuple[str, int]]:
        """The workflows, by id and version, that were found so far, those inside of others too."""
        return sorted(self._known)

    def __call__(self, id: str, version: int | None) -> "Inner":
        """The version of a workflow, checked.

        Raises:
            NodeError: `unknown_workflow`; `recursion`; `invalid_workflow`, with the first problem inside.
        """
        if id in self.inside:
            names = list(self.inside.values())[list(self.inside).index(id) :]
            message = f"A workflow cannot use itself: {' -> '.join([*names, names[0]])}."
            raise NodeError(message, code="recursion", path="/config/workflow")
        if len(self.inside) > DEEPEST:
            raise NodeError(
                f"Workflows are nested more than {DEEPEST} deep.", code="recursion", path="/config/workflow"
            )
        try:
            stored = self.versions(id, version, self.at)
        except NotFound as error:
            path = "/config/workflow" if version is None else "/config/version"
            raise NodeError(error.message, code="unknown_workflow", path=path) from None
        place = stored.id, stored.version
        if place not in self._known:
            self._known[place] = self._checked(stored)
        found = self._known[place]
        if isinstance(found, Problem):
            raise _inside(found, _name(stored))
        return found

    def _checked(self, stored: Stored) -> "Inner | Problem":
        """The workflow, or what is wrong with it."""
        workflow, problems = read(stored.document)
        name = _name(stored)
        library = replace(self, at=stored.updated_at, inside={**self.inside, stored.id: name})
        if workflow is not None and not problems:
            checked, problems = inspect(workflow, find=library)
        return _first_error(problems) or Inner(name, checked, library)


@dataclass(frozen=True)
class Inner:
    """A version of a saved workflow that a node runs (`orchestrator.ops._saved.Saved`)."""

    name: str
    checked: Checked
    library: Library

    @cached_property
    def inputs(self) -> dict[str, Port]:
        """Its `input` nodes by name; one with columns or a sample need not be connected."""
        found = {}
        for step in self.checked.steps:
            if isinstance(step.op, Input) and step.settled:
                closed = bool(step.op.columns or step.op.sample)
                found[own_name(step)] = Port(_port(own_name(step)), step.node.label or "", optional=closed)
        return found

    @cached_property
    def outputs(self) -> dict[str, Port]:
        """Its `output` nodes by name."""
        ends = [step for step in self.checked.steps if isinstance(step.op, Output) and step.settled]
        return {own_name(step): Port(_port(own_name(step)), step.node.label or "") for step in ends}

    def check(self, given: Given) -> None:
        """Raise what is wrong with these values of its parameters."""
        self.opened(given)

    @cached_property
    def size(self) -> int:
        """How many nodes run, with those of the workflows inside."""
        return sum(size_of(step.op, step.settled) for step in self.checked.steps)

    def opened(self, given: Given) -> Checked:
        """Its steps with these values of its parameters.

        Raises:
            NodeError: a value does not fit.
        """
        checked, problems = inspect(self.checked.workflow, *given, find=self.library)
        if found := _first_error(problems):
            raise _inside(found, self.name)
        return checked

    def run(self, tables: Tables, given: Given, context: Context) -> dict[str, Relation]:
        """Every step in order, on tables by input; the tables by output.

        Raises:
            NodeError: of a step, named in the message.
            UnknownColumns: only in design.
        """
        checked = self.opened(given)
        secrets = values_of(checked.workflow.parameters, given.values)
        say = context.log
        context = replace(context, log=lambda level, text: say(level, hidden(text, secrets)))
        made: dict[Place, Relation] = {}
        for planned in steps_of(checked):
            try:
                with blame(planned.node_id):
                    for port, table in self._outputs(planned, made, tables, context).items():
                        made[planned.node_id, port] = self._kept(planned, port, table, context)
            except Interrupted:
                raise
            except NodeError as error:
                found = _culprit(error, planned, made, checked)
                if (who := _computing(found.node_id or planned.node_id, checked)) is not None:
                    found = without_values(found, who)
                found_in = _of_node(found, self.name)
                found_in.message = hidden(found_in.message, secrets)
                raise found_in from (None if secrets else error)
        return {own_name(each): made[each.node.id, "result"] for each in checked.steps if isinstance(each.op, Output)}

    def _outputs(
        self, planned: Planned, made: Mapping[Place, Relation], tables: Tables, context: Context
    ) -> dict[str, Relation]:
        step = planned.step
        if not step.settled:
            raise UnknownColumns
        given = {port: [made[w.source, w.source_port] for w in step.into(port)] for port in step.op.ports.inputs}
        if wrong := next(missing_columns(step, given), None):
            raise NodeError(wrong.message, code=wrong.code, hint=wrong.hint)
        own = replace(
            context, given=None, keep_order=planned.keep_order, unused=frozenset(), notes={},
            log=lambda level, text: context.log(level, f"{step.node.id}: {text}"),
        )  # fmt: skip
        if isinstance(step.op, Input) and own_name(step) in tables:
            return {"result": step.op.fitted(tables[own_name(step)], own)}
        found = step.op.call(arranged(step, given), own)
        refuse_rejected(found, planned.connected, self.checked.workflow.settings)
        return found

    def _kept(self, planned: Planned, port: str, table: Relation, context: Context) -> Relation:
        """Stored, where it is a result or is read more than once; in design, cut off from where it came from."""
        if context.design:
            return context.session.empty(table)
        if port not in planned.shared and not isinstance(planned.step.op, Output):
            return table
        path = (context.scratch or context.root) / f"{uuid4().hex}.parquet"
        context.session.store(table, path)
        return context.session.parquet(path)


def _culprit(error: NodeError, planned: Planned, made: Mapping[Place, Relation], checked: Checked) -> NodeError:
    """The error, on the node that caused it: what is not stored is computed only by a later node that reads it."""
    if not of_data(error):
        return error
    before = above(planned.node_id, checked.edges) - {planned.node_id}
    return first_failing((node_id, table) for (node_id, _), table in made.items() if node_id in before) or error


def _computing(node_id: str, checked: Checked) -> str | None:
    before, secret = above(node_id, checked.edges), secret_names(checked.workflow)
    return computing(node_id, ((each.node.id, each, secret) for each in checked.steps if each.node.id in before))


def _of_node(error: NodeError, name: str) -> NodeError:
    """An error of a node inside, as one of the node that runs the workflow; its message says where it comes from."""
    found = _inside(error.problem(), name)
    found.row, found.value = error.row, error.value
    return found


def _port(name: str) -> str:
    try:
        port_key(name)
    except ValueError:
        message = f"'{name[:50]}…' is too long for a port: give the input or output a shorter name."
        raise NodeError(message, code="invalid_workflow", path="/config/workflow") from None
    return name


def _name(stored: Stored) -> str:
    return str(stored.document.get("name") or stored.id)


def _first_error(problems: Iterable[Problem]) -> Problem | None:
    return next((each for each in problems if each.severity == "error"), None)


def _inside(problem: Problem, name: str) -> NodeError:
    """A problem of a workflow inside, as one of the node that runs it."""
    if problem.code == "recursion":
        return NodeError(problem.message, code="recursion", path="/config/workflow")
    if (problem.path or "").startswith("/parameters/") and problem.node_id is None:
        return NodeError(problem.message, code=problem.code, hint=problem.hint, path=f"/config{problem.path}")
    place = f"node '{problem.node_id}' of " if problem.node_id is not None else ""
    return NodeError(
        f"In {place}'{name}': {problem.message}", code=problem.code, hint=problem.hint, path="/config/workflow"
    )
