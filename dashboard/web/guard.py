"""Who may open which page: every view names its permission or says it is public.

Addresses under /api are judged by dashboard/api/guard.py instead; their views are marked alike.
"""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from htmx_flask import make_response
from htmx_flask import request as htmx_request

from dashboard.auth.accounts import signed_in_user
from dashboard.auth.guards import PUBLIC, mark_of, public, requires, under_api
from dashboard.auth.permissions import Permission, may
from dashboard.errors import ConfigurationError, Forbidden, JobEngineError
from dashboard.extensions import db, login_manager
from dashboard.models.user import User
from dashboard.web.errors import wants_json
from dashboard.web.safe_next import safe_next

__all__ = ["public", "requires"]

READING = ("GET", "HEAD", "OPTIONS")
# A form without a file. Only who may run jobs may send more (security.py sets the upload limit).
FORM_BYTES = 1024 * 1024


class SignInNeeded(JobEngineError):
    """Asked by a script on behalf of nobody."""

    code = "sign_in_needed"
    status = 401


def guard_of(app: Flask, endpoint: str | None) -> Permission | str | None:
    """The permission a route asks for, PUBLIC, or None when the view is not marked."""
    if endpoint == "static":
        return PUBLIC
    return mark_of(app.view_functions.get(endpoint or ""))


def check_guards(app: Flask) -> None:
    """At start-up: every route has a guard."""
    for rule in app.url_map.iter_rules():
        if guard_of(app, rule.endpoint) is None:
            raise ConfigurationError(
                f"Route {rule.rule} ({rule.endpoint}) has no guard. Put @requires(Permission.…) or"
                " @public between its route decorator and the view.",
                code="route_unguarded",
            )


def check_request() -> ResponseReturnValue | None:
    """Before every request for a page, and before its body is read."""
    if under_api(request.path):
        return None
    guard = guard_of(current_app, request.endpoint)
    if guard != Permission.JOBS_RUN:
        request.max_content_length = min(FORM_BYTES, current_app.config["MAX_CONTENT_LENGTH"])
    if guard is None or guard == PUBLIC:
        return None
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if not may(current_user, Permission(guard)):
        raise Forbidden("Your role does not allow this. An admin can change it under Users.")
    return None


def ask_to_sign_in() -> ResponseReturnValue:
    """A redirect. A script would take its target for the answer, so it gets 401: htmx then goes
    there itself, the upload reloads its page."""
    if wants_json():
        raise SignInNeeded("Your session has ended. Sign in again.")
    if htmx_request.htmx:
        page = urlsplit(htmx_request.htmx.current_url or "")
        target = safe_next(f"{page.path}?{page.query}" if page.query else page.path)
        refusal: Response = make_response("", 401, redirect=url_for("login.form", next=target))
        return refusal
    target = safe_next(request.full_path.rstrip("?")) if request.method in READING else None
    return redirect(url_for("login.form", next=target), 303)


def load_user(session_id: str) -> User | None:
    """Read in a short transaction of its own: a request that writes would otherwise hold SQLite's
    write lock while its body is still being uploaded."""
    session = db.session()
    if session.in_transaction():
        return signed_in_user(session, session_id)
    session.connection(execution_options={"sqlite_begin": "DEFERRED"})
    user = signed_in_user(session, session_id)
    if user is not None:
        session.expunge(user)
    if request.method not in READING:
        session.rollback()
    return user


def can(permission: str) -> bool:
    """For templates: may the person looking at this page do that?"""
    return bool(current_user.is_authenticated) and may(current_user, Permission(permission))


def init_guard(app: Flask) -> None:
    """Before CSRF protection is added, whose check reads the request's body."""
    login_manager.init_app(app)
    login_manager.user_loader(load_user)
    # Tied to the browser string and address, sessions of people who change networks would end in
    # mid-upload. Theft is met by HttpOnly, SameSite, Secure and the epoch in the session instead.
    login_manager.session_protection = None
    app.before_request(check_request)
    app.jinja_env.globals["can"] = can
