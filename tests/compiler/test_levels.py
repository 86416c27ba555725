"""The levels of a run's steps are those that Dagster would find."""

import dagster._core.execution.plan.plan as dagster_plan
import dagster._core.utils
import pytest
from compiler.graphs import chain, checked, graph, node, rows
from dagster._core.execution.api import create_execution_plan
from hypothesis import given
from hypothesis import strategies as st
from toposort import CircularDependencyError

from orchestrator.compiler import plan
from orchestrator.compiler.emit import emit
from orchestrator.compiler.levels import levels

names = st.sampled_from("abcdefghij")
graphs = st.dictionaries(names, st.sets(names, max_size=4), max_size=10)


def ask(sort, data):
    try:
        return [list(level) for level in sort(data)]
    except CircularDependencyError:
        return "a cycle"


@given(graphs)
def test_the_same_levels(data):
    assert ask(levels, data) == ask(dagster._core.utils.toposort, data)


def test_they_are_where_dagster_looks():
    assert dagster_plan.toposort is levels


def test_a_key_to_sort_by():
    assert levels({"a": set(), "B": set(), "c": {"a"}}, str.lower) == [["a", "B"], ["c"]]
    with pytest.raises(CircularDependencyError):
        levels({"a": {"b"}, "b": {"a"}})


def test_dagster_takes_the_order_of_the_plan():
    document = graph([node("u", "union"), rows("b"), rows("a")], ["a -> u", "b -> u"])
    job = emit(plan(checked(document)), "w", 1)
    assert [each.name for each in job.nodes_in_topological_order] == ["inline_data__b", "inline_data__a", "union__u"]


def test_a_chain_longer_than_pythons_stack():
    job = emit(plan(checked(chain(1_500))), "w", 1)
    steps = create_execution_plan(job).get_steps_to_execute_by_level()
    assert len(steps) == 1_501
