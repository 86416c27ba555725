"""What Pydantic refuses is told in JSON's words, with the name of the value."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestrator.rules import rule, rule_of


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)

    n: int = Field(1, ge=0, le=9)
    x: float = Field(1.0, gt=0, lt=1, allow_inf_nan=False)
    on: bool = True
    text: str = Field("a", min_length=1, max_length=3, pattern="^a*$")
    long: str = Field("abc", min_length=2)
    mode: Literal["all", "any"] = "all"
    names: list[str] = Field(["a"], min_length=1, max_length=2)
    two: Annotated[tuple[str, ...], Field(min_length=2)] = ("a", "b")
    map: dict[str, str] = {}
    own: str = ""

    @field_validator("own")
    @classmethod
    def _own(cls, value: str) -> str:
        raise ValueError(f"{value!r} is a bad idea.")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("n", "x", "it must be a whole number"),
        ("n", 1.5, "it must be a whole number"),
        ("n", [], "it must be a whole number"),
        ("n", "9" * 5000, "it has too many digits"),
        ("n", -1, "it must be 0 or more"),
        ("n", 10, "it must be 9 or less"),
        ("x", "x", "it must be a number"),
        ("x", {}, "it must be a number"),
        ("x", float("inf"), "it must be a finite number"),
        ("x", 0, "it must be more than 0.0"),
        ("x", 1, "it must be less than 1.0"),
        ("on", "maybe", "it must be true or false"),
        ("on", [], "it must be true or false"),
        ("text", 1, "it must be a string"),
        ("text", "", "it must not be empty"),
        ("text", "aaaa", "it must have 3 or fewer characters"),
        ("text", "b", "it must fit the pattern ^a*$"),
        ("long", "a", "it must have 2 or more characters"),
        ("mode", "some", "it must be 'all' or 'any'"),
        ("names", "a", "it must be a list"),
        ("names", [], "it must not be empty"),
        ("names", ["a", "b", "c"], "it must have 2 or fewer entries"),
        ("two", ["a"], "it must have 2 or more entries"),
        ("two", "a", "it must be a list"),
        ("map", [], "it must be an object"),
        ("other", 1, "it is not known here"),
        ("own", "x", "'x' is a bad idea"),
    ],
)
def test_the_rule(name: str, value: Any, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({name: value})
    [error] = caught.value.errors()
    assert rule(error) == said
    named = f"'{name}' {said.removeprefix('it ')}." if said.startswith("it ") else f"{said}."
    assert rule_of(f"'{name}'", error) == named
