"""Node types are found through entry points, built-in and third-party alike."""

import sys
from importlib import import_module
from importlib.metadata import entry_points

import pytest

from orchestrator import registry
from orchestrator.errors import NodeError, NotFound
from orchestrator.ops.base import Context, Op
from orchestrator.registry import GROUP, modules, node_type, node_types
from orchestrator.tables import Session

CONTRACT = {
    "data_loader", "data_writer", "inline_data", "input", "filter", "compute", "select_columns", "cast", "join",
    "aggregate", "sort", "union", "distinct", "sample", "sql", "transformer", "points_from_xy", "reproject", "buffer",
    "spatial_join",
}  # fmt: skip
SHOUT = '''
from orchestrator.ops.base import Op, Relation

class {name}(Op):
    """Says it loudly."""
    def run(self, table: Relation) -> Relation:
        return table.project("upper(t) AS t")
'''


def test_the_node_types_of_the_contract():
    assert set(node_types()) >= CONTRACT
    assert list(node_types()) == sorted(node_types())


def test_each_is_named_as_its_module():
    for name, op in node_types().items():
        assert op.__module__ == f"orchestrator.ops.{name}"
        assert op.type == name


def test_what_begins_with_an_underscore_is_no_node_type():
    found = {module.__name__ for module in modules(import_module("orchestrator.ops"))}
    assert "orchestrator.ops._rows" not in found
    assert "orchestrator.ops.filter" in found
    assert list(modules(import_module("orchestrator.names"))) == [import_module("orchestrator.names")]


def test_an_unknown_type():
    with pytest.raises(NotFound) as caught:
        node_type("filtre")
    assert caught.value.code == "unknown_node_type"
    assert caught.value.message == "Node type 'filtre' is not known. Did you mean 'filter'?"


@pytest.fixture
def third_party(tmp_path, monkeypatch):
    """Installs a distribution that says which module holds its node types."""

    def install(name: str, source: str) -> None:
        folder = tmp_path / name
        (folder / f"{name}-1.0.dist-info").mkdir(parents=True)
        (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        (folder / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}\n")
        (folder / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(str(folder))
        registry.node_types.cache_clear()

    yield install
    registry.node_types.cache_clear()
    for name in ("acme_shout", "acme_filter", "acme_broken"):
        sys.modules.pop(name, None)


def test_a_third_partys_node_type(third_party):
    third_party("acme_shout", SHOUT.format(name="ShoutIt"))
    assert node_type("shout_it").title == "Shout it"
    assert set(node_types()) >= CONTRACT
    assert "acme_shout" in {each.name for each in entry_points(group=GROUP)}


def test_a_third_partys_node_gives_no_two_columns_of_one_name(third_party, tmp_path):
    third_party("acme_shout", SHOUT.format(name="Shout").replace("upper(t) AS t", "*, upper(t) AS T"))
    with Session([tmp_path]) as session, pytest.raises(NodeError, match="'t' is there already") as caught:
        node_type("shout").configure({}).call({"table": session.sql("SELECT 'a' AS t")}, Context(session, tmp_path))
    assert caught.value.code == "duplicate_column"


def test_two_of_one_name(third_party):
    third_party("acme_filter", SHOUT.format(name="Filter"))
    with pytest.raises(TypeError, match="two node types are called 'filter'"):
        node_types()


def test_a_node_type_that_is_not_ready_says_so(third_party):
    third_party("acme_broken", SHOUT.format(name="Broken").replace('"""Says it loudly."""', ""))
    with pytest.raises(TypeError, match="Broken needs a docstring"):
        node_types()


def test_every_node_type_has_what_the_editor_shows():
    for op in node_types().values():
        assert issubclass(op, Op)
        assert op.title
        assert op.category != "Other"
        assert op.outputs or op.dynamic_ports
