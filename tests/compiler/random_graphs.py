"""Graphs made at random, node by node and edge by edge, out of the node types of the registry.

A node type may have a recipe (see `recipes`). A node is kept when it takes its settings, so that the graphs are valid
by construction. A type without a recipe comes with its example, and the tables that this needs. A test sees to it that
every node type is used and that graphs have edges.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from compiler.recipes import RECIPES, Columns, Draw
from feeds import feed, fixtures, saved, write_files
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.errors import NodeError
from orchestrator.faults import blame
from orchestrator.ops.base import Context
from orchestrator.registry import node_types
from orchestrator.schema import is_geometry
from orchestrator.settings import settings
from orchestrator.tables import Session

IDS = [
    "1", "2", "dndnode_0", "a-1", "a_1", "a 1", "é/ü", "", "input", "x" * 90, "日本", "it's", 'say "hi"', "${p}", "..",
    "A", "-", "_h_", "0", "a.b", "null", "output", "%2F", "{left}", "config", "result", "n1", "n2",
]  # fmt: skip
KINDS = [name for name, op in node_types().items() if not fixtures(op)]  # that need no database or the like
PARAMETERS = [{"name": "p", "type": "integer", "default": 2}, {"name": "t", "default": "it's"}]
SPATIAL = {"buffer", "reproject", "spatial_join"}
SAVED = saved(*(op for op in node_types().values() if op.type not in RECIPES))
ONCE = {"output"}  # two would have the same name


@dataclass
class Builder:
    """A graph under construction, with an empty table for each output port so far."""

    draw: Draw
    session: Session
    nodes: list[dict] = field(default_factory=list)
    edges: list[dict] = field(default_factory=list)
    tables: dict[tuple[str, str], Any] = field(default_factory=dict)

    def add(self, kind: str) -> bool:
        """Add a node of this type and the edges into it, if it takes what it is given."""
        op = node_types()[kind]
        if kind in ONCE and any(each["type"] == kind for each in self.nodes):
            return False
        if kind not in RECIPES:
            return self._put_example(op)
        if kind in SPATIAL and not any(map(is_spatial, self.tables.values())):
            self._put("inline_data", {"rows": [{"x": 1.5, "y": 50}, {"x": None, "y": 2}]}, {})
            self._put("points_from_xy", {"x": "x", "y": "y"}, {"table": [list(self.tables)[-1]]})
        usable = [place for place, table in self.tables.items() if kind not in SPATIAL or is_spatial(table)]
        if op.inputs and not usable:
            return False
        ports = {name: self._sources(usable, many=port.many) for name, port in op.inputs.items()}
        given = [columns(self.tables[place]) for places in ports.values() for place in places]
        return self._put(kind, RECIPES[kind](self.draw, *given), ports)

    def _put_example(self, op: Any) -> bool:
        ports: dict[str, list[tuple[str, str]]] = {}
        for name, _, path in feeds_of(op):
            if not self._put("data_loader", {"source_type": "parquet", "path": path}, {}):
                return False
            ports.setdefault(name, []).append(list(self.tables)[-1])
        return self._put(op.type, dict(op.example), ports)

    def _put(self, kind: str, config: dict, ports: dict[str, list[tuple[str, str]]]) -> bool:
        free = [each for each in IDS if each not in {node["id"] for node in self.nodes}]
        node_id = self.draw(st.sampled_from(free))
        try:
            with blame(node_id):
                made = self._outputs(node_types()[kind], config, ports)
        except (NodeError, ValidationError):
            return False
        self.tables |= {(node_id, port): table for port, table in made.items()}
        self.nodes.append({"id": node_id, "type": kind, "config": config, "position": {"x": 0, "y": 0}})
        self.edges += [self._edge(place, node_id, port) for port, places in ports.items() for place in places]
        return True

    def _sources(self, places: list[tuple[str, str]], *, many: bool) -> list[tuple[str, str]]:
        return self.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3 if many else 1))

    def _outputs(self, op: Any, config: dict, ports: dict) -> dict:
        values = {each["name"]: each["default"] for each in PARAMETERS}
        node = op.configure(config, values, SAVED)
        tables = {
            name: [self.tables[each] for each in places] if node.ports.inputs[name].many else self.tables[places[0]]
            for name, places in ports.items()
        }
        made = node.call(tables, Context(self.session, settings().data, design=True))
        return {port: self.session.empty(table) for port, table in made.items()}

    def _edge(self, source: tuple[str, str], target: str, port: str) -> dict:
        alone = len([each for each in self.tables if each[0] == source[0]]) == 1
        left_out = self.draw(st.booleans())
        kind = next(each["type"] for each in self.nodes if each["id"] == target)
        return {
            "id": f"e{len(self.edges)}", "source": source[0], "target": target,
            "sourceHandle": None if alone and left_out else source[1],
            "targetHandle": None if len(node_types()[kind].inputs) == 1 and left_out else port,
        }  # fmt: skip


def is_spatial(table: Any) -> bool:
    return any(map(is_geometry, table.types))


def columns(table: Any) -> Columns:
    return dict(zip(table.columns, map(str, table.types), strict=True))


@lru_cache(maxsize=1)
def opened(data: Path) -> Session:
    """A session for all graphs of a home: to open one takes as long as to make a graph."""
    return Session([data], threads=1)


@st.composite
def graphs(draw: Draw, most: int = 7, kinds: Iterable[str] = KINDS) -> dict:
    """A valid graph of a few nodes, of these types where it can be."""
    builder = Builder(draw, opened(settings().data))
    for kind in draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=most)):
        if not builder.add(kind) and not builder.nodes:
            builder.add("inline_data")
            builder.add(kind)
    order = draw(st.permutations(builder.nodes))
    return {
        "name": "made at random", "nodes": list(order), "edges": builder.edges, "parameters": PARAMETERS,
        "settings": {"on_rejected": "continue"},
    }  # fmt: skip


def feeds_of(op: Any) -> list[tuple[str, str, str]]:
    """The tables that the type's example needs: the input port, the SQL, and the file that `write_data` makes of it."""
    given = [(port, sql) for port, each in feed(op).items() for sql in ([each] if isinstance(each, str) else each)]
    return [(port, sql, f"feeds/{op.type}-{number}.parquet") for number, (port, sql) in enumerate(given)]


def write_data() -> None:
    """The files that the graphs read."""
    data = settings().data
    (data / "rows.csv").write_text("id,amount,region\n1,2.5,north\n2,,south\n")
    (data / "rows.ndjson").write_text('{"id": 1, "x": 5.5, "y": 50}\n{"id": 2, "x": null, "y": null}\n')
    with Session([data]) as session:
        table = session.connection.sql(
            "SELECT range AS id, 'n' || range AS region, DATE '2024-01-01' AS at FROM range(5)"
        )
        session.store(table, data / "rows.parquet")
        for op in node_types().values():
            if op.type not in RECIPES:
                write_files(op, data)
                for _, sql, path in feeds_of(op):
                    session.store(session.connection.sql(sql), data / path)
