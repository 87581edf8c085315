"""The audit log, newest first, for admins."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.audit.entries import newest
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import LARGEST_ID
from dashboard.extensions import db
from dashboard.web.guard import requires

bp = Blueprint("audit", __name__, url_prefix="/settings/audit")

PAGE = 50


@bp.get("")
@requires(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before <= LARGEST_ID:
        before = None
    entries = newest(db.session(), before=before, limit=PAGE + 1)
    older = url_for("audit.index", before=entries[PAGE - 1].id) if len(entries) > PAGE else None
    return render_template(
        "audit/index.html", entries=entries[:PAGE], older=older, first=before is None
    )
