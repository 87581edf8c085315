"""One's own account: name, theme, password."""

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from dashboard.audit.entries import Action, record
from dashboard.auth.accounts import LONGEST_NAME, change_password, change_user, find_user
from dashboard.auth.passwords import SHORTEST
from dashboard.auth.permissions import Permission
from dashboard.errors import InputRefused
from dashboard.extensions import transaction
from dashboard.models.user import Role
from dashboard.web.forms import show_refusal, text
from dashboard.web.guard import requires
from dashboard.web.login import start_session
from dashboard.web.security import client_address

bp = Blueprint("account", __name__, url_prefix="/settings/account")


class NameForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How others see the person."""

    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """The old password, and the new one twice."""

    current = PasswordField("Current password", [InputRequired("Enter your current password.")])
    password = PasswordField(
        "New password",
        [InputRequired("Enter a new password.")],
        description=f"At least {SHORTEST} characters. Three or four unrelated words do well.",
    )
    again = PasswordField(
        "New password again",
        [
            InputRequired("Enter the new password once more."),
            EqualTo("password", "The two new passwords differ."),
        ],
    )


@bp.get("")
@requires(Permission.ACCOUNT_USE)
def show() -> ResponseReturnValue:
    return page(NameForm(name=current_user.name), PasswordForm(formdata=None))


@bp.post("/name")
@requires(Permission.ACCOUNT_USE)
def rename() -> ResponseReturnValue:
    form = NameForm()
    if not form.validate():
        return page(form, PasswordForm(formdata=None)), 422
    try:
        with transaction() as tx:
            user = find_user(tx, current_user.id)
            changes = change_user(tx, user, name=text(form.name), role=Role(user.role))
            record(tx, user, Action.ACCOUNT_CHANGED, "user", user.id, client_address(), **changes)
    except InputRefused as error:
        show_refusal(form, error)
        return page(form, PasswordForm(formdata=None)), 422
    flash("Your name is changed.", "success")
    return redirect(url_for("account.show"), 303)


@bp.post("/password")
@requires(Permission.ACCOUNT_USE)
def new_password() -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate():
        return page(NameForm(formdata=None, name=current_user.name), form), 422
    try:
        with transaction() as tx:
            user = find_user(tx, current_user.id)
            change_password(tx, user, current=text(form.current), new=text(form.password))
            record(tx, user, Action.PASSWORD_CHANGED, "user", user.id, client_address())
    except InputRefused as error:
        show_refusal(form, error)
        return page(NameForm(formdata=None, name=current_user.name), form), 422
    start_session(user, remember=session.permanent)
    flash("Your password is changed. All other sessions of yours have ended.", "success")
    return redirect(url_for("account.show"), 303)


def page(name_form: NameForm, password_form: PasswordForm) -> str:
    return render_template("account/show.html", name_form=name_form, password_form=password_form)
