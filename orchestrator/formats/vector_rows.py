"""Rows on their way to GDAL."""

from collections.abc import Iterator
from typing import Any

from orchestrator.formats.systems import WGS_84, same
from orchestrator.formats.vector_values import check_places, check_values


class Rows:
    """Batches of Arrow that are checked and counted as they are asked for.

    `failed` is what their own query raised. With `places`, the name of a geometry column, its coordinates must be
    longitude and latitude; those of another system than WGS 84, which GDAL transforms, are looked at where it failed.
    """

    def __init__(self, batches: Iterator[Any], places: str | None, crs: str | None) -> None:
        self.count = 0
        self.failed: Exception | None = None
        self._batches, self._places = batches, places
        self._crs = None if crs is None or same(crs, WGS_84) else crs
        self._last: Any = None

    def __iter__(self) -> Iterator[Any]:
        try:
            for batch in self._batches:
                check_values(batch)
                self._last = batch.column(self._places) if self._places else None
                if self._crs is None:
                    self.check_last(self.count)
                self.count += batch.num_rows
                yield batch
        except Exception as error:
            self.failed = error
            raise

    def check_last(self, before: int | None = None) -> None:
        """Refuse what is no place in the batch that was last, which came after so many rows.

        Raises:
            NodeError: `invalid_geometry`, with the row.
        """
        if self._last is not None:
            check_places(self._last, self.count - len(self._last) if before is None else before, self._crs)
