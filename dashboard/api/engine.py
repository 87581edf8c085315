"""The job engine of this application, and who is asking, as API views use them."""

from typing import cast

from flask import current_app, g, request

from dashboard.auth.tokens import Bearer
from dashboard.jobs.context import JobContext
from dashboard.settings import Settings


def engine_context() -> JobContext:
    return cast(JobContext, current_app.extensions["jobengine"])


def settings() -> Settings:
    return engine_context().settings


def bearer() -> Bearer:
    """Whoever the guard let in."""
    return cast(Bearer, g.bearer)


def client_address() -> str:
    """The address that asks; behind TRUSTED_PROXIES the one the outermost of them saw."""
    return request.remote_addr or ""
