"""Why a report could not be made, in words for people: never a traceback, a path or a secret."""

import re
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from dashboard.errors import InputRefused

MOST_CHARACTERS = 500
URL = re.compile(r"\b[a-z0-9+]+://\S+", re.I)
SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PROTOCOL")
NOT_AUTHORIZED = ("SQLITE_AUTH", "SQLITE_READONLY")
READ_ONLY, STATEMENT_TIMEOUT, SYNTAX = "25006", "57014", "42601"
# Connection lost or refused, too many of them, the server is starting or stopping.
AWAY = re.compile(r"08...|53...|57P..", re.A)


class TargetAway(ConnectionError):
    """The database does not answer: the engine tries the report again."""


class ReportRefused(InputRefused):
    """The report itself cannot be made so; trying again would not help."""

    code = "report_failed"


def too_slow(seconds: float) -> ReportRefused:
    return ReportRefused(
        f"The report took longer than its limit of {seconds:g} s and was stopped. Narrow its"
        " parameters, or ask an engineer to raise its timeout.",
        code="report_too_slow",
    )


def too_large(memory: int) -> ReportRefused:
    return ReportRefused(
        f"The report needed more memory than its limit of {memory >> 20:,} MB and was stopped."
        " Narrow its parameters, or ask an engineer to raise its memory.",
        code="report_memory",
    )


def died() -> ReportRefused:
    return ReportRefused(
        "The process that made the report ended without a result. The log of the worker says more.",
        code="report_died",
    )


def writes() -> ReportRefused:
    return ReportRefused(
        "The report tries to change the database. Nothing was changed: a report may only read.",
        code="report_writes",
    )


def several_statements() -> ReportRefused:
    return ReportRefused(
        "The SQL of the report is more than one statement. Keep one that reads.",
        code="report_statements",
    )


def code_error(error: BaseException) -> ReportRefused:
    """Of the report's own method."""
    said = printable(f"{type(error).__name__}: {error}")
    return ReportRefused(f"The code of the report raised {said}", code="report_code")


def database_error(error: DBAPIError, line: int | None = None) -> Exception:
    """What the database said, as one of ours; TargetAway when it did not answer at all."""
    original: Any = error.orig
    state = getattr(original, "sqlstate", None) or ""
    name, said = getattr(original, "sqlite_errorname", ""), str(original)
    if state == READ_ONLY or name in NOT_AUTHORIZED or said == "not authorized":
        return writes()
    if "one statement at a time" in said or "multiple commands" in said:
        return several_statements()
    if AWAY.fullmatch(state) or error.connection_invalidated or unconnected(original, state, name):
        return TargetAway("The database did not answer.")
    where = f" (line {line} of the SQL)" if line else ""
    message = printable(primary(original)).rstrip(".")
    return ReportRefused(f"The database refused the report: {message}{where}.", code="report_sql")


def unconnected(original: Any, state: str, name: str) -> bool:
    """The file cannot be used now, or no server told this."""
    return name.startswith(SQLITE_AWAY) or (
        isinstance(original, psycopg.OperationalError) and not state
    )


def is_timeout(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return (
        state == STATEMENT_TIMEOUT
        or getattr(error.orig, "sqlite_errorname", "") == "SQLITE_INTERRUPT"
    )


def primary(original: Any) -> str:
    """Its first message, without the excerpt of the statement (which may hold values)."""
    diagnosis = getattr(original, "diag", None)
    return str(getattr(diagnosis, "message_primary", None) or str(original).partition("\n")[0])


def printable(text: str) -> str:
    """One line without addresses (they may hold passwords), of a length a page can show."""
    return URL.sub("…", " ".join(text.split()))[:MOST_CHARACTERS]
