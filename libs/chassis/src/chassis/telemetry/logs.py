"""Structured logs: JSON lines for machines, readable lines on a terminal."""

import sys
from typing import Any, TextIO

import structlog

log: Any = structlog.get_logger("banyan")


def configure_logs(*, human: bool, output: TextIO = sys.stderr) -> None:
    """Choose how log lines look."""
    renderer = (
        structlog.dev.ConsoleRenderer(colors=output.isatty())
        if human
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
