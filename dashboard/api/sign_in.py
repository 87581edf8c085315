"""Access and refresh tokens for an e-mail and a password."""

import structlog
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from dashboard.api.bodies import json_body, no_others, text_of
from dashboard.api.engine import client_address, settings
from dashboard.api.errors import TooMany, Unauthorized
from dashboard.audit.entries import Action, record
from dashboard.auth.guards import public
from dashboard.auth.jwt_pairs import end_family, family_of, issue
from dashboard.auth.jwt_pairs import refresh as refresh_pair
from dashboard.auth.sign_in import SignInTry, check_password, look_up, settle
from dashboard.extensions import transaction
from dashboard.models.user import User

bp = Blueprint("auth", __name__, url_prefix="/auth")

log = structlog.get_logger("jobengine.auth")


@bp.post("/token")
@public
def token() -> ResponseReturnValue:
    body = json_body()
    no_others(body, ("email", "password"))
    email, password = text_of(body, "email"), text_of(body, "password")
    with transaction() as tx:
        a_try = look_up(tx, email, client_address())
    # A right password is not looked at while the wait lasts: the answer would tell that it is.
    kept = check_password(a_try, password) if not a_try.wait else None
    with transaction() as tx:
        user = settle(tx, a_try, kept) if not a_try.wait else None
        audit(tx, a_try, user)
        pair = issue(tx, settings(), user.id) if user is not None else None
    if pair is not None:
        return jsonify(pair.as_json())
    if a_try.wait:
        message = "Too many wrong passwords. Sign-in is closed for this e-mail or address."
        raise TooMany(message, a_try.wait, "too_many_sign_ins")
    raise Unauthorized("E-mail and password do not match an active account.")


@bp.post("/refresh")
@public
def refresh() -> ResponseReturnValue:
    body = json_body()
    no_others(body, ("refresh_token",))
    token = text_of(body, "refresh_token")
    with transaction() as tx:
        pair = refresh_pair(tx, settings(), token)
    if pair is None:
        raise Unauthorized(
            "The refresh token is expired, was used already or has ended. Sign in again.",
            "invalid_token",
        )
    return jsonify(pair.as_json())


@bp.post("/logout")
@public
def logout() -> ResponseReturnValue:
    """Ends the pair of the access token in the header, or of the refresh token in the body."""
    family = next(filter(None, (family_of(settings(), token) for token in offered())), None)
    if family is None:
        raise Unauthorized("Send the access token as Bearer, or {refresh_token}.", "invalid_token")
    with transaction() as tx:
        end_family(tx, family)
    return "", 204


def offered() -> list[str]:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = [token.strip()] if kind.lower() == "bearer" else []
    if request.is_json and request.get_data():
        body = json_body()
        no_others(body, ("refresh_token",))
        if body:
            found.append(text_of(body, "refresh_token"))
    return found


def audit(tx: Session, a_try: SignInTry, user: User | None) -> None:
    if user is not None:
        log.debug(Action.SIGN_IN, email=a_try.email, address=a_try.address)
        record(tx, user, Action.SIGN_IN, "user", user.id, a_try.address, by="api")
        return
    action = Action.SIGN_IN_THROTTLED if a_try.wait else Action.SIGN_IN_FAILED
    record(tx, a_try.email, action, "user", a_try.user_id or "", a_try.address, by="api")
    log.info(action, email=a_try.email, address=a_try.address)
