from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter

Load = Callable[..., Relation]


@pytest.mark.parametrize(
    ("options", "where", "text"),
    [
        ({"delimiter": '"'}, "delimiter", "has the quote \" in it"),
        ({"delimiter": "x'", "quote": "'"}, "delimiter", "has the quote ' in it"),
        ({"delimiter": ";", "escape": ";"}, "delimiter", "has the escape ; in it"),
        ({"delimiter": "\n"}, "delimiter", "A line end cannot be the delimiter"),
        ({"delimiter": "a\r"}, "delimiter", "A line end cannot be the delimiter"),
        ({"quote": "\n"}, "quote", "A line end cannot be the quote"),
        ({"escape": "\r"}, "escape", "A line end cannot be the escape"),
        ({"quote": "é"}, "quote", "'é' cannot be the quote"),
        ({"delimiter": "ééé"}, "delimiter", "'ééé' cannot be the delimiter"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_marks_that_cannot_be_told_apart(options: dict[str, Any], where: str, text: str, kind: str) -> None:
    for op, chooser in ((DataLoader, "source_type"), (DataWriter, "target_type")):
        with pytest.raises(ValidationError) as error:
            op.configure({chooser: kind, "path": f"a.{kind}", **options})
        (found,) = error.value.errors()
        assert found["loc"] == (where,)
        assert text in found["msg"]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"thousands_separator": "."}, "decimal separator"),
        ({"thousands_separator": ",", "delimiter": ","}, "delimiter"),
        ({"thousands_separator": "'", "quote": "'"}, "quote"),
    ],
)
def test_marks_of_numbers_that_cannot_be_told_apart(options: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=f"is the {what}: choose another one") as error:
        DataLoader.configure({"source_type": "csv", "path": "a.csv", **options})
    assert error.value.errors()[0]["loc"] == ("thousands_separator",)


@pytest.mark.parametrize(
    ("null", "options", "text"),
    [
        (";", {"delimiter": ";"}, "';' cannot mean null: it has ; in it, which ends a field."),
        ('"', {}, "cannot mean null"),
        ("\\N", {"escape": "\\"}, "cannot mean null"),
        ("a\nb", {}, "it has a line end in it"),
    ],
)
def test_a_null_that_ends_a_field(null: str, options: dict[str, Any], text: str) -> None:
    settings = {"path": "a.csv", **options}
    with pytest.raises(ValidationError) as error:
        DataWriter.configure({"target_type": "csv", "null_value": null, **settings})
    assert error.value.errors()[0]["loc"] == ("null_value",)
    assert text in error.value.errors()[0]["msg"]
    with pytest.raises(ValidationError) as error:
        DataLoader.configure({"source_type": "csv", "null_values": ["NA", null], **settings})
    assert error.value.errors()[0]["loc"] == ("null_values", 1)


@pytest.mark.parametrize(
    ("content", "options"),
    [("a-b\n1-2\n", {"delimiter": "-"}), ("a/b\n1/2\n", {"delimiter": "/"}), ("a,b\n1,2\n", {"escape": "\\"})],
)
def test_marks_that_are_in_words_for_null(context: Context, load: Load, content: str, options: dict[str, Any]) -> None:
    (context.root / "a.csv").write_text(content)
    assert load(source_type="csv", path="a.csv", **options).fetchall() == [(1, 2)]
