"""What is called valid compiles and runs, with the columns that were foretold; the rest is refused with problems."""

import copy
import os
from collections import Counter

import pytest
from compiler.graphs import own_home, run, run_compiled
from compiler.random_graphs import KINDS, SAVED, graphs, write_data
from compiler.recipes import RECIPES
from hypothesis import HealthCheck, Phase, assume, example, find, given, settings
from hypothesis import strategies as st

from orchestrator.compiler.jobs import compile_document
from orchestrator.errors import InvalidGraph, Problem
from orchestrator.registry import node_types
from orchestrator.workflows import judge

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
TIMES = int(os.environ.get("GRAPHMILL_TEST_TIMES", "1"))  # how many times as many examples, to look for rare ones
settings.register_profile("graphs", deadline=None, suppress_health_check=SLOW)
quick = settings.get_profile("graphs")
DATA = {"out_of_bounds"}  # a sum of latitudes may lie beyond the pole; nothing else may fail a run of these graphs


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with own_home(tmp_path_factory.mktemp("home")) as made:
        write_data()
        yield made


def test_recipes_are_of_node_types():
    assert set(RECIPES) <= set(node_types())


def types_of(document):
    return [node["type"] for node in document["nodes"]]


def test_graphs_are_made_edge_by_edge_of_every_node_type():
    used, edges, made = Counter(), 0, 0

    @settings(quick, max_examples=30, database=None, derandomize=True, phases=[Phase.generate])
    @given(graphs(12))
    def look(document):
        nonlocal edges, made
        used.update(types_of(document))
        edges += len(document["edges"])
        made += 1

    look()
    once = settings(quick, max_examples=100, database=None, derandomize=True, phases=[Phase.generate])
    for kind in set(KINDS) - set(used):
        with_it = graphs(3, {kind, "inline_data"})
        find(with_it, lambda document, kind=kind: kind in types_of(document), settings=once)
    assert edges > made


INSIDE = {
    "nodes": [
        {"id": "1", "type": "data_loader", "config": {"source_type": "parquet", "path": "feeds/workflow-0.parquet"}},
        {"id": "2", "type": "workflow", "config": {"workflow": "topandrest01", "parameters": {"first": 2}}},
    ],
    "edges": [{"id": "e", "source": "1", "target": "2", "targetHandle": "sales"}],
}


@settings(quick, max_examples=16 * TIMES)
@given(graphs())
@example(INSIDE)
def test_what_is_valid_runs_and_has_the_columns_that_were_foretold(document):
    judged = judge(document, SAVED)
    assert judged.valid, judged.problems
    ran = run(document, find=SAVED)
    assert ran.success or ran.error.code in DATA, ran.error
    assume(ran.success)
    for node_id, ports in judged.nodes.items():
        for port, columns in ports["outputs"].items():
            assert ran.columns(node_id, port) == columns, (node_id, port)
    ran.forget()


@settings(quick, max_examples=8 * TIMES)
@given(graphs())
def test_a_fused_run_gives_the_same_rows(document):
    cached, fused = run(document, find=SAVED), run(document, cache=False, find=SAVED)
    assert cached.success == fused.success, (cached.error, fused.error)
    assume(cached.success)
    for node_id, port in fused.stored():
        assert fused.rows(node_id, port) == cached.rows(node_id, port), (node_id, port)
    cached.forget()
    fused.forget()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False), st.text(max_size=8),
              st.sampled_from(["passed", "left", "table", "id", "${p}", "${q}", "../x", "rows.csv", "a > 1"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)  # fmt: skip


def places(value, path=()):
    """Every place in a JSON document."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*path, index))


@st.composite
def spoilt(draw):
    """A valid graph with a few things changed: replaced, removed, doubled, swapped."""
    document = copy.deepcopy(draw(graphs(5)))
    for _ in range(draw(st.integers(1, 3))):
        inside = [path for path in places(document) if path]
        path = draw(st.sampled_from(inside))
        above = document
        for key in path[:-1]:
            above = above[key]
        how = draw(st.sampled_from(["replace", "replace", "remove", "double", "swap"]))
        if how == "replace":
            above[path[-1]] = draw(JSON)
        elif how == "remove":
            del above[path[-1]]
        elif how == "double" and isinstance(above, list):
            above.append(copy.deepcopy(above[path[-1]]))
        elif isinstance(above, list):
            above.reverse()
        if not isinstance(document, dict) or not document:
            break
    return document


def never_breaks(document):
    """Judge a document; when it is valid it must compile, and running it ends well or is blamed on a node."""
    judged = judge(document, SAVED)
    assert all(isinstance(each, Problem) and each.message and each.code for each in judged.problems)
    if not judged.valid:
        with pytest.raises(InvalidGraph):
            compile_and_judge(document)
        return
    compiled = compile_document(document, "spoilt", 1, SAVED)
    required = [
        each.name for each in compiled.plan.checked.workflow.parameters if each.required and each.default is None
    ]
    if required:
        return
    ran = run_compiled(compiled)
    if not ran.success:
        assert ran.error.node_id is not None, ran.error
        assert ran.error.code != "internal", ran.error
    ran.forget()


def compile_and_judge(document):
    compile_document(document, "spoilt", 1, SAVED)
    problems = judge(document, SAVED).problems
    if any(each.severity == "error" for each in problems):
        raise InvalidGraph(problems)


@settings(quick, max_examples=30 * TIMES)
@given(spoilt())
def test_a_spoilt_graph_is_refused_with_problems_or_runs(document):
    never_breaks(document)


PART = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON, "type": st.one_of(st.sampled_from(sorted(node_types())), JSON), "config": JSON, "data": JSON,
        "label": JSON, "retry": JSON, "enabled": JSON, "source": JSON, "target": JSON, "sourceHandle": JSON,
        "targetHandle": JSON, "name": JSON, "default": JSON, "choices": JSON,
    },
)  # fmt: skip
DOCUMENT = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {},
        optional={
            "nodes": st.one_of(JSON, st.lists(PART, max_size=4)), "edges": st.one_of(JSON, st.lists(PART, max_size=4)),
            "parameters": st.one_of(JSON, st.lists(PART, max_size=3)), "settings": JSON, "name": JSON,
        },
    ),
)  # fmt: skip


@settings(quick, max_examples=100 * TIMES)
@given(DOCUMENT)
def test_any_json_is_judged(document):
    never_breaks(document)


@settings(quick, max_examples=40 * TIMES)
@given(st.sampled_from(sorted(node_types())), JSON)
def test_any_config_is_judged(kind, config):
    ports = list(node_types()[kind].inputs)
    nodes = [{"id": "in", "type": "inline_data", "config": {"rows": [{"id": 1, "left": "x"}]}}]
    nodes.append({"id": "n", "type": kind, "config": config})
    edges = [{"id": port, "source": "in", "target": "n", "targetHandle": port} for port in ports]
    never_breaks({"nodes": nodes, "edges": edges})
