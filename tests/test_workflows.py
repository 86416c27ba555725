"""What the editor does with a graph: judge it, know its columns, save it."""

import copy

import pytest
from compiler.graphs import chain, compute, graph, keep, node, rows, run_compiled

from orchestrator.catalog import Catalog
from orchestrator.compiler.jobs import Jobs
from orchestrator.compiler.saved import Library
from orchestrator.errors import InvalidGraph, NotFound, PreconditionFailed, Problem
from orchestrator.workflows import Judged, create, judge, restore, save

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def catalog(database_url):
    return Catalog(database_url)


GOOD = graph([rows(), keep("k")], ["in -> k"], name="Good", viewport={"x": 1, "zoom": 2.5}, extra={"deep": [1, None]})
BAD = graph([rows(), keep("k", "aa > 1")], ["in -> k"], name="Half done")


def test_a_good_graph():
    judged = judge(GOOD)
    assert judged.valid
    assert judged.problems == ()
    assert set(judged.nodes) == {"in", "k"}


def test_judging_leaves_the_document_alone():
    document = graph([{**rows(), "data": {"type": "inline_data", "label": "x"}}, keep("k", "a > ${p}")], ["in -> k"])
    before = copy.deepcopy(document)
    judge(document)
    assert document == before


@pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"nodes": None}, {"nodes": [None]}, {"nodes": [{}]}])
def test_whatever_it_is_the_answer_is_problems(document):
    judged = judge(document)
    assert not judged.valid
    assert judged.problems
    assert judged.nodes == {}


def test_a_warning_is_no_error():
    warning = Problem(severity="warning", code="x", message="y")
    assert Judged((warning,), {}).valid
    assert not Judged((warning, Problem(code="x", message="y")), {}).valid


def test_columns_of_the_sound_part_of_a_half_done_graph():
    document = graph(
        [rows(), keep("k"), compute("c", "aa"), keep("below"), node("j", "join", {"keys": []}), node("u", "nothing")],
        ["in -> k", "k.passed -> c", "c -> below", "k.passed -> j.left"],
    )
    judged = judge(document)
    assert {each.node_id for each in judged.problems} == {"c", "j", "u"}
    assert set(judged.nodes) == {"in", "k", "c", "below", "j"}
    assert [each["name"] for each in judged.nodes["c"]["inputs"]["table"]] == ["a", "b"]
    assert judged.nodes["below"]["outputs"] == {"passed": None, "failed": None}
    assert [each["name"] for each in judged.nodes["j"]["inputs"]["left"]] == ["a", "b"]
    assert judged.nodes["j"]["inputs"]["right"] is None
    assert judged.nodes["j"]["outputs"] == {"joined": None, "left_only": None, "right_only": None}


def test_what_comes_to_a_disabled_node_is_known():
    judged = judge(graph([rows(), keep("off", enabled=False), keep("k")], ["in -> off", "in -> k"]))
    assert judged.valid
    assert judged.nodes["off"]["inputs"] == judged.nodes["k"]["inputs"]
    assert judged.nodes["off"]["outputs"] == {"passed": None, "failed": None}


def test_a_workflow_is_saved_as_it_was_posted(catalog):
    stored, judged = create(catalog, GOOD)
    assert judged.problems == ()
    assert (stored.version, stored.valid, stored.document) == (1, True, GOOD)
    assert catalog.get(stored.id).document == GOOD


def test_a_graph_with_errors_is_saved_as_a_draft_only(catalog):
    with pytest.raises(InvalidGraph) as caught:
        create(catalog, BAD)
    assert [each.code for each in caught.value.problems] == ["unknown_column"]
    stored, judged = create(catalog, BAD, draft=True)
    assert (stored.valid, judged.valid) == (False, False)
    assert catalog.get(stored.id).document == BAD


@pytest.mark.parametrize("document", [None, [], "x"])
def test_what_is_no_object_is_no_draft(catalog, document):
    with pytest.raises(InvalidGraph):
        create(catalog, document, draft=True)


def test_a_new_version(catalog):
    stored, _ = create(catalog, GOOD)
    same, _ = save(catalog, stored.id, GOOD, expected={1})
    assert same.version == 1
    changed, _ = save(catalog, stored.id, {**GOOD, "name": "Better"}, expected={1})
    assert changed.version == 2
    with pytest.raises(PreconditionFailed):
        save(catalog, stored.id, chain(2), expected={1})
    with pytest.raises(InvalidGraph):
        save(catalog, stored.id, BAD)
    draft, _ = save(catalog, stored.id, BAD, draft=True)
    assert (draft.version, draft.valid) == (3, False)
    with pytest.raises(NotFound):
        save(catalog, "nowhere", GOOD)


def test_a_graph_that_is_too_large_is_not_saved(catalog):
    with pytest.raises(InvalidGraph) as caught:
        create(catalog, {"nodes": [{}] * 5001})
    assert [each.code for each in caught.value.problems] == ["too_large"]


