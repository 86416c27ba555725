"""Near-misses, and what stands in for a function that there is not."""

import pytest

from orchestrator.expressions import functions
from orchestrator.registry import node_types
from orchestrator.suggest import SPATIAL, no_function


@pytest.mark.parametrize(("word", "node_type"), SPATIAL.items())
def test_a_function_of_geometry_is_a_node_type_here(word, node_type):
    assert node_type in node_types()
    assert f"st_{word}" not in functions()
    said = f"function 'st_{word}' does not exist. A node of type '{node_type}' does this."
    assert no_function(f"st_{word}", functions()) == said
