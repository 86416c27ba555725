"""The text of a large file that has few values, as its lines from everywhere say, is stored faster and the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.formats import csv_lines
from orchestrator.ops.base import Context
from orchestrator.ops.data_loader import DataLoader
from orchestrator.schema import columns
from orchestrator.tables import Session

ROWS = 30_000


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session of the test's own."""
    with Session([tmp_path]) as made:
        yield made


@pytest.mark.parametrize(
    ("late", "options", "written"),
    [
        ('"a ""1"""', {}, [["kind"]]),
        ('""', {}, [["kind"], []]),
        ('""', {"quoted_empty": "null"}, [["kind"]]),
        ("", {}, [["kind"]]),
        ("late", {}, [["kind"], []]),
        ("late", {"ragged": "fill"}, [["kind"], []]),
        ("late", {"ragged": "skip"}, [[]]),
        ('\'a ""1""\'', {"quote": "'", "escape": "'"}, [["kind"]]),
        ("late", {"null_values": ["late"]}, [["kind"]]),
    ],
)
def test_few_values_of_a_large_file(
    context: Context, monkeypatch: pytest.MonkeyPatch, late: str, options: dict[str, object], written: list[list[str]]
) -> None:
    monkeypatch.setattr(csv_lines, "WHOLE", 1000)
    mark = options.get("quote", '"')
    lines = [f'{n},{mark}a ""{n % 3}""{mark},{mark}own {n}{mark}' for n in range(ROWS)]
    lines[-20_000] = f"1,{late},x"
    path = Path(context.root) / "a.csv"
    path.write_text("\n".join(["n,kind,own", *lines, ""]))
    found: list[list[str]] = []
    copy = Session._copy
    monkeypatch.setattr(
        Session,
        "_copy",
        lambda self, table, path, fields: (found.append(sorted(fields)), copy(self, table, path, fields))[1],
    )
    loader = DataLoader.configure({"source_type": "csv", "path": "a.csv", "sample_size": 1000, **options})
    made = loader.call({}, replace(context, scratch=context.root / "scratch"))["result"]
    context.session.given[made] = columns(made)
    stored = context.root / "a.parquet"
    assert context.session.store(made, stored) == ROWS
    assert found == written
    assert context.session.parquet(stored).fetchall() == made.fetchall()
