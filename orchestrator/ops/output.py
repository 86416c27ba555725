"""`output`: rows that the API hands back under a name."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from orchestrator.ops.base import Op, Relation
from orchestrator.ops.settings import Bound, invalid


def _fixed(value: Any) -> Any:
    if isinstance(value, Bound):
        raise invalid("An output's name cannot hold a parameter: whoever asks for it names it.")
    return value


Name = Annotated[
    str,
    BeforeValidator(_fixed),
    Field(min_length=1, max_length=200),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200}),
]


class Output(Op):
    """Name the rows as a result of the workflow, and hand them on.

    They are at `GET /api/executions/{id}/outputs/{name}`, and are stored in a fused run (`cache: false`) too. No two
    outputs of a workflow have the same name.
    """

    category: ClassVar[str] = "Flow"
    sink: ClassVar[bool] = True
    example: ClassVar[dict[str, Any]] = {"name": "late_flights"}
    stored: ClassVar[bool] = True

    name: Name = Field(description="Name of the result.", examples=["late_flights"])

    def run(self, table: Annotated[Relation, "The rows of the result."]) -> Relation:
        """They are stored where every port's rows are."""
        return table
