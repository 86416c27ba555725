"""`change_case`: FME's StringCaseChanger."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._texts import Texts
from orchestrator.ops.base import Op, Relation
from orchestrator.sql import literal

WORDS = r"[\pL\pM\pN'’]+|[^\pL\pM\pN'’]+"  # and what stands between them


class ChangeCase(Texts, Op):
    """Write text in capital or small letters.

    `title` begins every word with a capital letter, `sentence` the text alone; both make all others small. A word is
    letters, digits and apostrophes: `don't`, `O'neill`. Letters of any script change, one for one: `ß` becomes `ẞ`.
    Null stays null.
    """

    category: ClassVar[str] = "Text"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"], "case": "upper"}

    case: Literal["upper", "lower", "title", "sentence"] = Field(description="How to write it.", examples=["title"])

    def run(self, table: Annotated[Relation, "The rows with the text."]) -> Relation:
        """By DuckDB's functions; words are taken apart and put together again."""
        return self.changed(table, self._value)

    def _value(self, text: str) -> str:
        if self.case in ("upper", "lower"):
            return f"{self.case}({text})"
        if self.case == "sentence":
            return f"upper(({text})[1]) || lower(({text})[2:])"
        words = f"regexp_extract_all(lower({text}), {literal(WORDS)})"
        return f"array_to_string(list_transform({words}, lambda w: upper(w[1]) || w[2:]), '')"
