"""What the page of semantics shows is what the node types do."""

from collections.abc import Iterator
from typing import Any

import pytest
from running import Runner, as_node_error

from docs.cases import Case, Value, columns
from docs.semantics import SECTIONS
from orchestrator.tables import Session

EVERYTHING = [each for _, _, cases in SECTIONS for each in cases]
CASES = [each for each in EVERYTHING if isinstance(each, Case)]
VALUES = [each for each in EVERYTHING if isinstance(each, Value)]


@pytest.fixture(scope="module", params=[1, 4], ids=["one thread", "four threads"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    root = tmp_path_factory.mktemp("semantics")
    with Session([root], threads=request.param) as session:
        yield Runner(session, root)


def outcome(run: Runner, type_: str, config: Any, tables: Any) -> Any:
    """The tables by port, as the page writes them, or the code of the problem."""
    try:
        made = run.relations(type_, config, **tables)
        return {port: columns(by_column(each)) for port, each in made.items()}
    except AssertionError:
        raise
    except Exception as error:
        return as_node_error(error).code


def by_column(relation: Any) -> dict[str, list[Any]]:
    rows = relation.fetchall()
    return {name: [row[place] for row in rows] for place, name in enumerate(relation.columns)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.type}: {case.says}")
def test_nodes_give_what_the_page_shows(run: Runner, case: Case) -> None:
    found = outcome(run, case.type, case.config, case.tables)
    if isinstance(case.gives, str):
        assert found == case.gives
    else:
        assert isinstance(found, dict), found
        assert {port: found[port] for port in case.gives} == {port: columns(each) for port, each in case.gives.items()}


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.expression)
def test_expressions_give_what_the_page_shows(run: Runner, value: Value) -> None:
    config = {"columns": [{"name": "value", "expression": value.expression}]}
    found = outcome(run, "compute", config, {"table": {"row": [1]}})
    assert found == (value.gives if value.fails else {"result": columns({"row": [1], "value": [value.gives]})})
