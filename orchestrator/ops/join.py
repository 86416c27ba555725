"""`join`: FME's FeatureJoiner."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import NodeError
from orchestrator.ops._equal_keys import Pairs
from orchestrator.ops._types import NULL, family, plain
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import column_of
from orchestrator.sql import names


class Key(BaseModel):
    """A pair of columns that must be equal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: column_of("left") = Field(description="Column of the left table.", examples=["carrier"])  # type: ignore[valid-type]
    right: column_of("right") = Field(description="Column of the right table.", examples=["code"])  # type: ignore[valid-type]


class Joined(NamedTuple):
    """What was found, and what was not."""

    joined: Annotated[Relation, "The rows of the join."]
    left_only: Annotated[Relation, "Left rows without a partner, whatever `how` is."]
    right_only: Annotated[Relation, "Right rows without a partner, whatever `how` is."]


class Join(Op):
    """Bring two tables together where their keys are equal.

    One row comes out for every pair. Null is equal to nothing. The keys come out once, under their left names; other
    columns of the right table whose name is taken get the suffix. `semi` gives the left rows that have a partner,
    `anti` those that have none. Rows come in the order of the left table, then of the right.
    """

    category: ClassVar[str] = "Join"
    named_only: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"how": "left", "keys": [{"left": "region", "right": "region"}]}

    how: Literal["inner", "left", "right", "full", "semi", "anti"] = Field("inner", description="Which rows to give.")
    keys: list[Key] = Field(
        min_length=1, description="What must be equal.", examples=[[{"left": "carrier", "right": "code"}]]
    )
    suffix: str = Field("_right", min_length=1, max_length=100, description="For names that both tables have.")

    def run(
        self,
        left: Annotated[Relation, "The left table."],
        right: Annotated[Relation, "The right table."],
        context: Context,
    ) -> Joined:
        """Each port is a query of its own; one that nobody uses costs nothing."""
        self._check(left, right)
        keys = tuple((key.left, key.right) for key in self.keys)
        alone = self.how in ("semi", "anti")
        if context.design:
            both = Pairs(context.session, left, right, keys, keep_order=False)
            return Joined(left if alone else both.joined(self.how, self.suffix), left, right)
        pairs = Pairs(context.session, left, right, keys, context.keep_order)
        turned = Pairs(
            context.session, right, left, tuple((key.right, key.left) for key in self.keys), context.keep_order
        )
        if "joined" in context.unused:
            joined = left
        elif alone:
            joined = pairs.lonely("EXISTS" if self.how == "semi" else "NOT EXISTS")
        else:
            joined = pairs.joined(self.how, self.suffix)
        unused = context.unused
        return Joined(
            joined,
            left if "left_only" in unused else pairs.lonely(),
            right if "right_only" in unused else turned.lonely(),
        )

    def _check(self, left: Relation, right: Relation) -> None:
        for index, key in enumerate(self.keys):
            kinds = names(left)[key.left], names(right)[key.right]
            families = {family(kind) for kind in kinds}
            if families == {"geometry"}:
                message = f"'{key.left}' is a geometry: use spatial_join to join by place."
                raise NodeError(message, code="type_mismatch", path=f"/config/keys/{index}/left")
            if len(families) > 1 and NULL not in families:
                message = (
                    f"'{key.left}' is {plain(kinds[0])} and '{key.right}' is {plain(kinds[1])}: they cannot be equal. "
                    "Convert one of them first."
                )
                raise NodeError(message, code="type_mismatch", path=f"/config/keys/{index}")
