"""A setting for an extent."""

from typing import Annotated

from pydantic import AfterValidator, Field

from orchestrator.ops.settings import invalid

Finite = Annotated[float, Field(allow_inf_nan=False)]


def _ordered(bounds: list[float]) -> list[float]:
    x_min, y_min, x_max, y_max = bounds
    if x_min >= x_max or y_min >= y_max:
        raise invalid("Bounds are the least x, the least y, the greatest x and the greatest y.")
    return bounds


Bounds = Annotated[list[Finite], Field(min_length=4, max_length=4), AfterValidator(_ordered)]
