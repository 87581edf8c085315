"""Saved mappings: one's own and those an admin shares with all."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission, may
from dashboard.auth.visibility import LARGEST_ID
from dashboard.errors import NotFound
from dashboard.extensions import db, transaction
from dashboard.models.saved_mapping import SavedMapping
from dashboard.web.engine import type_labels
from dashboard.web.guard import requires
from dashboard.web.import_columns import ColumnChoices, suggested_choices
from dashboard.web.import_drafts import Draft
from dashboard.web.security import client_address

bp = Blueprint("mappings", __name__, url_prefix="/settings/mappings")

LONGEST_NAME = 80


@bp.get("")
@requires(Permission.JOBS_RUN)
def index() -> ResponseReturnValue:
    order = (SavedMapping.type, SavedMapping.name, SavedMapping.id)
    saved = db.session.scalars(select(SavedMapping).where(usable()).order_by(*order)).all()
    return render_template(
        "mappings/index.html", saved=saved, labels=type_labels(), admin=may_share()
    )


@bp.post("/<int:mapping_id>/name")
@requires(Permission.JOBS_RUN)
def rename(mapping_id: int) -> ResponseReturnValue:
    name = clean_name(request.form)
    with transaction() as tx:
        saved = changeable(tx, mapping_id)
        if not name or same_name(tx, saved.type, saved.owner_id, name) not in (None, saved):
            wrong = (
                f"There is a mapping “{name}” of this type already." if name else "Enter a name."
            )
            flash(f"{wrong} Nothing was changed.", "error")
            return redirect(url_for(".index"), 303)
        saved.name = name
        note(tx, "mapping.renamed", saved)
    flash(f"It is called “{name}” now.", "success")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:mapping_id>/deletion")
@requires(Permission.JOBS_RUN)
def delete(mapping_id: int) -> ResponseReturnValue:
    with transaction() as tx:
        saved = changeable(tx, mapping_id)
        note(tx, "mapping.deleted", saved)
        tx.delete(saved)
    flash("The mapping is deleted. Jobs that used it keep their own copy.", "success")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:mapping_id>/sharing")
@requires(Permission.JOBS_CHANGE_ALL)
def share(mapping_id: int) -> ResponseReturnValue:
    """With all, or back to the admin alone."""
    with transaction() as tx:
        saved = changeable(tx, mapping_id)
        if not saved.name:
            raise NotFound("What is remembered by itself cannot be shared. Save it under a name.")
        shared = saved.owner_id is not None
        owner_id = None if shared else current_user.id
        if same_name(tx, saved.type, owner_id, saved.name) is not None:
            flash(f"There is a mapping “{saved.name}” there already. Rename one.", "error")
            return redirect(url_for(".index"), 303)
        saved.owner_id = owner_id
        note(tx, "mapping.shared" if shared else "mapping.unshared", saved)
    flash("Everybody can use it now." if shared else "Only you can use it now.", "success")
    return redirect(url_for(".index"), 303)


def usable() -> ColumnElement[bool]:
    return or_(SavedMapping.owner_id == current_user.id, SavedMapping.owner_id.is_(None))


def may_share() -> bool:
    return may(current_user, Permission.JOBS_CHANGE_ALL)


def changeable(tx: Session, mapping_id: int) -> SavedMapping:
    """One's own; shared ones by admins. A foreign one looks like a missing one (I8)."""
    mine = SavedMapping.owner_id == current_user.id
    allowed = or_(mine, SavedMapping.owner_id.is_(None)) if may_share() else mine
    query = select(SavedMapping).where(SavedMapping.id == min(mapping_id, LARGEST_ID), allowed)
    saved = tx.scalars(query).one_or_none()
    if saved is None:
        raise NotFound("There is no such mapping. It may have been deleted.")
    return saved


def same_name(tx: Session, type: str, owner_id: int | None, name: str) -> SavedMapping | None:
    query = select(SavedMapping).where(
        SavedMapping.type == type, SavedMapping.owner_id == owner_id, SavedMapping.name == name
    )
    return tx.scalars(query.order_by(SavedMapping.id)).first()


def named_for(session: Session, type: str) -> list[SavedMapping]:
    """What the mapping step offers for a type."""
    query = select(SavedMapping).where(usable(), SavedMapping.type == type, SavedMapping.name != "")
    return list(session.scalars(query.order_by(SavedMapping.name)))


def apply_saved(draft: Draft, mapping_id: str) -> ColumnChoices | None:
    """The choices of a saved mapping, for the columns this file has; nothing is kept yet."""
    known = {str(saved.id): saved for saved in named_for(draft.session, draft.type.name)}
    saved = known.get(mapping_id)
    if saved is None:
        return None
    columns = set(draft.look.columns)
    mapping = {name: field for name, field in saved.mapping.items() if name in columns}
    chosen = {"mapping": mapping, "constants": saved.constants, "formats": saved.formats}
    return suggested_choices(draft.type, draft.look, {**draft.options, **chosen}, None)


def save_mapping(
    tx: Session, draft: Draft, choices: ColumnChoices, form: ImmutableMultiDict[str, str]
) -> None:
    """Under the name of the form; one of that name is replaced."""
    name = clean_name(form)
    owner_id = None if form.get("shared") and may_share() else current_user.id
    saved = same_name(tx, draft.type.name, owner_id, name)
    if saved is None:
        saved = SavedMapping(type=draft.type.name, owner_id=owner_id, name=name)
        tx.add(saved)
    for option, value in choices.options().items():
        setattr(saved, option, value)
    tx.flush()
    note(tx, "mapping.saved", saved)
    flash(f"Saved as “{name}”.", "success")


def clean_name(form: ImmutableMultiDict[str, str]) -> str:
    return form.get("save_name", "").strip()[:LONGEST_NAME]


def note(tx: Session, action: str, saved: SavedMapping) -> None:
    user = current_user._get_current_object()
    detail = {"type": saved.type, "name": saved.name}
    record(tx, user, action, "mapping", saved.id, client_address(), **detail)
