"""The node types and the format that the guide and the README show can be made."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from documented import ROOT, blocks
from pydantic import ValidationError
from running import Runner

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Op
from orchestrator.ops.settings import columns_named
from orchestrator.tables import Session


def shown(page: str, block: int = 0) -> dict[str, Any]:
    """What the code on a page defines."""
    names: dict[str, Any] = {"__name__": "shown"}
    exec(blocks(ROOT / page, "python")[block], names)
    return names


def defined(page: str) -> type[Op]:
    """The node type that a page shows."""
    names = shown(page)
    (op,) = (each for each in names.values() if isinstance(each, type) and issubclass(each, Op) and each is not Op)
    return op


def test_the_node_type_of_the_guide() -> None:
    op = defined("docs/add-a-node-type.md")
    with duckdb.connect(":memory:") as connection:
        made = op.configure({"column": "amount"}).run(connection.sql("SELECT unnest([1, 2, 3]) AS amount"))
        assert made.fetchall() == [(1, 1.0), (2, 3.0), (3, 6.0)]
    assert op.type == "running_total"
    assert list(op.inputs) == ["table"]
    assert columns_named(op.configure({"column": "amount"})) == [("/column", "amount", None)]
    with pytest.raises((ValidationError, NodeError), match="amont"):
        op.configure({"column": "amount", "amont": 1})


def test_the_test_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("running.node_type", {"running_total": defined("docs/add-a-node-type.md")}.__getitem__)
    tests = shown("docs/add-a-node-type.md", 1)
    with Session([tmp_path]) as session:
        run = Runner(session, tmp_path)
        for amounts, totals in tests["CASES"]:
            tests["test_totals"](run, amounts, totals)
        tests["test_refuses_a_name_that_is_there"](run)


def test_the_format_of_the_guide(tmp_path: Path) -> None:
    names = shown("docs/add-a-node-type.md", 2)
    with Session([tmp_path]) as session:
        context, rows = Context(session, tmp_path), session.sql("SELECT 1 AS n, 'a|b' AS t UNION ALL SELECT 2, NULL")
        assert names["PsvWriter"](path="a.psv").write(rows, tmp_path / "a.psv", context) == 2
        assert names["PsvReader"](path="a.psv").load(context).fetchall() == rows.fetchall()


def test_the_node_type_of_the_readme() -> None:
    op = defined("README.md")
    with duckdb.connect(":memory:") as connection:
        assert op.configure({"n": 2}).run(connection.sql("SELECT unnest([1, 2, 3])")).fetchall() == [(1,), (2,)]
