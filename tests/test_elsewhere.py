"""What stands in for a function that there is not."""

import pytest

from orchestrator.elsewhere import NODES, instead
from orchestrator.expressions import functions
from orchestrator.registry import node_types


@pytest.mark.parametrize(("word", "node_type"), NODES.items())
def test_a_function_of_postgis_is_a_node_type_here(word, node_type):
    assert node_type in node_types()
    assert f"st_{word}" not in functions()
    assert instead(f"st_{word}", set(functions())) == f" The node type '{node_type}' does that"
