"""Every error becomes an answer here and nowhere else; no traceback, SQL or path in any of them."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from dashboard.auth.guards import under_api
from dashboard.errors import JobEngineError
from dashboard.extensions import db
from dashboard.web.filters import size
from dashboard.web.htmx import is_fragment

log = structlog.get_logger("jobengine.web")

TITLES = {
    400: "This could not be read",
    401: "Sign in first",
    403: "Your role does not allow this",
    404: "There is nothing here",
    405: "This address cannot be used that way",
    409: "That does not fit its state any more",
    413: "The file is larger than allowed",
    422: "That could not be used",
    429: "Too many tries",
    500: "Something went wrong on our side",
}
MESSAGES = {
    400: "The browser sent something this page cannot read. Nothing was changed. Go back and try"
    " again.",
    404: "The address names nothing you can see: it may be mistyped, or belong to somebody else.",
    405: "Nothing was changed. Go back to the page and use its buttons.",
    500: "It has been recorded. Try again in a moment; if it stays, tell an admin the time.",
}
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    500: "internal_error",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error page shows of an error."""

    status: int
    code: str
    message: str


def init_errors(app: Flask, answer_api: Callable[[Exception], Response]) -> None:
    """Pages answer here; what is raised under /api is `answer_api`'s."""

    def handle(error: Exception) -> Response:
        if under_api(request.path):
            return answer_api(error)
        if isinstance(error, JobEngineError):
            return on_known(error)
        return on_http(error) if isinstance(error, HTTPException) else on_unexpected(error)

    for kind in (JobEngineError, HTTPException, Exception):
        app.register_error_handler(kind, handle)


def on_known(error: JobEngineError) -> Response:
    if error.status < 500:
        return answer(Problem(error.status, error.code, error.message))
    log.error("request_failed", code=error.code, path=request.path, exc_info=error)
    return answer(Problem(error.status, error.code, MESSAGES[500]))


def on_http(error: HTTPException) -> Response:
    """Werkzeug's own: unknown address, wrong method, too large, refused by CSRF protection."""
    status = error.code or 500
    if status < 400 or error.response is not None:
        return make_response(error.get_response())
    message = MESSAGES.get(status) or error.description or MESSAGES[500]
    if status == 413:
        message = too_large()
    code = CODES.get(status, f"http_{status}")
    if isinstance(error, CSRFError):
        code = "csrf"
        message = (
            "The form could not be checked: the page was open too long, or you signed in elsewhere."
            " Nothing was changed. Open the page again and send it once more."
        )
    response = answer(Problem(status, code, message))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def too_large() -> str:
    return f"At most {size(request.max_content_length)} can be sent here at once."


def on_unexpected(error: Exception) -> Response:
    log.error("request_crashed", path=request.path, endpoint=request.endpoint, exc_info=error)
    return answer(Problem(500, "internal_error", MESSAGES[500]))


def wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def answer(problem: Problem) -> Response:
    """A page; for htmx a fragment that can stand anywhere; for scripts that ask for it JSON."""
    # What failed may have left a broken transaction behind.
    db.session.rollback()
    if wants_json():
        body = jsonify(code=problem.code, message=problem.message)
        return make_response(body, problem.status)
    html = render_template(
        "errors/_message.html" if is_fragment() else "errors/error.html",
        status=problem.status,
        code=problem.code,
        title=TITLES.get(problem.status, "This did not work"),
        message=problem.message,
    )
    return make_response(html, problem.status)
