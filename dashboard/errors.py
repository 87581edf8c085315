"""Every error JobEngine raises on purpose: a stable code, a message for people, an HTTP status."""

from collections.abc import Mapping
from typing import Any


class JobEngineError(Exception):
    """Root of all errors. `permanent` tells a worker whether trying again could help."""

    code = "internal_error"
    status = 500
    permanent = True

    def __init__(
        self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = dict(details or {})


class ConfigurationError(JobEngineError):
    """A setting, job type or listener is wrong; named at start-up."""

    code = "configuration"


class InputRefused(JobEngineError):
    """Something a person sent cannot be used; the message says what to send instead."""

    code = "input_refused"
    status = 422


class FileRefused(InputRefused):
    """A whole file cannot be read; `details` may hold `row` (as a spreadsheet shows it)."""

    code = "file_refused"


class UnknownJobType(InputRefused):
    code = "unknown_job_type"


class NotFound(JobEngineError):
    """Missing, or not this person's: both look the same (I8)."""

    code = "not_found"
    status = 404


class Forbidden(JobEngineError):
    code = "forbidden"
    status = 403


class WrongState(JobEngineError):
    """The object's state does not allow the act."""

    code = "job_state"
    status = 409


class LeaseLost(JobEngineError):
    """Another worker took the chunk over; what this one did must be rolled back."""

    code = "lease_lost"


class RecordsRefused(JobEngineError):
    """The target refused records that passed every check; the chunk was rolled back (I5)."""

    code = "records_refused"
    permanent = False
