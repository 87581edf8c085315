"""Signing in and out."""

from math import ceil

import structlog
from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import BooleanField, EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired

from dashboard.audit.entries import Action, record
from dashboard.auth.sign_in import SignInTry, check_password, look_up, settle
from dashboard.extensions import transaction
from dashboard.models.user import User
from dashboard.web.forms import text
from dashboard.web.guard import public
from dashboard.web.safe_next import safe_next
from dashboard.web.security import client_address

bp = Blueprint("login", __name__)

log = structlog.get_logger("jobengine.auth")

HOME = "/"
WRONG = "E-mail and password do not match an active account."


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """E-mail, password, and where to go afterwards."""

    email = EmailField("E-mail", [InputRequired("Enter your e-mail.")])
    password = PasswordField("Password", [InputRequired("Enter your password.")])
    remember = BooleanField("Keep me signed in for 14 days")
    next = HiddenField()


@bp.get("/login")
@public
def form() -> ResponseReturnValue:
    target = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or HOME, 303)
    return render_template("login/form.html", form=SignInForm(next=target), target=target)


@bp.post("/login")
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    target = safe_next(form.next.data or request.args.get("next"))
    if not form.validate():
        return answer(form, target)
    with transaction() as tx:
        a_try = look_up(tx, text(form.email), client_address())
    # A right password is not looked at while the wait lasts: the answer would tell that it is.
    kept = check_password(a_try, text(form.password)) if not a_try.wait else None
    with transaction() as tx:
        user = settle(tx, a_try, kept) if not a_try.wait else None
        audit(tx, a_try, user)
    if user is None:
        return refuse(form, target, a_try.wait)
    start_session(user, remember=form.remember.data)
    return redirect(target or HOME, 303)


@bp.post("/logout")
@public
def sign_out() -> ResponseReturnValue:
    if current_user.is_authenticated:
        with transaction() as tx:
            record(tx, current_user, Action.SIGN_OUT, "user", current_user.id, client_address())
    logout_user()
    session.clear()
    return redirect(url_for("login.form"), 303)


def start_session(user: User, *, remember: bool) -> None:
    """Nothing of the session from before survives: no CSRF token planted by somebody else."""
    session.clear()
    login_user(user)
    session.permanent = remember


def audit(tx: Session, a_try: SignInTry, user: User | None) -> None:
    if user is not None:
        log.debug(Action.SIGN_IN, email=a_try.email, address=a_try.address)
        record(tx, user, Action.SIGN_IN, "user", user.id, a_try.address)
        return
    action = Action.SIGN_IN_THROTTLED if a_try.wait else Action.SIGN_IN_FAILED
    record(tx, a_try.email, action, "user", a_try.user_id or "", a_try.address)
    log.info(action, email=a_try.email, address=a_try.address)


def refuse(form: SignInForm, target: str | None, wait: int) -> ResponseReturnValue:
    if not wait:
        form.form_errors.append(WRONG)
        return answer(form, target)
    minutes = ceil(wait / 60)
    form.form_errors.append(
        "Too many wrong passwords. Sign-in is closed for this e-mail or address, for the right"
        f" password too. Try again in {minutes} minute{'s' if minutes > 1 else ''}."
    )
    response = answer(form, target, 429)
    response.headers["Retry-After"] = str(wait)
    return response


def answer(form: SignInForm, target: str | None, status: int = 422) -> Response:
    return make_response(render_template("login/form.html", form=form, target=target), status)
