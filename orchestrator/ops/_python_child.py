"""The process of a `python` node: a fresh interpreter, started with this file and `-I`.

Its orders are a line of JSON on stdin, which stays open: when it closes, whoever started this is gone, and so goes the
whole process group. Tables come and go as Arrow files; the answer, what went wrong or nothing, is a JSON file.
"""

import json
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

NAME = "<code>"


class Wrong(Exception):
    """What the code gives back cannot be used; `kind` says why."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message)
        self.kind = kind


def main() -> None:
    """Do what stdin says, once."""
    orders = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=end_with_parent, daemon=True).start()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    answer: dict[str, Any] = {}
    try:
        work(orders)
    except Wrong as error:
        answer = {"kind": error.kind, "message": str(error)}
    except MemoryError:
        answer = {"kind": "memory"}
    except BaseException as error:
        answer = {"kind": "raised", "type": type(error).__name__, "message": said(error), "line": line_of(error)}
    Path(orders["answer"]).write_text(json.dumps(answer))
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(0)  # threads that the code left behind are not waited for


def end_with_parent() -> None:
    """Wait until nobody holds the other end of stdin."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def work(orders: dict[str, Any]) -> None:
    """The table in, through the user's function, and out.

    Raises Wrong: what comes out is no table; as it is, what the function raises.
    """
    sys.path.insert(0, orders["library"])
    from orchestrator import frames

    sys.path.pop(0)
    import pandas
    import pyarrow

    with pyarrow.memory_map(orders["given"]) as file:
        table = pyarrow.ipc.open_file(file).read_all()
    frame = frames.to_frame(table, orders["geometry"])
    limit_memory(orders["memory_mb"])
    made = called(orders["code"], frame)
    if not isinstance(made, pandas.DataFrame):
        raise Wrong("no_frame", type(made).__name__)
    try:
        out = frames.to_arrow(made)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
        raise Wrong("mixed", str(error)) from None
    with pyarrow.ipc.new_file(orders["made"], out.schema) as writer:
        writer.write_table(out)


def called(code: str, frame: Any) -> Any:
    """What `transform` makes of the table."""
    names: dict[str, Any] = {"__name__": "__transform__"}
    exec(compile(code, NAME, "exec", dont_inherit=True), names)  # noqa: S102 (what the node type is for)
    return names["transform"](frame)


def limit_memory(megabytes: int) -> None:
    """From now on so much more may be asked for than the libraries and the table take; only where /proc tells."""
    import resource

    with suppress(FileNotFoundError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = taken + (megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def said(error: BaseException) -> str:
    """What an error says of itself; one of the user's own class may fail even at that."""
    try:
        return str(error)
    except Exception:
        return ""


def line_of(error: BaseException) -> int | None:
    """The last line of the user's code that an error passed through."""
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == NAME]
    return lines[-1] if lines else getattr(error, "lineno", None)


if __name__ == "__main__":
    main()
