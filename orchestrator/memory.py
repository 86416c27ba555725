"""The end of a process's memory, where DuckDB's own limit does not reach: one value may be of any length."""

from contextlib import suppress
from pathlib import Path

import psutil

CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))

# DuckDB's allocator keeps addresses that it has freed for itself, and they count: after one call that was refused
# there would be none for the others (jemalloc's `opt.retain`; DuckDB reads its variable when it is loaded).
GIVE_BACK = {"DUCKDB_JE_MALLOC_CONF": "retain:false"}


def of_machine() -> int:
    """Bytes that this machine, or the container around this process, has."""
    said = [psutil.virtual_memory().total]
    for file in CGROUPS:
        with suppress(OSError, ValueError):  # no such file, or "max"
            said.append(int(file.read_text()))
    return min(said)


def limit(most: int) -> None:
    """Refuse this process memory beyond `most` bytes from here on: an error in it, in place of the kernel's kill.

    Counted is what the process alone may write to (RLIMIT_DATA, see setrlimit(2)), not the files it has mapped. A limit
    that is lower already stays; where the system knows none, nothing happens.
    """
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        now, hardest = resource.getrlimit(resource.RLIMIT_DATA)
        known = [most, *(each for each in (now, hardest) if each != resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_DATA, (min(known), hardest))
