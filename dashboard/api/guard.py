"""Who may use which part of the API: by bearer alone, never by the session's cookie."""

from flask import current_app, g, request

from dashboard.api.engine import engine_context
from dashboard.api.errors import TooMany, Unauthorized
from dashboard.api.limits import Buckets
from dashboard.auth.guards import PUBLIC, mark_of
from dashboard.auth.jwt_pairs import bearer_of
from dashboard.auth.permissions import Permission, may
from dashboard.auth.tokens import PREFIX, Bearer, find_token, note_use, stale
from dashboard.errors import Forbidden
from dashboard.extensions import db, transaction

# JSON bodies. Only who may run jobs may send more (security.py sets the upload limit).
BODY_BYTES = 1024 * 1024
UPLOADS = "multipart/form-data"


def check_request() -> None:
    """Before every request of the API, and before its body is read."""
    guard = mark_of(current_app.view_functions.get(request.endpoint or ""))
    if guard != Permission.JOBS_RUN or request.mimetype != UPLOADS:
        request.max_content_length = min(BODY_BYTES, current_app.config["MAX_CONTENT_LENGTH"])
    # A preflight carries no token, and Flask answers it without the view.
    if guard == PUBLIC or request.method == "OPTIONS":
        return
    person = g.bearer = authenticate()
    check_pace(person)
    permission = Permission(str(guard))
    if not may(person, permission):
        raise Forbidden("Your role does not allow this. An admin can change it.")
    if not person.may(permission):
        raise Forbidden(
            "The token's scopes do not allow this. Make one with more scopes.", code="scope_missing"
        )


def authenticate() -> Bearer:
    """Raises Unauthorized for a missing or bad token."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise Unauthorized("Send a token: Authorization: Bearer <access or API token>.")
    found = look_up(token)
    if found is None:
        raise Unauthorized(
            "The token is unknown, expired or revoked. Get a new one.", "invalid_token"
        )
    return found


def look_up(token: str) -> Bearer | None:
    """In a short transaction of its own: SQLite's write lock is not held while a body comes in."""
    session = db.session()
    if not session.in_transaction():
        session.connection(execution_options={"sqlite_begin": "DEFERRED"})
    if not token.startswith(PREFIX):
        found = bearer_of(session, engine_context().settings, token)
        late = None
    else:
        row = find_token(session, token)
        found = row and Bearer(row[1], f"token:{row[0].id}", tuple(row[0].scopes))
        late = row[0].id if row and stale(row[0]) else None
    if found is not None:
        session.expunge(found.user)
    session.rollback()
    if late is not None:
        note(late)
    return found


def note(token_id: int) -> None:
    """That a token was used, at most once a minute."""
    db.session().connection(execution_options={"sqlite_begin": "IMMEDIATE"})
    with transaction() as tx:
        note_use(tx, token_id)


def check_pace(person: Bearer) -> None:
    buckets: Buckets = current_app.extensions["jobengine_buckets"]
    wait = buckets.take(person.key)
    if wait:
        raise TooMany(
            f"This token has made more than {buckets.per_minute} requests in a minute."
            f" Try again in {wait} s.",
            wait,
        )
