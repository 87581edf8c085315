"""Starting a schedule's job: owner, type and data are judged anew each time."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dashboard.auth.permissions import Permission, may
from dashboard.errors import Forbidden, JobEngineError
from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.registry import JobType, Kind
from dashboard.jobs.submission import Submitted, wrong
from dashboard.lib.texts import storable
from dashboard.models.job import Job
from dashboard.models.schedule import Schedule
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.settings import Settings

log = logging.getLogger("jobengine.schedules")

READ = {"sqlite_begin": "DEFERRED"}


class ReadData(Protocol):
    """Every kind reads its own `data`; this is lent by who knows the kinds, on a higher floor."""

    def __call__(
        self,
        job_type: JobType,
        data: Mapping[str, Any],
        connect: Connect,
        *,
        session: Session,
        user: User | None,
        settings: Settings,
    ) -> Submitted: ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a schedule cannot be started, for people."""

    message: str


class Starter:
    """`read` looks into the target, so it comes before the transaction in which `start` acts."""

    def __init__(self, context: JobContext, read_data: ReadData) -> None:
        self.context = context
        self._read_data = read_data

    def read(self, session: Session, owner: User, type: str, data: Mapping[str, Any]) -> Submitted:
        """Raises UnknownJobType and InputRefused, which names the key of `data`."""
        job_type = self.context.registry.get(type)
        if data.get("runAt") is not None:
            raise wrong("runAt", "The schedule says when it runs; leave runAt out.")
        # Reading, it neither waits for a writer nor holds one up, the caller's session included.
        connect = self.context.target.execution_options(**READ).connect
        settings = self.context.settings
        found = self._read_data(
            job_type, data, connect, session=session, user=owner, settings=settings
        )
        if job_type.kind is Kind.IMPORT and found.file is None:
            raise wrong("file", "No file is named: say which of your files, by its name.")
        return found

    def asked(self, session: Session, schedule: Schedule) -> Submitted | Refusal:
        """For who cannot ask back. What may pass (a database that is down) raises."""
        try:
            owner = session.get_one(User, schedule.user_id)
            return self.read(session, owner, schedule.type, schedule.data)
        except JobEngineError as error:
            if passing(error):
                raise
            return Refusal(error.message)
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.exception("schedule %s: its data cannot be read", schedule.id)
            name = type(error).__name__
            return Refusal(f"Its data could not be read ({name}). It has been recorded.")

    def start(self, session: Session, schedule: Schedule, asked: Submitted) -> Job:
        """The job, in the caller's transaction; raises JobEngineError when it may not or cannot."""
        owner = owner_of(session, schedule)
        file = None if asked.file is None else own_file(self.context, session, owner, asked.file)
        return dispatch(
            self.context,
            session,
            schedule.type,
            file,
            user=owner,
            chunk_rows=asked.chunk_rows,
            options=asked.options,
            check=asked.check,
        )


def passing(error: JobEngineError) -> bool:
    """No refusal: it is tried again. A sync begun this moment stands in the way by then."""
    return not error.permanent or error.code == "sync_running"


@contextmanager
def reading(context: JobContext) -> Iterator[Session]:
    """What it finds outlives it; on SQLite it waits for no writer."""
    engine = context.app.execution_options(**READ)
    with Session(engine, expire_on_commit=False) as session:
        yield session


def owner_of(session: Session, schedule: Schedule) -> User:
    """As they are at this moment. Raises Forbidden when they may not run schedules any more."""
    owner = session.get_one(User, schedule.user_id, populate_existing=True)
    if not owner.active:
        raise Forbidden(f"Its owner {owner.name} is disabled. Somebody else can make it anew.")
    if not (may(owner, Permission.SCHEDULES_USE) and may(owner, Permission.JOBS_RUN)):
        raise Forbidden(f"Its owner {owner.name} is {owner.role} now, who may not run jobs.")
    return owner


def own_file(context: JobContext, session: Session, owner: User, name: str) -> StoredFile:
    """The owner's newest file of that name, kept from removal until the transaction ends."""
    query = (
        select(StoredFile)
        .where(
            StoredFile.owner_id == owner.id,
            StoredFile.name == name,
            StoredFile.removed_at.is_(None),
        )
        .order_by(StoredFile.id.desc())
        .limit(1)
        .with_for_update(read=True)
    )
    file = session.scalars(query).one_or_none() if storable(name) else None
    if file is None or not context.store.exists(file.key):
        raise wrong("file", f"There is no file {name[:100]!r} of {owner.name} any more. Upload it.")
    return file
