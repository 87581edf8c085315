"""The API as one blueprint under /api: its views, its guard, its answers."""

from flask import Blueprint, Flask, request
from flask.json.provider import DefaultJSONProvider

from dashboard.api import (
    downloads,
    failures,
    job_types,
    jobs,
    openapi,
    previews,
    schedules,
    sign_in,
    submitting,
)
from dashboard.api.cors import add_cors
from dashboard.api.guard import check_request
from dashboard.api.limits import Buckets
from dashboard.auth.guards import API_PREFIX
from dashboard.extensions import csrf

VIEWS = (
    sign_in.bp,
    job_types.bp,
    submitting.bp,
    jobs.bp,
    failures.bp,
    downloads.bp,
    schedules.bp,
    previews.bp,
    openapi.bp,
)


class InOrder(DefaultJSONProvider):
    """Keys as they were put: a failed row's cells in the order of the file."""

    sort_keys = False


def make_blueprint() -> Blueprint:
    bp = Blueprint("api", __name__, url_prefix=API_PREFIX)
    for views in VIEWS:
        bp.register_blueprint(views)
    bp.before_request(check_request)
    bp.teardown_request(close_uploads)
    return bp


def close_uploads(_error: BaseException | None) -> None:
    """Their temporary copies go now, not when memory is tidied up."""
    request.close()


bp = make_blueprint()


def init_api(app: Flask) -> None:
    """After the pages' own protections, which have no part in it: no session, so no CSRF."""
    app.extensions["jobengine_buckets"] = Buckets()
    app.json = InOrder(app)
    app.register_blueprint(bp)
    for views in (bp, *VIEWS):
        csrf.exempt(app.blueprints[f"api.{views.name}"] if views is not bp else bp)
    app.after_request(add_cors)
