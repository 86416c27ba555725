"""What a node type is.

A node type is a class in a file of its own. Its fields are the node's settings, the parameters of `run` are its input
ports, and what `run` returns are its output ports. Nothing is said twice, and nothing else is edited to add one.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from duckdb import DuckDBPyRelation as Relation
from pydantic import BaseModel, ConfigDict, JsonValue

from orchestrator.connections import Connection, from_environment
from orchestrator.errors import Problem, UnknownColumns
from orchestrator.forms import FormSchema
from orchestrator.ops._new_columns import check_new
from orchestrator.ops.settings import bind_parameters
from orchestrator.schema import columns
from orchestrator.storable import storable
from orchestrator.tables import Session

if TYPE_CHECKING:
    from geopandas import GeoDataFrame as Frame
else:

    class Frame:
        """A port that takes or gives a DataFrame, or a GeoDataFrame where there is geometry."""


__all__ = ["Context", "Frame", "Op", "Port", "Ports", "Relation", "UnknownColumns"]


def _unheard(level: str, text: str) -> None:
    """A log that nobody reads."""


RESERVED = frozenset({"input", "output", "context", "config", "type", "result_", "self", "context_"})


@dataclass(frozen=True)
class Context:
    """What a node may use besides its inputs: the session, the data root, and what this run says of it.

    `design` is true while only columns are wanted: nothing is written, no address is called. `keep_order` is false
    when nobody will see the order of this node's rows. `unused` are the output ports that nobody will read: any table
    may be given for them. `given` holds an `input` node's rows; `scratch` is a folder of the run's own. `log` writes a
    line of a level (`debug`, `info`, `warning`, `error`) into the run's log. `connections` gives a database connection
    by its name, or says that it is not known; `warnings` are what the node warns of.
    """

    session: Session
    root: Path
    scratch: Path | None = None
    given: tuple[dict[str, JsonValue], ...] | None = None
    keep_order: bool = True
    design: bool = False
    unused: frozenset[str] = frozenset()
    notes: dict[str, Any] = field(default_factory=dict, compare=False)
    log: Callable[[str, str], None] = field(default=_unheard, compare=False)
    connections: Callable[[str], Connection] = from_environment
    warnings: list[Problem] = field(default_factory=list, compare=False)

    def warn(self, message: str, *, code: str, hint: str | None = None, path: str | None = None) -> None:
        """Say what a person should know of these settings, though they can run; heard in design."""
        self.warnings.append(Problem(severity="warning", code=code, message=message, hint=hint, path=path))


@dataclass(frozen=True)
class Port:
    """A place where an edge may be attached."""

    name: str
    description: str = ""
    many: bool = False
    optional: bool = False
    frame: bool = False

    @classmethod
    def read(cls, owner: str, name: str, hint: Any) -> "Port":
        """The port that an annotation describes: `Relation`, `Frame`, `list[…]`, `… | None`, `Annotated[…, "text"]`.

        Raises TypeError for any other, or a name that Dagster keeps for itself.
        """
        description, optional, many = "", False, False
        if typing.get_origin(hint) is Annotated:
            hint, description, *_ = typing.get_args(hint)
        if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
            optional = type(None) in typing.get_args(hint)
            (hint,) = (arg for arg in typing.get_args(hint) if arg is not type(None))
        if typing.get_origin(hint) is list:
            many, (hint,) = True, typing.get_args(hint)
        if hint not in (Relation, Frame):
            raise TypeError(
                f"{owner}: port '{name}' must be a Relation, a Frame, a list of them or optional; got {hint!r}"
            )
        if name in RESERVED:
            raise TypeError(f"{owner}: Dagster keeps the name '{name}' for itself; call the port something else")
        return cls(name, description, many, optional, hint is Frame)


class Ports(NamedTuple):
    """Ports by name. They are not `complete` where settings that are wrong may give more."""

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    complete: bool = True


class Op(BaseModel):
    """Base of all node types. A class that is not ready to be one fails when it is defined.

    `inputs` and `outputs` are the ports that every node of the type has; `ports` are those of one node. Where `stored`,
    its tables are stored in a fused run too.

    What follows is for advice (`compiler/advice.py`), which is silent about types that say nothing. A `sink` takes rows
    out of the graph; one that `watches` looks at them and hands all on. It `holds_rows` if all are in memory at once.
    With `named_only`, columns that the settings do not name make no difference to the others: they come out as they
    went in, or not at all. With `row_by_row` that is so of rows too, and they stay in their order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ClassVar[str] = ""
    title: ClassVar[str] = ""
    category: ClassVar[str] = "Other"
    example: ClassVar[dict[str, Any]] = {}
    inputs: ClassVar[Mapping[str, Port]] = {}
    outputs: ClassVar[Mapping[str, Port]] = {}
    stored: ClassVar[bool] = False
    sink: ClassVar[bool] = False
    watches: ClassVar[bool] = False
    holds_rows: ClassVar[bool] = False
    named_only: ClassVar[bool] = False
    row_by_row: ClassVar[bool] = False
    dynamic_ports: ClassVar[bool] = False
    wants_context: ClassVar[str | None] = None
    wants_others: ClassVar[str | None] = None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if "run" not in cls.__dict__:
            return
        if not (cls.__doc__ or "").strip() or cls.__doc__ == Op.__doc__:
            raise TypeError(f"{cls.__name__} needs a docstring: the editor shows it")
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", cls.__name__)
        cls.type = cls.__dict__.get("type") or words.replace(" ", "_").lower()
        cls.title = cls.__dict__.get("title") or words.capitalize()
        for name, info in cls.model_fields.items():
            if not info.description:
                raise TypeError(f"{cls.__name__}.{name} needs a description: the editor shows it")
        cls._read_ports()

    @classmethod
    def _read_ports(cls) -> None:
        parameters = [name for name in inspect.signature(cls.run).parameters if name != "self"]
        hints = typing.get_type_hints(cls.run, include_extras=True)
        if unsaid := {*parameters, "return"} - hints.keys():
            raise TypeError(f"{cls.__name__}.run must annotate {sorted(unsaid)}: its ports are read from there")
        cls.wants_context = next((name for name in parameters if hints[name] is Context), None)
        cls.wants_others = next((name for name in parameters if typing.get_origin(hints[name]) is dict), None)
        ports = [name for name in parameters if name not in (cls.wants_context, cls.wants_others)]
        if twice := set(ports) & cls.model_fields.keys():
            raise TypeError(f"{cls.__name__} uses {sorted(twice)} as both setting and input port")
        cls.dynamic_ports = cls.own_ports is not Op.own_ports
        named = cls._named_outputs(hints["return"])
        cls.inputs = {name: Port.read(cls.__name__, name, hints[name]) for name in ports}
        cls.outputs = {name: Port.read(cls.__name__, name, hint) for name, hint in named.items()}
        cls.holds_rows = cls.holds_rows or any(port.frame for port in (*cls.inputs.values(), *cls.outputs.values()))
        cls.named_only = cls.named_only or cls.row_by_row

    @classmethod
    def _named_outputs(cls, result: Any) -> dict[str, Any]:
        """The fields of a NamedTuple; where ports depend on settings, of the one noted beside `dict[str, Relation]`."""
        if cls.dynamic_ports:
            result = next((note for note in typing.get_args(result) if hasattr(note, "_fields")), None)
        if result is None:
            return {}
        if hasattr(result, "_fields"):
            return typing.get_type_hints(result, include_extras=True)
        return {"result": Annotated[result, "The rows that come out."]}  # the type's own words stand before these

    @classmethod
    def configure(
        cls,
        config: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        find: Any = None,
        waiting: frozenset[str] = frozenset(),
    ) -> "Op":
        """A node of this type from its posted settings, `${name}` replaced by the parameters' values.

        `find` (`orchestrator.ops._saved.Find`) gives the saved workflows that it may name; `waiting` are the JSON
        pointers of settings whose values are samples.

        Raises:
            pydantic.ValidationError: a setting is wrong.
            NodeError: `unknown_parameter`, `invalid_expression`.
        """
        settings = bind_parameters(dict(config), parameters or {})
        return cls.model_validate(settings, context={"find": find, "waiting": waiting})

    @classmethod
    def undecided(cls, ports: Ports | None = None) -> "Op":
        """A node whose settings wait for a parameter: it has ports, by default the type's, and cannot run."""
        made = cls.__new__(cls)
        empty: dict[str, Any] = {
            "__dict__": {"ports": ports or Ports(cls.inputs, cls.outputs)},
            "__pydantic_fields_set__": set(),
            "__pydantic_extra__": None,
            "__pydantic_private__": None,
        }
        for name, value in empty.items():
            object.__setattr__(made, name, value)
        return made

    @classmethod
    def config_schema(cls) -> dict[str, Any]:
        """The settings as JSON Schema 2020-12."""
        return cls.model_json_schema(schema_generator=FormSchema)

    def run(self, *_: Any, **__: Any) -> Any:
        """Say what comes out, from what comes in.

        Raises NodeError: why it cannot; UnknownColumns: in design, where only a run knows the columns.
        """
        raise TypeError(f"{type(self).__name__} has no run")

    @cached_property
    def ports(self) -> Ports:
        """The ports of this node."""
        return self.own_ports()

    def own_ports(self) -> Ports:
        """The ports that these settings give, besides or in place of the type's: override it where they do.

        `run` then returns `Annotated[dict[str, Relation], Fixed]`: the outputs by name, where `Fixed` is a NamedTuple
        of those that every node of the type has. A parameter of type `dict[str, Relation]` takes all further inputs.
        A port's name may not hold a parameter: edges name it (`settings.PortName`).
        """
        return Ports(self.inputs, self.outputs)

    def operations(self) -> "dict[str, Op]":
        """The operations whose settings these are, each by where they stand below the config: for advice."""
        return {"": self}

    def ignores_order(self) -> bool:
        """Whether the order of the rows that come in makes no difference to what comes out."""
        return False

    def ordered_by(self) -> frozenset[str]:
        """The columns by which it puts its rows in order: for advice, of a node that does nothing else."""
        return frozenset()

    def call(self, tables: Mapping[str, Any], context: Context) -> dict[str, Relation]:
        """Run on relations, and name what comes out. A frame port's table is converted on the way in and out."""
        ports = self.ports
        given: dict[str, Any] = {
            name: self._take(port, tables.get(name), context) for name, port in ports.inputs.items()
        }
        if self.wants_others:
            given[self.wants_others] = {name: given.pop(name) for name in ports.inputs if name not in self.inputs}
        if self.wants_context:
            given[self.wants_context] = context
        result = self.run(**given)
        named = result._asdict() if hasattr(type(result), "_asdict") else {"result": result}
        named = result if isinstance(result, dict) else named
        return {name: self._give(ports.outputs[name], value, context) for name, value in named.items()}

    @staticmethod
    def _take(port: Port, table: Any, context: Context) -> Any:
        if port.many:
            tables = list(table or ())
            return [context.session.frame(each) for each in tables] if port.frame else tables
        return context.session.frame(table) if port.frame and table is not None else table

    @staticmethod
    def _give(port: Port, value: Any, context: Context) -> Relation:
        given = context.session.given
        if not port.frame and value in given:
            return typing.cast(Relation, value)  # it is handed on
        made = storable(context.session.from_frame(value) if port.frame else value)
        check_new((), ((name, "") for name in made.columns))
        given[made] = columns(made)
        return made

    @cached_property
    def columns_named(self) -> "list[tuple[str, str, str | None]]":
        """Every column that the settings name: its JSON pointer, the name, and the input port it must be in."""
        from orchestrator.ops.settings import columns_named

        return columns_named(self)
