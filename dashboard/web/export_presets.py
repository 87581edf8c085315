"""Presets of exports: to be rid of one. They are saved and used on the page of a new export."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from dashboard.audit.entries import record
from dashboard.auth.permissions import Permission
from dashboard.auth.visibility import LARGEST_ID
from dashboard.errors import NotFound
from dashboard.extensions import transaction
from dashboard.models.export_preset import ExportPreset
from dashboard.web.guard import requires
from dashboard.web.import_starting import person
from dashboard.web.security import client_address

bp = Blueprint("export_presets", __name__, url_prefix="/exports/presets")


@bp.post("/<int:preset_id>/deletion")
@requires(Permission.JOBS_RUN)
def delete(preset_id: int) -> ResponseReturnValue:
    """One's own; a foreign one looks like a missing one (I8)."""
    with transaction() as tx:
        mine = ExportPreset.user_id == current_user.id
        query = select(ExportPreset).where(ExportPreset.id == min(preset_id, LARGEST_ID), mine)
        preset = tx.scalars(query).one_or_none()
        if preset is None:
            raise NotFound("There is no such preset. It may have been deleted.")
        type_name, name = preset.type, preset.name
        detail = {"type": type_name, "name": name}
        record(tx, person(), "preset.deleted", "preset", preset.id, client_address(), **detail)
        tx.delete(preset)
    flash(f"The preset “{name}” is deleted. Jobs that used it keep their own copy.", "success")
    return redirect(url_for("export_new.new", type=type_name), 303)
