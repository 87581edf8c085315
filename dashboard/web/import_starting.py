"""From an upload to a draft, and from a draft to its run or check, each with its audit entry."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

from flask_login import current_user
from sqlalchemy.orm import Session

from dashboard.audit.entries import record
from dashboard.errors import FileRefused
from dashboard.formats.reading_choices import Reading
from dashboard.importers.remembered import remember
from dashboard.jobs.checking import check
from dashboard.jobs.dispatcher import UPLOADS, add_stored_file
from dashboard.jobs.drafts import change_draft, make_draft, start_draft
from dashboard.jobs.registry import JobType
from dashboard.models.user import User
from dashboard.storage.store import Stored
from dashboard.web.engine import engine_context
from dashboard.web.import_drafts import Draft
from dashboard.web.import_look import have_counted, looked
from dashboard.web.security import client_address

PASTED = "pasted rows.txt"


def person() -> User:
    user: User = current_user._get_current_object()
    return user


def note(tx: Session, action: str, job_id: int, **detail: Any) -> None:
    record(tx, person(), action, "job", job_id, client_address(), **detail)


@contextmanager
def kept(stream: BinaryIO, name: str) -> Iterator[Stored]:
    """The bytes in the store, copied and looked at before any transaction begins; taken out again
    when no draft comes of them."""
    context = engine_context()
    limit = context.settings.max_upload_bytes
    stored = context.store.put(stream, folder=UPLOADS, limit=limit)
    try:
        looked(context.store, stored.key, name, stored.bytes, Reading())
        yield stored
    except BaseException:
        context.store.delete(stored.key)
        raise


def pasted(text: str) -> BinaryIO:
    """A browser sends pasted rows with CRLF. Raises FileRefused when there are none."""
    if not text.strip():
        raise FileRefused("Choose a file first, or paste rows.")
    return BytesIO(text.replace("\r\n", "\n").encode())


def draft_of(
    tx: Session, job_type: JobType, stored: Stored, name: str, options: Mapping[str, Any]
) -> Draft:
    """A new draft of a stored upload; a worker counts the rows of a large one."""
    context = engine_context()
    file = add_stored_file(tx, stored, name, person())
    job = make_draft(context, tx, job_type.name, file, user=person(), options=options)
    have_counted(context, tx, file, Reading(), person())
    return Draft(tx, job, job_type, file)


def settled_options(draft: Draft) -> dict[str, Any]:
    """The draft's options with every column decided, and the replacements remembered for them."""
    options = dict(draft.options)
    if draft.any_file or draft.look.refusal:
        return options
    chosen = draft.choices
    options |= chosen.options()
    before = draft.remembered.values if draft.remembered else {}
    values = options.get("values") or before
    filled = chosen.filled | set(chosen.constants)
    values = {name: texts for name, texts in values.items() if name in filled and texts}
    return {**options, "values": values} if values else options


def go(tx: Session, draft: Draft, *, checking: bool) -> int:
    """Start the draft, or a check of it; the number of the job that runs. Raises WrongState."""
    context, options = engine_context(), settled_options(draft)
    change_draft(tx, draft.id, options)
    detail = {"type": draft.type.name, "file": draft.file.name, "bytes": draft.file.bytes}
    if checking:
        made = check(context, tx, draft.id, person())
        note(tx, "job.checked", made.id, origin=draft.id, **detail)
        return made.id
    start_draft(context, tx, draft.id, current_user.name)
    if not draft.any_file:
        remember(tx, draft.type.name, person(), **options)
    note(tx, "job.created", draft.id, **detail)
    return draft.id
