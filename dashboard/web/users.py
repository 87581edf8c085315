"""Users: listed, added, changed, disabled and given new passwords by admins."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import EmailField, RadioField, StringField
from wtforms.validators import InputRequired, Length, Optional

from dashboard.audit.entries import Action, record
from dashboard.auth.accounts import (
    LONGEST_NAME,
    change_user,
    create_user,
    disable_user,
    enable_user,
    find_user,
    set_password,
)
from dashboard.auth.emails import LONGEST as LONGEST_EMAIL
from dashboard.auth.passwords import SHORTEST, make_password
from dashboard.auth.permissions import Permission
from dashboard.errors import InputRefused, JobEngineError, WrongState
from dashboard.extensions import db, transaction
from dashboard.models.user import Role, User
from dashboard.web.forms import show_refusal, text
from dashboard.web.guard import requires
from dashboard.web.security import client_address

bp = Blueprint("users", __name__, url_prefix="/settings/users")

ROLE_WORDS = {
    Role.STAFF: "Staff: runs jobs, sees their own",
    Role.INTEGRATOR: "Integrator: as staff, for programs",
    Role.MANAGER: "Manager: sees all jobs, changes nothing",
    Role.ADMIN: "Admin: everything, users included",
}
ROLE_CHOICES = {str(role): words for role, words in ROLE_WORDS.items()}


class PersonForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Name and role of a user."""

    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])
    role = RadioField("Role", choices=ROLE_CHOICES, default=str(Role.STAFF))


class NewPersonForm(PersonForm):
    """A new user. Without a password one is made and shown once."""

    email = EmailField("E-mail", [InputRequired("Enter an e-mail."), Length(max=LONGEST_EMAIL)])
    password = StringField(
        "Password",
        [Optional()],
        description=f"At least {SHORTEST} characters. Left empty, one is made and shown once.",
    )


@bp.get("")
@requires(Permission.USERS_MANAGE)
def index() -> ResponseReturnValue:
    query = select(User).order_by(User.active.desc(), User.name, User.id)
    return render_template("users/index.html", users=db.session.scalars(query).all())


@bp.get("/new")
@requires(Permission.USERS_MANAGE)
def new() -> ResponseReturnValue:
    return render_template("users/new.html", form=NewPersonForm())


@bp.post("")
@requires(Permission.USERS_MANAGE)
def add() -> ResponseReturnValue:
    form = NewPersonForm()
    if not form.validate():
        return render_template("users/new.html", form=form), 422
    made = "" if form.password.data else make_password()
    try:
        with transaction() as tx:
            user = create_user(
                tx,
                email=text(form.email),
                name=text(form.name),
                role=Role(form.role.data),
                password=made or text(form.password),
            )
            log_act(tx, Action.USER_CREATED, user, email=user.email, role=str(user.role))
    except InputRefused as error:
        show_refusal(form, error)
        return render_template("users/new.html", form=form), 422
    return show_made(user, made, "added") if made else done(f"{user.name} is added.")


@bp.get("/<int:user_id>")
@requires(Permission.USERS_MANAGE)
def edit(user_id: int) -> ResponseReturnValue:
    user = find_user(db.session(), user_id)
    form = PersonForm(name=user.name, role=str(user.role))
    return render_template("users/edit.html", form=form, user=user)


@bp.post("/<int:user_id>")
@requires(Permission.USERS_MANAGE)
def change(user_id: int) -> ResponseReturnValue:
    form = PersonForm()
    user = find_user(db.session(), user_id)
    if not form.validate():
        return render_template("users/edit.html", form=form, user=user), 422
    try:
        with transaction() as tx:
            user = find_user(tx, user_id)
            changes = change_user(tx, user, name=text(form.name), role=Role(form.role.data))
            if changes:
                log_act(tx, Action.USER_CHANGED, user, **changes)
    except (InputRefused, WrongState) as error:
        return refuse_change(form, user_id, error)
    return done(f"{user.name} is changed.")


@bp.post("/<int:user_id>/disabling")
@requires(Permission.USERS_MANAGE)
def disable(user_id: int) -> ResponseReturnValue:
    with transaction() as tx:
        user = find_user(tx, user_id)
        disable_user(tx, user)
        log_act(tx, Action.USER_DISABLED, user)
    return done(f"{user.name} is disabled and signed out everywhere. Their jobs stay.")


@bp.post("/<int:user_id>/enabling")
@requires(Permission.USERS_MANAGE)
def enable(user_id: int) -> ResponseReturnValue:
    with transaction() as tx:
        user = find_user(tx, user_id)
        enable_user(tx, user)
        log_act(tx, Action.USER_ENABLED, user)
    return done(f"{user.name} can sign in again.")


@bp.post("/<int:user_id>/password")
@requires(Permission.USERS_MANAGE)
def reset_password(user_id: int) -> ResponseReturnValue:
    made = make_password()
    with transaction() as tx:
        user = find_user(tx, user_id)
        set_password(tx, user, made)
        log_act(tx, Action.PASSWORD_RESET, user)
    return show_made(user, made, "given a new password")


def log_act(tx: Any, action: Action, user: User, **detail: Any) -> None:
    record(tx, current_user, action, "user", user.id, client_address(), **detail)


def refuse_change(form: PersonForm, user_id: int, error: JobEngineError) -> Response:
    show_refusal(form, error)
    user = find_user(db.session(), user_id)
    html = render_template("users/edit.html", form=form, user=user)
    return make_response(html, error.status)


def show_made(user: User, password: str, what: str) -> str:
    """The one answer that holds a password: it is stored nowhere, so no redirect can show it."""
    return render_template("users/made.html", user=user, password=password, what=what)


def done(message: str) -> Response:
    flash(message, "success")
    return make_response(redirect(url_for("users.index"), 303))
