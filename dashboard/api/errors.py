"""Every error under /api becomes `{"error": {code, message, details}}` here and nowhere else."""

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from dashboard.errors import JobEngineError
from dashboard.extensions import db

log = structlog.get_logger("jobengine.api")

CODES: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", "There is nothing at this address. See /api/openapi.json."),
    405: ("method_not_allowed", "This address cannot be used that way; see the Allow header."),
    413: ("too_large", "The body is larger than allowed here."),
    500: ("internal_error", "Something went wrong on our side. It has been recorded."),
}


class ApiError(JobEngineError):
    """An error of the request itself; `headers` go with the answer."""

    headers: Mapping[str, str] = {}


class Unauthorized(ApiError):
    """No token, or none that is good. `error` is RFC 6750's word for it."""

    code = "unauthorized"
    status = 401

    def __init__(self, message: str, error: str | None = None) -> None:
        super().__init__(message)
        ending = f', error="{error}"' if error else ""
        self.headers = {"WWW-Authenticate": f'Bearer realm="jobengine"{ending}'}


class TooMany(ApiError):
    """Try again after `wait` seconds."""

    code = "too_many_requests"
    status = 429

    def __init__(self, message: str, wait: int, code: str | None = None) -> None:
        super().__init__(message, code=code, details={"retryAfter": wait})
        self.headers = {"Retry-After": str(wait)}


class WrongContentType(ApiError):
    code = "wrong_content_type"
    status = 415


class BrokenJson(ApiError):
    code = "broken_json"
    status = 400


class KeyInUse(ApiError):
    """An Idempotency-Key that came with another body."""

    code = "idempotency_key"
    status = 409


def answer_error(error: Exception) -> Response:
    """JSON for whatever was raised; no traceback, SQL or path in any of it (I11)."""
    # What failed may have left a broken transaction behind.
    db.session.rollback()
    if isinstance(error, JobEngineError) and error.status < 500:
        headers = error.headers if isinstance(error, ApiError) else {}
        return envelope(error.status, error.code, error.message, error.details, headers)
    if isinstance(error, HTTPException) and (error.code or 500) < 500:
        return of_http(error)
    log.error("request_failed", path=request.path, endpoint=request.endpoint, exc_info=error)
    return envelope(500, *CODES[500])


def of_http(error: HTTPException) -> Response:
    """Werkzeug's own: unknown address, wrong method, too large, unreadable."""
    status = error.code or 500
    if status < 400 or error.response is not None:
        return make_response(error.get_response())
    code, message = CODES.get(status, (f"http_{status}", error.description or CODES[400][1]))
    details: dict[str, Any] = {}
    if status == 413:
        details["limit"] = request.max_content_length
    kept = {n: v for n, v in error.get_headers() if n.lower() in ("allow", "retry-after")}
    return envelope(status, code, message, details, kept)


def envelope(
    status: int,
    code: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = jsonify(error={"code": code, "message": message, "details": dict(details or {})})
    response = make_response(body, status)
    response.headers.update(headers or {})
    return response
