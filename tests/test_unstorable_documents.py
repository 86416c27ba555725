"""Documents that PostgreSQL or JSON cannot hold are refused, with the place."""

import pytest

from orchestrator.catalog import Catalog
from orchestrator.catalog.documents import draft
from orchestrator.errors import InvalidGraph


@pytest.fixture(scope="module")
def catalog(database_url):
    return Catalog(database_url)


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"name": "a\x00b"}, "/name", "NUL"),
        ({"nodes": [{"id": "1"}, {"config": {"a/b~c": ["", "\x00"]}}]}, "/nodes/1/config/a~1b~0c/1", "NUL"),
        ({"nodes": [{"da\x00ta": 1}]}, "/nodes/0", "A key has a NUL"),
        ({"name": "\ud83d"}, "/name", "surrogate"),
        ({"x": {"\udc00": 1}}, "/x", "A key has half of a surrogate"),
        ({"x": [1.0, float("nan")]}, "/x/1", "finite"),
        ({"x": float("-inf")}, "/x", "finite"),
        ({"x": 10**5000}, "/x", "too many digits"),
    ],
)
def test_what_cannot_be_stored_is_named(catalog, document, path, message):
    with pytest.raises(InvalidGraph) as caught:
        catalog.create(document, valid=False)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("invalid_graph", path)
    assert message in problem.message


def test_all_that_cannot_be_stored_is_named_at_once(catalog):
    stored = catalog.create({}, valid=True)
    with pytest.raises(InvalidGraph) as caught:
        catalog.save(stored.id, {"a": "\x00", "b": ["\ud800"]}, valid=True)
    assert {problem.path for problem in caught.value.problems} == {"/a", "/b/0"}
    assert catalog.get(stored.id).version == 1


@pytest.mark.parametrize("name", ["\\u0000", "\\\\u0000", "\U0001f600", "\x01\x7f\u2028", "a" * 100_000])
def test_what_only_looks_wrong_is_stored(catalog, name):
    assert catalog.get(catalog.create({"name": name}, valid=True).id).document == {"name": name}


def test_a_document_that_is_nested_too_deeply():
    deep: dict = {}
    for _ in range(100_000):
        deep = {"x": deep}
    with pytest.raises(InvalidGraph, match="nested too deeply"):
        draft(deep, valid=False)
    while deep:
        deep = deep["x"]
