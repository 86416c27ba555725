"""`substring`: FME's SubstringExtractor."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from orchestrator.ops._texts import Texts
from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import invalid

FAR = 2**31


class Substring(Texts, Op):
    """Keep a part of a text: from one character to another, or so many characters.

    The first character is 1, as in SQL, and `end` is still part of it; -1 is the last one, -2 the one before. A place
    beyond the text is its end, one before the text its beginning; where nothing lies between, an empty text comes out.
    Null stays null.
    """

    category: ClassVar[str] = "Text"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"], "start": 1, "length": 3}

    start: int = Field(1, ge=-FAR, le=FAR, description="The first character to keep.", examples=[-4])
    end: int | None = Field(None, ge=-FAR, le=FAR, description="The last one; without it, the text's.", examples=[-1])
    length: int | None = Field(None, ge=0, le=FAR, description="In place of `end`, how many to keep.", examples=[3])

    @model_validator(mode="after")
    def _places(self) -> "Substring":
        for place in ("start", "end"):
            if getattr(self, place) == 0:
                raise invalid("There is no character 0: the first one is 1, the last one -1.", place)
        if self.end is not None and self.length is not None:
            raise invalid("Give either 'end' or 'length'.", "length")
        return self

    def run(self, table: Annotated[Relation, "The rows with the text."]) -> Relation:
        """A slice of each text."""
        return self.changed(table, self.sql)

    def sql(self, text: str) -> str:
        """The part of this text."""
        return f"array_slice({text}, {self.start}, {self._end()})"

    def _end(self) -> int:
        if self.length is None:
            return FAR if self.end is None else self.end
        end = self.start + self.length - 1
        return end if (self.start < 0) == (end < 0) else FAR
