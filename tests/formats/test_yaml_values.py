from collections.abc import Callable

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("MAP {'k': 1, 'l': 2}", "- v:\n    k: 1\n    l: 2\n"),
        ("MAP {1: 'a'}", "- v:\n    '1': a\n"),
        ("[MAP {'a': 1}]", "- v:\n  - a: 1\n"),
        ("12345678901234567890::DECIMAL(20, 0)", "- v: 12345678901234567890\n"),
        ("5::HUGEINT", "- v: 5\n"),
        ("1.50::DECIMAL(9, 2)", "- v: 1.5\n"),
        ("[1.25::DECIMAL(9, 2)]", "- v:\n  - 1.25\n"),
        ("{'a': 1.5::DECIMAL(9, 2)}", "- v:\n    a: 1.5\n"),
        ("[INTERVAL 1 DAY]", "- v:\n  - 1 day\n"),
        ("['a'::ENUM('a', 'b')]", "- v:\n  - a\n"),
        ("{'t': '2013-01-02 03:04:05.123456789'::TIMESTAMP_NS}", "- v:\n    t: '2013-01-02 03:04:05.123456789'\n"),
        ("'2013-01-02 03:04:05.9999996'::TIMESTAMP_NS", "- v: '2013-01-02 03:04:05.9999996'\n"),
    ],
)
def test_writes(context: Context, load: Load, save: Save, value: str, text: str) -> None:
    save(f"SELECT {value} AS v", target_type="yaml", path="a.yaml")
    assert (context.root / "a.yaml").read_text() == text
    assert len(load(source_type="yaml", path="a.yaml").fetchall()) == 1


@pytest.mark.parametrize("value", ["DATE '12345-01-01'", "[DATE '0044-03-15 (BC)']", "'infinity'::TIMESTAMP"])
def test_dates_that_yaml_lacks_are_refused(context: Context, save: Save, value: str) -> None:
    with pytest.raises(NodeError, match="Column 'v' has a date or time before the year 1 or after 9999") as error:
        save(f"SELECT {value} AS v", target_type="yaml", path="a.yaml")
    assert (error.value.code, error.value.hint) == ("invalid_value", "cast the column to VARCHAR before")
    assert not (context.root / "a.yaml").exists()


@pytest.mark.parametrize("text", ['- {1: a, "1": b}\n', '- {a: {1: x, "1": y}}\n', "- a: 1\n  a: 2\n"])
def test_keys_that_are_one_column_are_refused(context: Context, design: Context, text: str) -> None:
    (context.root / "a.yaml").write_text(text)
    for each in (context, design):
        with pytest.raises(NodeError, match=r"has a mapping with the key '.' twice: line 1") as error:
            DataLoader.configure({"source_type": "yaml", "path": "a.yaml"}).call({}, each)
        assert error.value.code == "duplicate_column"


def test_keys_are_as_they_are_written(context: Context, load: Load) -> None:
    """YAML 1.1 takes some for truth values, and Python takes true for 1."""
    text = "- &x {on: a, true: b, 1: c, null: d}\n- {<<: *x, 1: e, 2013-01-02: {no: f}}\n"
    (context.root / "a.yaml").write_text(text)
    found = load(source_type="yaml", path="a.yaml")
    assert found.columns == ["on", "true", "1", "null", "2013-01-02"]
    assert found.fetchall() == [("a", "b", "c", "d", None), ("a", "b", "e", "d", {"no": "f"})]
