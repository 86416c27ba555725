"""`trim`: FME's AttributeTrimmer."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._texts import Texts
from orchestrator.ops.base import Op, Relation
from orchestrator.sql import literal

FUNCTIONS = {"both": "trim", "left": "ltrim", "right": "rtrim"}
# What Unicode calls White_Space: among others tab, line feed, and the blank that does not break a line.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"


class Trim(Texts, Op):
    """Remove blanks, or other characters, from the ends of a text.

    Blanks are all of Unicode, among them tab and line feed. A text of nothing else becomes empty. Null stays null.
    """

    category: ClassVar[str] = "Text"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"]}

    side: Literal["both", "left", "right"] = Field("both", description="From which end.")
    characters: str | None = Field(
        None, min_length=1, max_length=1000, description="In place of blanks, any of these characters.", examples=["-_"]
    )

    def run(self, table: Annotated[Relation, "The rows with the text."]) -> Relation:
        """By DuckDB's functions."""
        characters = literal(BLANKS if self.characters is None else self.characters)
        return self.changed(table, lambda column: f"{FUNCTIONS[self.side]}({column}, {characters})")
