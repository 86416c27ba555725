from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.errors import NodeError
from orchestrator.formats import readers
from orchestrator.ops.base import Context
from orchestrator.ops.data_loader import DataLoader
from orchestrator.tables import Session

FILES = {"flights.csv": "id,region,amount\n1,north,10.5\n2,south,\n"}


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    root = tmp_path / "data"
    root.mkdir()
    (root / "a.csv").write_text("a,b,c\n1,x,2\n3,y,4\n")
    (root / "folder").mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    with Session([root]) as session:
        yield Context(session, root)


@pytest.mark.parametrize(
    ("config", "columns", "rows"),
    [
        ({}, ["a", "b", "c"], [(1, "x", 2), (3, "y", 4)]),
        ({"columns": ["c", "a"]}, ["c", "a"], [(2, 1), (4, 3)]),
        ({"limit": 1}, ["a", "b", "c"], [(1, "x", 2)]),
        ({"limit": 0, "columns": ["b"]}, ["b"], []),
    ],
)
def test_loads(context: Context, config: dict[str, Any], columns: list[str], rows: list[Any]) -> None:
    found = DataLoader.configure({"source_type": "csv", "path": "a.csv", **config}).call({}, context)["result"]
    assert found.columns == columns
    assert found.fetchall() == rows


@pytest.mark.parametrize(
    ("config", "code", "path", "text"),
    [
        ({"columns": ["a", "d"]}, "unknown_column", "/config/columns/1", "Column 'd' is not in this dataset."),
        ({"path": "b.csv"}, "file_not_found", "/config/path", "File 'b.csv' is not there. Did you mean 'a.csv'?"),
        ({"path": "folder"}, "unreadable_file", "/config/path", "'folder' is a folder, not a file."),
        ({"path": "../secret.csv"}, "path_not_allowed", "/config/path", "no '..'"),
        ({"path": "/etc/passwd"}, "path_not_allowed", "/config/path", "relative to the data root"),
        ({"path": "link.csv"}, "path_not_allowed", "/config/path", "leads out of the data root"),
        ({"path": "a\0.csv"}, "path_not_allowed", "/config/path", "A path is needed"),
    ],
)
def test_refuses(context: Context, config: dict[str, Any], code: str, path: str, text: str) -> None:
    with pytest.raises(NodeError) as error:
        DataLoader.configure({"source_type": "csv", "path": "a.csv", **config}).call({}, context)
    assert (error.value.code, error.value.path) == (code, path)
    assert text in error.value.message
    assert str(context.root) not in error.value.message


def test_the_format_can_be_a_parameter() -> None:
    made = DataLoader.configure({"source_type": "${kind}", "path": "${name}.csv"}, {"kind": "csv", "name": "x"})
    assert made.model_dump()["path"] == "x.csv"
    assert type(made).configure({"source_type": "csv", "path": "y.csv"}).model_dump()["path"] == "y.csv"


def test_the_schema_has_a_form_for_each_format() -> None:
    schema = DataLoader.config_schema()
    Draft202012Validator.check_schema(schema)
    assert set(schema["discriminator"]["mapping"]) == set(readers())
    forms = [schema["$defs"][ref.rpartition("/")[2]] for ref in schema["discriminator"]["mapping"].values()]
    assert {next(iter(form["properties"])) for form in forms} == {"source_type"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"source_type": "csv", "path": "a.csv", "delimiter": ";", "columns": ["a"]})
    assert not validator.is_valid({"source_type": "csv", "path": "a.csv", "delimter": ";"})
    assert not validator.is_valid({"source_type": "csv"})
    for form in schema["$defs"].values():
        for name, field in form.get("properties", {}).items():
            assert field["description"], name
            assert field["examples"], name
            assert "x-ui" in field, name
