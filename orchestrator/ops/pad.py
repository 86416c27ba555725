"""`pad`: FME's StringPadder."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.ops._texts import Texts
from orchestrator.ops.base import Op, Relation
from orchestrator.sql import literal


class Pad(Texts, Op):
    """Make text as wide as `width` by putting a character before or behind it as often as needed.

    The width counts characters. A text as wide already stays as it is: nothing is cut off. An empty text becomes all
    padding, null stays null. A number must be made text first, as by `cast`.
    """

    category: ClassVar[str] = "Text"
    example: ClassVar[dict[str, Any]] = {"columns": ["region"], "width": 8}

    width: int = Field(ge=1, le=10_000, description="How many characters the text shall have.", examples=[8])
    side: Literal["left", "right"] = Field("left", description="Where to put the characters.")
    character: str = Field(" ", min_length=1, max_length=1, description="What to put there.", examples=["0"])

    def run(self, table: Annotated[Relation, "The rows with the text."]) -> Relation:
        """As SQL's own functions, which would cut."""
        function = "lpad" if self.side == "left" else "rpad"
        width, character = self.width, literal(self.character)
        return self.changed(
            table, lambda text: f"{function}({text}, greatest({width}, length({text}))::INTEGER, {character})"
        )
