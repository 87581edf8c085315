"""What its time is over for: drafts, files and their forms, results, previews, failures,
before-images."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, delete, exists, inspect, or_, select, update

from dashboard.jobs.context import JobContext
from dashboard.jobs.corrections import CORRECTION
from dashboard.jobs.dispatcher import UPLOADS
from dashboard.jobs.generations import remove_parts
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.preparing import FORMS
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB, move
from dashboard.jobs.undoing import undo_of
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow, table_of
from dashboard.models.preview import FilePreview
from dashboard.models.states import FINAL, JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.records.images import IMAGES, forget_images
from dashboard.storage.store import EXPORTS, REPORTS

S = JobStatus
FILE, PREVIEW = table_of(StoredFile), table_of(FilePreview)
# Files, drafts or keys looked at in one transaction; failures deleted in one.
BATCH, FAILURE_BATCH = 200, 5_000
# What nobody names and is younger may belong to an upload or a preparing that is under way.
ORPHAN_AGE = timedelta(days=1)
# A multipart upload shows only when it began; even the largest file is written by then.
UNFINISHED_AGE = timedelta(days=7)
EXPIRED = "Nobody started this draft in {} days; it was thrown away."


class Retention:
    """Small steps, each in its own transaction; never what a live or undoable job needs.

    A file is marked as removed first, then its bytes go: what a crash between leaves behind is an
    orphan, which the next pass finds.
    """

    def __init__(self, context: JobContext) -> None:
        self.context = context

    def run_once(self) -> None:
        self.expire_drafts()
        self.remove_files()
        self.remove_results()
        self.remove_previews()
        remove_parts(self.context, older_than=ORPHAN_AGE)
        self.remove_orphans()
        self.context.store.forget_unfinished(now() - UNFINISHED_AGE)
        self.remove_failures()
        self.remove_images()

    # -- drafts ------------------------------------------------------------------------------

    def expire_drafts(self) -> int:
        days = self.context.settings.draft_days
        old = (JOB.c.status == S.DRAFT, JOB.c.created_at < now() - timedelta(days=days))
        with self._reading() as connection:
            drafts = connection.execute(select(JOB.c.id).where(*old)).scalars().all()
        for job_id in drafts:
            with self.context.app.begin() as connection:
                row = move(
                    connection,
                    job_id,
                    S.CANCELLED,
                    expected=(S.DRAFT,),
                    finished_at=now(),
                    error_code="draft_expired",
                    error_message=EXPIRED.format(days),
                )
                if row is None or row.file_id is None:
                    continue
                gone = mark_removed(connection, [row.file_id], after_draft(row))
            self._delete(gone)
        return len(drafts)

    # -- files -------------------------------------------------------------------------------

    def remove_files(self) -> int:
        """Uploads, by the last job that used them."""
        cutoff = self._before(self.context.settings.file_days)
        old = (FILE.c.expires_at.is_(None), FILE.c.created_at < cutoff)
        return self._remove(old, needs_file(cutoff))

    def remove_results(self) -> int:
        """Files that jobs made, each at its own time; not while a job reads one, or an undo may."""
        wrote = or_(JOB.c.created > 0, JOB.c.updated > 0)
        needing = or_(JOB.c.status.not_in(FINAL), and_(JOB.c.undo_until > now(), wrote))
        return self._remove((FILE.c.expires_at <= now(),), needing)

    def _remove(self, over: Sequence[Any], needing: Any) -> int:
        removed, last = 0, 0
        while True:
            old = (FILE.c.removed_at.is_(None), *over, FILE.c.id > last)
            query = select(FILE.c.id).where(*old).order_by(FILE.c.id).limit(BATCH)
            with self.context.app.begin() as connection:
                files = connection.scalars(query).all()
                gone = mark_removed(connection, files, needing)
            removed += self._delete(gone)
            if len(files) < BATCH:
                return removed
            last = files[-1]

    def remove_previews(self) -> None:
        cutoff = self._before(self.context.settings.file_days)
        with self.context.app.begin() as connection:
            connection.execute(delete(PREVIEW).where(PREVIEW.c.created_at < cutoff))

    def remove_orphans(self) -> int:
        """Bytes no row names: a crash came between keeping and telling, or marking and removing."""
        removed = 0
        forms = partial(named_forms, ended=self._before(self.context.settings.failure_days))
        naming: dict[str, Callable[..., set[str]]] = {FORMS: forms}
        naming |= dict.fromkeys((UPLOADS, EXPORTS, REPORTS), named_files)
        for folder, named in naming.items():
            old = (key for key, at in self.context.store.keys(folder) if at < now() - ORPHAN_AGE)
            for keys in batches(old):
                with self._reading() as connection:
                    orphans = set(keys) - named(connection, keys)
                for key in orphans:
                    self.context.store.delete(key)
                removed += len(orphans)
        return removed

    def _delete(self, gone: Sequence[AnyRow]) -> int:
        """The bytes of files marked as removed, and of the forms made from them."""
        with self._reading() as connection:
            keys = [key for file in gone for key in (file.key, *forms_of(connection, file.id))]
        for key in keys:
            self.context.store.delete(key)
        return len(gone)

    # -- failures, corrections, before-images --------------------------------------------------

    def remove_failures(self) -> None:
        """Of jobs that ended long ago: the counts stay, the rows that failed are forgotten."""
        cutoff = self._before(self.context.settings.failure_days)
        for table in (FAILURE, CORRECTION):
            with self._reading() as connection:
                jobs = [
                    j for j in distinct(connection, table.c.job_id) if over(connection, j, cutoff)
                ]
            for job_id in jobs:
                while self._delete_some(table, job_id) == FAILURE_BATCH:
                    pass

    def _delete_some(self, table: Table, job_id: int) -> int:
        some = select(table.c.id).where(table.c.job_id == job_id).limit(FAILURE_BATCH)
        with self.context.app.begin() as connection:
            return connection.execute(delete(table).where(table.c.id.in_(some))).rowcount

    def remove_images(self) -> None:
        """Of jobs that cannot be undone any more. A UUID this installation does not know stays: the
        target may serve another one."""
        if not inspect(self.context.target).has_table(IMAGES.name):
            return
        with self.context.target.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            uuids = list(distinct(connection, IMAGES.c.job_uuid))
        cutoff = self._before(self.context.settings.failure_days)
        with self._reading() as connection:
            old = [uuid for uuid in uuids if undo_over(connection, uuid, cutoff)]
        for uuid in old:
            with self.context.target.begin() as connection:
                forget_images(connection, uuid)

    def _reading(self) -> Connection:
        return self.context.app.connect().execution_options(sqlite_begin="DEFERRED")

    def _before(self, days: int) -> datetime:
        return now() - timedelta(days=days)


def mark_removed(connection: Connection, files: Sequence[int], needing: Any) -> Sequence[AnyRow]:
    """Those of the files that no job needs, marked. Locked before the jobs are looked at: one
    that is made meanwhile waits, or is seen."""
    connection.execute(select(FILE.c.id).where(FILE.c.id.in_(files)).with_for_update())
    needed = connection.scalars(select(JOB.c.file_id).where(JOB.c.file_id.in_(files), needing))
    free = sorted(set(files) - set(needed))
    return connection.execute(
        update(FILE)
        .where(FILE.c.id.in_(free), FILE.c.removed_at.is_(None))
        .values(removed_at=now())
        .returning(FILE.c.id, FILE.c.key)
    ).all()


def needs_file(cutoff: datetime) -> Any:
    """Live, undoable, or ended only lately."""
    return or_(JOB.c.status.not_in(FINAL), JOB.c.finished_at >= cutoff, JOB.c.undo_until > now())


def after_draft(draft: AnyRow) -> Any:
    """Of a draft that expired only the checks made from it may go with its file."""
    its_check = and_(JOB.c.purpose == "check", JOB.c.origin_id == draft.id, JOB.c.status.in_(FINAL))
    return ~or_(its_check, JOB.c.id == draft.id)


def named_files(connection: Connection, keys: Sequence[str]) -> set[str]:
    query = select(FILE.c.key).where(FILE.c.key.in_(keys), FILE.c.removed_at.is_(None))
    return set(connection.scalars(query))


def named_forms(connection: Connection, keys: Sequence[str], *, ended: datetime) -> set[str]:
    """By jobs whose file is there, or by chunks with a form of their own. Those of a sync, which
    has no file, are its only copy: they stay until nobody can retry it."""
    its_file = exists().where(FILE.c.id == JOB.c.file_id, FILE.c.removed_at.is_(None))
    lately = or_(JOB.c.status.not_in(FINAL), JOB.c.finished_at >= ended)
    there = or_(its_file, and_(JOB.c.file_id.is_(None), lately))
    form = JOB.c.layout["form"].as_string()
    named = set(connection.scalars(select(form).where(form.in_(keys), there)))
    left = set(keys) - named
    if left:
        own = CHUNK.c.hints["form"].as_string()
        of_chunks = select(own).join(JOB, JOB.c.id == CHUNK.c.job_id).where(own.in_(left), there)
        named |= set(connection.scalars(of_chunks))
    return named


def forms_of(connection: Connection, file_id: int) -> set[str]:
    form, own = JOB.c.layout["form"].as_string(), CHUNK.c.hints["form"].as_string()
    of_jobs = select(form).where(JOB.c.file_id == file_id, form.is_not(None))
    of_chunks = select(own).join(JOB, JOB.c.id == CHUNK.c.job_id).where(JOB.c.file_id == file_id)
    found = {*connection.scalars(of_jobs), *connection.scalars(of_chunks.where(own.is_not(None)))}
    return {key for key in found if key}


def over(connection: Connection, job_id: int, cutoff: datetime) -> bool:
    """Ended long ago and past undoing; or the job is gone."""
    job = connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one_or_none()
    if job is None:
        return True
    if job.status not in FINAL or (job.finished_at or job.created_at) >= cutoff:
        return False
    return undo_over(connection, job.uuid, cutoff)


def undo_over(connection: Connection, uuid: str, cutoff: datetime) -> bool:
    """Known here, and neither undoable nor with an undo that runs or can be tried again."""
    job = connection.execute(select(*JOB.c).where(JOB.c.uuid == uuid)).one_or_none()
    if job is None or (job.undo_until is not None and job.undo_until > now()):
        return False
    reversal = undo_of(connection, job.id)
    if reversal is None:
        return job.status in FINAL
    return reversal.status in FINAL and (reversal.finished_at or cutoff) < cutoff


def distinct(connection: Connection, column: Column[Any]) -> Iterator[Any]:
    """Each value once, from the index: one short look a value however many rows have it."""
    value = connection.scalar(select(column).order_by(column).limit(1))
    while value is not None:
        yield value
        value = connection.scalar(select(column).where(column > value).order_by(column).limit(1))


def batches(keys: Iterator[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for key in keys:
        some.append(key)
        if len(some) == BATCH:
            yield some
            some = []
    if some:
        yield some
