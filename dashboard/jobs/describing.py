"""Errors in words for people, and when to try again after them."""

import sqlite3
from datetime import timedelta

import psycopg
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from dashboard.errors import JobEngineError

ATTEMPTS = 3
PATIENT_ATTEMPTS = 8
FIRST_GAP = timedelta(seconds=1)


def backoff(attempt: int) -> timedelta:
    return FIRST_GAP * 4 ** (attempt - 1) if attempt < 4 else timedelta(seconds=60)


def unavailable(error: BaseException) -> bool:
    """Worth waiting for? SQLite calls a missing table or column operational too: it is not."""
    if isinstance(error, psycopg.OperationalError | sqlite3.OperationalError):
        return getattr(error, "sqlite_errorname", "") != "SQLITE_ERROR"
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR"


def describe(error: BaseException) -> str:
    """A sentence for people; never a traceback, a path or SQL (I11)."""
    if isinstance(error, JobEngineError):
        return error.message
    if unavailable(error):
        return "The database did not answer. Nothing of this chunk was written."
    if isinstance(error, SQLAlchemyError | psycopg.Error | sqlite3.Error):
        return (
            f"The database refused the chunk ({type(error).__name__}). Nothing of it was written."
        )
    said = error.strerror if isinstance(error, OSError) else str(error)
    return (
        f"The job type's code raised {type(error).__name__}: {printable(str(said))[:300]}."
        " Nothing of this chunk was written."
    )


def printable(text: str) -> str:
    """What PostgreSQL can keep: an error that cannot be written down would come back for ever."""
    return text.replace("\0", "\u2400").encode("utf-8", "replace").decode()


def describe_hook(error: Exception) -> str:
    """The `after` hook runs when all is written: say so."""
    what = error.message if isinstance(error, JobEngineError) else type(error).__name__
    return f"All chunks are settled, but the type's after hook raised {what}. Retry runs it again."
