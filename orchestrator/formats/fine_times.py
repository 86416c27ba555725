"""Times finer than a format has: they are cut, since one that is rounded may be of another day, or 24:00:00."""

from typing import Any


def to_milliseconds(batch: Any) -> Any:
    """A batch of Arrow whose times have no more than milliseconds, and whole seconds where GDAL takes no others."""
    import pyarrow.types as is_
    from pyarrow import compute

    for place, field in enumerate(batch.schema):
        if is_.is_timestamp(field.type) or is_.is_time64(field.type):
            cut = compute.floor_temporal(batch.column(place), unit="millisecond")
            if is_.is_timestamp(field.type):
                cut = _not_rounded_up(cut)
            batch = batch.set_column(place, field, cut.cast(field.type))
    return batch


def _not_rounded_up(moments: Any) -> Any:
    """GDAL 3.12 takes what is between the last second of a minute and the next, before 1970, for that minute."""
    from pyarrow import compute

    old = compute.less(moments.cast("int64"), 0)
    if not compute.any(old).as_py():
        return moments
    last = compute.equal(compute.second(moments), 59)
    return compute.if_else(compute.and_(old, last), compute.floor_temporal(moments, unit="second"), moments)


def to_microseconds(field: str) -> str:
    """SQL of a column of TIMESTAMP_NS as TIMESTAMP: DuckDB's cast rounds."""
    return f"CASE WHEN isfinite({field}) THEN make_timestamp(epoch_us({field})) ELSE {field}::TIMESTAMP END"
