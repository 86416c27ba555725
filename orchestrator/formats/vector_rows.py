"""Rows on their way to GDAL."""

from collections.abc import Iterator
from typing import Any

from orchestrator.formats.fine_times import to_milliseconds
from orchestrator.formats.systems import WGS_84, same
from orchestrator.formats.vector_values import check_numbers, check_places, check_values, shapes_of


class Rows:
    """Batches of Arrow that are checked and counted as they are asked for; their times have milliseconds.

    `failed` is what their own query raised. With `numbers` all coordinates must be some, with `degrees` longitude and
    latitude; those of another system than WGS 84, which GDAL transforms, are looked at where it failed.
    """

    def __init__(
        self, batches: Iterator[Any], geometry: str | None, crs: str | None, *, degrees: bool, numbers: bool
    ) -> None:
        self.count = 0
        self.failed: Exception | None = None
        self._batches, self._geometry, self._degrees = batches, geometry, degrees
        self._crs = None if crs is None or same(crs, WGS_84) else crs
        self._at_once = numbers or (degrees and self._crs is None)
        self._last: Any = None

    def __iter__(self) -> Iterator[Any]:
        try:
            for batch in self._batches:
                check_values(batch)
                self._last = batch.column(self._geometry) if self._geometry else None
                if self._at_once:
                    self.check_last(self.count)
                self.count += batch.num_rows
                yield to_milliseconds(batch)
        except Exception as error:
            self.failed = error
            raise

    def check_last(self, before: int | None = None) -> None:
        """Refuse what is no number or no place in the batch that was last, which came after so many rows.

        Raises:
            NodeError: `invalid_geometry`, with the row.
        """
        if self._last is not None:
            shapes = shapes_of(self._last)
            start = self.count - len(shapes) if before is None else before
            if self._degrees:
                check_places(shapes, start, self._crs)
            check_numbers(shapes, start)