def inner(added):
    nodes = [node("in", "input", {"sample": [{"a": 5}]}), compute("c", f"a + {added}")]
    return graph([*nodes, node("out", "output", {"name": "made"})], ["in -> c", "c -> out"], name="Inner")


def passing_on(workflow, name="Outer", **config):
    nodes = [node("w", "workflow", {"workflow": workflow, **config}), node("out", "output", {"name": "made"})]
    return graph(nodes, ["w -> out"], name=name)


def made(catalog, workflow, version):
    """What a run of this version gives, in a process that knows nothing but the catalog."""
    ran = run_compiled(Jobs(catalog).get(workflow, version))
    assert ran.success, ran.error
    return ran.rows("out")


def test_a_run_uses_the_versions_that_there_were_when_its_own_was_saved(catalog):
    used = create(catalog, inner(1))[0].id
    user = create(catalog, passing_on(used))[0].id
    above = create(catalog, passing_on(user))[0].id
    save(catalog, used, inner(10))
    assert made(catalog, user, 1) == made(catalog, above, 1) == [(5, 6)]
    save(catalog, user, passing_on(used, "Changed"))
    assert (made(catalog, user, 2), made(catalog, above, 1)) == ([(5, 15)], [(5, 6)])
    save(catalog, user, passing_on(used, version=1))
    save(catalog, above, passing_on(user, version=2))
    assert (made(catalog, user, 3), made(catalog, above, 2)) == ([(5, 6)], [(5, 15)])


def test_a_workflow_that_is_saved_again_takes_up_what_it_uses_now(catalog):
    used = create(catalog, inner("nope +"), draft=True)[0].id
    user = create(catalog, passing_on(used), draft=True)[0].id
    for added, expected in (("1", 2), ("1", 2), ("10", 3)):
        save(catalog, used, inner(added))
        stored, judged = save(catalog, user, passing_on(used))
        assert (stored.version, stored.valid, judged.valid) == (expected, True, True)
        assert made(catalog, user, expected) == [(5, 5 + int(added))]
    above = create(catalog, passing_on(user, version=2))[0].id
    save(catalog, used, inner("100"))
    assert save(catalog, above, passing_on(user, version=2))[0].version == 1


def test_a_version_that_is_restored_is_judged_anew(catalog):
    used = create(catalog, inner(1))[0].id
    user = create(catalog, passing_on(used))[0].id
    save(catalog, user, GOOD)
    catalog.delete(used)
    stored, judged = restore(catalog, user, 1, expected={2})
    assert (stored.version, stored.document, stored.valid) == (3, passing_on(used), False)
    assert [each.code for each in judged.problems] == ["unknown_workflow"]
    assert restore(catalog, user, 2)[0].valid


def test_a_version_that_is_restored_takes_up_what_it_uses_now(catalog):
    used = create(catalog, inner(1))[0].id
    user = create(catalog, passing_on(used))[0].id
    assert restore(catalog, user, 1)[0].version == 1  # it is the latest, and nothing has changed
    save(catalog, used, inner(10))
    assert restore(catalog, user, 1)[0].version == 2
    assert made(catalog, user, 2) == [(5, 15)]


def test_an_earlier_version_that_cannot_be_restored(catalog):
    stored = create(catalog, GOOD)[0]
    with pytest.raises(NotFound, match=f"Version 2 of workflow '{stored.id}' is not there; the latest is 1"):
        restore(catalog, stored.id, 2)
    save(catalog, stored.id, BAD, draft=True)
    with pytest.raises(PreconditionFailed):
        restore(catalog, stored.id, 1, expected={1})


def test_a_deleted_workflow_goes_on_being_run_but_not_used_anew(catalog):
    used = create(catalog, inner(1))[0].id
    user = create(catalog, passing_on(used))[0]
    catalog.delete(used)
    assert made(catalog, user.id, 1) == [(5, 6)]
    assert judge(user.document, Library.of(catalog, user)).valid
    assert not judge(user.document, Library(catalog.find)).valid


def test_a_workflow_that_uses_itself_is_not_saved(catalog):
    first = create(catalog, inner(1))[0].id
    second = create(catalog, passing_on(first, "Second"))[0].id
    for used, names in ((first, "First -> First"), (second, "First -> Second -> First")):
        with pytest.raises(InvalidGraph) as caught:
            save(catalog, first, passing_on(used, "First"))
        assert [(each.code, each.message) for each in caught.value.problems] == [
            ("recursion", f"A workflow cannot use itself: {names}.")
        ]


def test_a_workflow_that_is_not_there(catalog):
    (problem,) = judge(graph([node("w", "workflow", {"workflow": "nowhere"})]), Library(catalog.find)).problems
    assert (problem.code, problem.path) == ("unknown_workflow", "/config/workflow")


def test_a_version_that_is_not_there(catalog):
    used = create(catalog, inner(1))[0].id
    (problem,) = judge(passing_on(used, version=7), Library(catalog.find)).problems
    assert (problem.code, problem.path) == ("unknown_workflow", "/config/version")
    assert problem.message.endswith("the latest is 1.")
