"""Choices of an export kept under a name, each person's own."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.errors import InputRefused, NotFound
from dashboard.exporters.options import NAMES
from dashboard.exporters.quoting import shown
from dashboard.formats.write_options import NAMES as WRITE_NAMES
from dashboard.models.export_preset import ExportPreset
from dashboard.models.user import User

LONGEST_NAME = 80
MOST_PRESETS = 100


def presets_of(session: Session, user: User, type: str) -> list[ExportPreset]:
    query = select(ExportPreset).where(ExportPreset.user_id == user.id, ExportPreset.type == type)
    return list(session.scalars(query.order_by(ExportPreset.name)))


def find_preset(session: Session, user: User, type: str, name: str) -> ExportPreset:
    """Raises NotFound: somebody else's preset is not there."""
    known = presets_of(session, user, type)
    for preset in known:
        if preset.name == name:
            return preset
    names = ", ".join(preset.name for preset in known) or "none"
    raise NotFound(f"You have no preset {shown(name)} of {type}. Yours: {names}.")


def save_preset(
    session: Session, user: User, type: str, name: str, options: Mapping[str, Any]
) -> ExportPreset:
    """Keep the options under the name; one of that name is replaced. Raises InputRefused."""
    name = clean_name(name)
    known = {preset.name: preset for preset in presets_of(session, user, type)}
    preset = known.get(name) or ExportPreset(user_id=user.id, type=type, name=name)
    if preset.id is None and len(known) >= MOST_PRESETS:
        raise refuse(f"You have {len(known)} presets of {type}. Delete one first.")
    preset.options = {key: value for key, value in options.items() if key in NAMES}
    session.add(preset)
    session.flush()
    return preset


def clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise refuse("Give the preset a name to save it under.")
    if len(name) > LONGEST_NAME:
        raise refuse(f"The name is too long. Use at most {LONGEST_NAME} characters.")
    if not name.isprintable():
        raise refuse("The name holds a control character. Use printable characters only.")
    return name


def filled(
    session: Session, user: User | None, type: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """`data` with what its `preset` says where it says nothing itself; another format of its own
    leaves the preset's choices about the file behind. Raises InputRefused.
    """
    said = {key: value for key, value in data.items() if key != "preset" and value is not None}
    name = data.get("preset")
    if name is None:
        return said
    if user is None or not isinstance(name, str):
        raise refuse("preset is the name of a preset of your own.")
    try:
        kept = find_preset(session, user, type, name).options
    except NotFound as error:
        raise refuse(error.message) from None
    if said.get("format", kept.get("format")) != kept.get("format"):
        kept = {key: value for key, value in kept.items() if key not in WRITE_NAMES}
    return {**kept, **said}


def refuse(message: str) -> InputRefused:
    return InputRefused(message, details={"field": "preset"})
