"""How many records of a file decide on its columns."""

from typing import Annotated

from pydantic import AfterValidator


def _some(number: int) -> int:
    if number == 0:
        raise ValueError("0 records say nothing about the columns; -1 is for all of them")
    return number


SampleSize = Annotated[int, AfterValidator(_some)]
