"""Logs of the processes: JSON lines, or text on a terminal."""

import sys
from typing import Any

import structlog


def configure_logs() -> None:
    """Send structlog's lines to stderr. Harmless to call twice."""
    terminal = sys.stderr.isatty()
    last: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
