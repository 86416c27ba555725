import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
DAY = "2013-01-02"


def written(context: Context, kind: str, records: list[Any]) -> None:
    lines = [json.dumps(each) for each in records]
    text = f"[{','.join(lines)}]" if kind == "json" else "\n".join(lines)
    (context.root / f"a.{kind}").write_text(text)


@pytest.mark.parametrize("kind", ["json", "ndjson"])
@pytest.mark.parametrize(
    ("records", "code", "message"),
    [
        ([{"v": 1}] * 3 + [{"v": 1, "w": 2}], "no_table", "The key 'w' comes only after the first 2 records, which"),
        ([{"v": {"a": 1}}] * 3 + [{"v": {"b": 1}}], "no_table", "A key inside an object comes only after the first 2"),
        ([{"v": [{"a": 1}]}] * 3 + [{"v": [{"a": 1}, {"b": 1}]}], "no_table", "A key inside an object comes only"),
        ([{"v/w": 1}] * 3 + [{"v/w": 1.5}], "mixed_types", "Column 'v/w' has 1.5 after the first 2 records"),
        ([{"v": 1}] * 3 + [{"v": True}], "mixed_types", "Column 'v' has true after the first 2 records"),
        ([{"v": {"a b": 1}}] * 3 + [{"v": {"a b": 2.5}}], "mixed_types", "Column 'v' has 2.5 inside after the first 2"),
        ([{"v": [1]}] * 3 + [{"v": [1, 2.5]}], "mixed_types", "Column 'v' has 2.5 inside after the first 2"),
        ([{"v": [{"a": [1]}]}] * 3 + [{"v": [{}, {"a": [1, 2e-1]}]}], "mixed_types", "Column 'v' has 0.2 inside after"),
        (
            [{"v": DAY}] * 3 + [{"v": f"{DAY} 10:00:00"}],
            "mixed_types",
            f"Column 'v' has {DAY} 10:00:00 after the first 2",
        ),
        ([{"v": {"d": DAY}}] * 3 + [{"v": {"d": f"{DAY}T00:01"}}], "mixed_types", f"Column 'v' has {DAY}T00:01 inside"),
    ],
)
def test_what_comes_late_is_refused(
    context: Context, load: Load, kind: str, records: list[Any], code: str, message: str
) -> None:
    written(context, kind, records)
    with pytest.raises(NodeError) as error:
        load(source_type=kind, path=f"a.{kind}", sample_size=2)
    assert (error.value.code, error.value.hint) == (code, "sample_size: -1")
    assert error.value.message.startswith(message)
    assert len(load(source_type=kind, path=f"a.{kind}", sample_size=-1).fetchall()) == len(records)


@pytest.mark.parametrize("kind", ["json", "ndjson"])
@pytest.mark.parametrize(
    ("records", "rows"),
    [
        ([{"v": 1, "w": 2}] * 3 + [{"w": 2, "v": 2.0}], [(1, 2)] * 3 + [(2, 2)]),
        ([{"v": 1, "w": 2}] * 3 + [{}], [(1, 2)] * 3 + [(None, None)]),
        ([{"v": DAY}] * 3 + [{"v": f"{DAY}T00:00:00"}], [(dt.date(2013, 1, 2),)] * 4),
        ([{"v": {"a": [1]}}] * 3 + [{"v": {"a": [2.0, None]}}], [({"a": [1]},)] * 3 + [({"a": [2, None]},)]),
        ([{"v": {"a": 1}}] * 3 + [{"v": None}], [({"a": 1},)] * 3 + [(None,)]),
        ([{"v": [{"a": {"b": 1}}]}] * 3 + [{"v": []}], [([{"a": {"b": 1}}],)] * 3 + [([],)]),
    ],
)
def test_what_fits_is_read(context: Context, load: Load, kind: str, records: list[Any], rows: list[Any]) -> None:
    written(context, kind, records)
    assert load(source_type=kind, path=f"a.{kind}", sample_size=2).fetchall() == rows


@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_objects_without_keys(context: Context, load: Load, design: Context, kind: str) -> None:
    written(context, kind, [{}])
    for each in (context, design):
        with pytest.raises(NodeError, match="its objects have no keys, and so it has no columns") as error:
            DataLoader.configure({"source_type": kind, "path": f"a.{kind}"}).call({}, each)
        assert (error.value.code, error.value.hint) == ("no_table", "types: names and types of the columns")
    assert load(source_type=kind, path=f"a.{kind}", types={"a": "BIGINT"}).fetchall() == [(None,)]


@pytest.mark.parametrize("kind", ["json", "ndjson", "xml"])
def test_a_sample_of_nothing(kind: str) -> None:
    with pytest.raises(ValidationError, match="0 records say nothing about the columns") as error:
        DataLoader.configure({"source_type": kind, "path": f"a.{kind}", "sample_size": 0})
    assert error.value.errors()[0]["loc"] == ("sample_size",)


NUMBERS = [
    ([12345678901234567890123, 1], "DECIMAL(38,0)"),
    ([12345678901234567890123456789012345678, -1], "DECIMAL(38,0)"),
    ([18446744073709551615, -1], "DECIMAL(38,0)"),
    ([123456789012345678901234567890123456789, 1], "VARCHAR"),
    ([9223372036854775807, -9223372036854775808], "BIGINT"),
    ([12345678901234567890123, 1.5], "DOUBLE"),
]


@pytest.mark.parametrize("kind", ["json", "ndjson", "xml", "yaml"])
@pytest.mark.parametrize(("numbers", "wanted"), NUMBERS)
def test_whole_numbers_keep_their_digits(
    context: Context, load: Load, kind: str, numbers: list[Any], wanted: str
) -> None:
    written(context, "json" if kind == "json" else "ndjson", [{"v": each} for each in numbers])
    texts = {
        "xml": f"<r>{''.join(f'<x><v>{each}</v></x>' for each in numbers)}</r>",
        "yaml": "".join(f"- v: {each}\n" for each in numbers),
    }
    if kind in texts:
        (context.root / f"a.{kind}").write_text(texts[kind])
    found = load(source_type=kind, path=f"a.{kind}")
    assert found.types == [wanted]
    if wanted != "DOUBLE":
        assert [str(value) for (value,) in found.fetchall()] == [str(each) for each in numbers]


def test_a_late_fraction_in_text_is_refused(context: Context) -> None:
    (context.root / "a.xml").write_text("<r><x><v>1</v></x><x><v>2.0</v></x><x><v>1.5</v></x></r>")
    (context.root / "a.fwf").write_text("  1\n2.0\n1.5\n")
    fields = {"fields": [{"name": "v", "width": 3, "type": "BIGINT"}]}
    for config in ({"source_type": "xml", "path": "a.xml", "sample_size": 1}, {"path": "a.fwf", **fields}):
        with pytest.raises(NodeError, match=r"row 3, column 'v': '1\.5' is not BIGINT") as error:
            DataLoader.configure({"source_type": "fixed_width", **config}).call({}, context)
        assert error.value.code == "invalid_value"
