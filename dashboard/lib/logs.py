"""Structured logs: JSON lines in production, readable lines in development; secrets masked."""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_KEYS = re.compile(r"password|secret|token|authorization|cookie|api_?key", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@/\s]+@")
MASK = "***"


def configure_logs(level: str, *, json: bool, stream: TextIO | None = None) -> None:
    """Both structlog's loggers and the standard library's end in one handler on stderr."""
    handler = logging.StreamHandler(stream or sys.stderr)
    renderer: Processor = (
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=handler.stream.isatty())
    )
    shared = shared_processors(json)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.name = "jobengine"
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.name == handler.name]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def shared_processors(json: bool) -> list[Processor]:
    steps: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if json:
        steps.append(structlog.processors.format_exc_info)
    return [*steps, mask_secrets]


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Values under a telling key, and passwords inside URLs, never reach a log (I11)."""
    for key, value in event.items():
        event[key] = MASK if SECRET_KEYS.search(key) else masked(value)
    return event


def masked(value: Any) -> Any:
    return URL_PASSWORD.sub(rf"\1:{MASK}@", value) if isinstance(value, str) else value
