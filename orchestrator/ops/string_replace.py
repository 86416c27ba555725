"""`string_replace`: FME's StringReplacer."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from orchestrator.ops._regex import check
from orchestrator.ops._texts import Texts
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import invalid
from orchestrator.sql import literal


class StringReplace(Texts, Op):
    r"""Replace a piece of text wherever it stands, or whatever a regular expression matches.

    Regular expressions are RE2's; in `replace`, `\1` is what the first group matched and `\0` the whole. Matches are
    found from the left and do not overlap. Letters must agree in case unless `ignore_case` is set. Null stays null.
    """

    category: ClassVar[str] = "Text"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"], "find": "north", "replace": "N"}

    find: str = Field(min_length=1, max_length=10_000, description="What to look for.", examples=["-"])
    replace: str = Field(
        "", max_length=10_000, description="What to put in its place; empty removes it.", examples=["N"]
    )
    mode: Literal["plain", "regex"] = Field("plain", description="Whether `find` is a regular expression.")
    ignore_case: bool = Field(False, description="Whether capital and small letters are the same.")
    no_match: Literal["keep", "null", "value"] = Field(
        "keep", description="What a text becomes in which nothing is found: it stays, null, or `no_match_value`."
    )
    no_match_value: str | None = Field(None, description="The text for `no_match: value`.", examples=["unknown"])

    @model_validator(mode="after")
    def _sound(self) -> "StringReplace":
        if (self.no_match == "value") != (self.no_match_value is not None):
            raise invalid("'no_match: value' and 'no_match_value' need each other.", "no_match_value")
        if self.mode == "regex":
            check(self.find, "", "find")
            check(self.find, self.replace, "replace")
        return self

    def run(self, table: Annotated[Relation, "The rows with the text."]) -> Relation:
        """A plain text that must agree in case needs no regular expression."""
        return self.changed(table, self._value)

    def _value(self, column: str) -> str:
        plain = self.mode == "plain"
        find, replace = literal(self.find), literal(self.replace)
        if plain and not self.ignore_case:
            made, found = f"replace({column}, {find}, {replace})", f"contains({column}, {find})"
        else:
            find = literal(re.escape(self.find)) if plain else find
            replace = literal(self.replace.replace("\\", "\\\\")) if plain else replace
            case = "i" if self.ignore_case else "c"
            made = f"regexp_replace({column}, {find}, {replace}, 'g{case}')"
            found = f"regexp_matches({column}, {find}, '{case}')"
        if self.no_match == "keep":
            return made
        otherwise = "NULL" if self.no_match_value is None else literal(self.no_match_value)
        return f"CASE WHEN {found} THEN {made} WHEN {column} IS NOT NULL THEN {otherwise} END"
