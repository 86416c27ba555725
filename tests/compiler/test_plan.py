"""Names, and which outputs a fused run stores."""

from compiler.graphs import chain, checked, compute, graph, keep, node, rows

from orchestrator.compiler import plan
from orchestrator.names import alias, key


def planned(document):
    return {each.node_id: each for each in plan(checked(document)).steps}


def test_names():
    steps = planned(graph([rows("a-1", label="Orders"), keep("a_1")], ["a-1 -> a_1"]))
    assert {each.alias for each in steps.values()} == {alias("a-1", "Orders"), alias("a_1", "filter")}
    assert steps["a-1"].key == key("a-1") != steps["a_1"].key
    assert plan(checked(graph([rows("x")]))).alias("x") == "inline_data__x"


def test_what_is_connected_and_shared():
    steps = planned(graph([rows(), *map(keep, "klm")], ["in -> k", "k.passed -> l", "k.passed -> m"]))
    assert (steps["in"].connected, steps["in"].shared) == ({"result"}, frozenset())
    assert (steps["k"].connected, steps["k"].shared) == ({"passed"}, {"passed"})
    assert steps["l"].connected == steps["l"].shared == frozenset()


def test_an_output_wired_twice_into_one_node_is_shared():
    assert planned(graph([rows(), node("u", "union")], ["in -> u", "in -> u"]))["in"].shared == {"result"}


def test_long_chains_are_cut_evenly():
    cuts = [int(node_id[1:]) for node_id, step in planned(chain(130)).items() if step.shared]
    assert cuts == [39, 79, 119]


def test_order_matters_unless_every_reader_ignores_it():
    count = {"aggregations": [{"function": "count"}]}
    steps = planned(graph([rows("a"), keep("k"), node("n", "aggregate", count)], ["a -> k", "k.passed -> n"]))
    assert [steps[each].keep_order for each in ("a", "k", "n")] == [True, False, True]
    both = planned(graph([rows("a"), node("n", "aggregate", count), compute("c")], ["a -> n", "a -> c"]))
    assert both["a"].keep_order


def test_a_node_whose_settings_wait_for_a_parameter_may_mind_the_order():
    waiting = node("n", "aggregate", {"aggregations": [{"function": "${f}"}]})
    steps = planned(graph([rows("a"), waiting], ["a -> n"], parameters=[{"name": "f"}]))
    assert not steps["n"].step.settled
    assert steps["a"].keep_order
