"""A room to run jobs in: real databases and store, a hint book in place of the queue."""

import os
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.orm import Session

from dashboard.jobs import actions
from dashboard.jobs.context import JobContext
from dashboard.jobs.database_time import database_now
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.jobs.drafts import make_draft
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.runner import Runner
from dashboard.jobs.sweeper import Sweeper
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB
from dashboard.models.columns import AnyRow, table_of
from dashboard.models.job import Job
from dashboard.models.outbox import OutboxEvent
from dashboard.models.states import FINAL
from dashboard.models.stored_file import StoredFile
from dashboard.storage.store import Store
from tests.jobs.lines_job import LINES

EVENT = table_of(OutboxEvent)
PAST = timedelta(seconds=-1)


@dataclass
class HintBook:
    """Writes down every hint; a message is consumed by `take`."""

    hints: list[tuple[str, int]] = field(default_factory=list)
    delayed: list[tuple[str, int, float]] = field(default_factory=list)

    def wake(self, name: str, object_id: int, *, queue: str = "jobs", delay: float = 0) -> None:
        if delay:
            self.delayed.append((name, object_id, delay))
        else:
            self.hints.append((name, object_id))

    def wake_after_commit(self, session: Session, name: str, id: int, times: int = 1) -> None:
        def send(_session: Session) -> None:
            self.hints.extend([(name, id)] * times)

        event.listen(session, "after_commit", send, once=True)

    def take(self) -> list[tuple[str, int]]:
        taken, self.hints = self.hints, []
        return taken


@dataclass
class Room:
    """One set-up of databases. `marks` counts troubles over processes; see LinesJob."""

    context: JobContext
    hints: HintBook
    marks: str

    def __post_init__(self) -> None:
        self.runner = Runner(self.context)
        self.sweeper = Sweeper(self.context)

    # -- starting and acting -----------------------------------------------------------------

    def dispatch(self, lines: Iterable[str], **how: Any) -> int:
        """A job over these lines; `after` and `run_at` are the dispatcher's, the rest options."""
        known = {name: how.pop(name) for name in ("after", "run_at", "check") if name in how}
        kind = how.pop("type", "lines")
        with Session(self.context.app) as session, session.begin():
            if "after" in known:
                known["after"] = session.get(Job, known["after"])
            data = [f"{line}\n".encode() for line in lines]
            file = store_upload(self.context, session, data, "lines.txt", None)
            options = {"marks": self.marks, **how}
            job = dispatch(self.context, session, kind, file, user=None, options=options, **known)
            return job.id

    def make(self, *parts: int, type: str = "lines-export", **options: Any) -> int:
        """A job that makes a file of so many rows a part."""
        options = {"marks": self.marks, "parts": parts, **options}
        with Session(self.context.app) as session, session.begin():
            return dispatch(self.context, session, type, user=None, options=options).id

    def draft(self, lines: Iterable[str], **options: Any) -> int:
        with Session(self.context.app) as session, session.begin():
            data = [f"{line}\n".encode() for line in lines]
            file = store_upload(self.context, session, data, "lines.txt", None)
            options = {"marks": self.marks, **options}
            return make_draft(self.context, session, "lines", file, user=None, options=options).id

    def act(self, verb: str, job_id: int, **how: Any) -> AnyRow:
        return self.do(getattr(actions, verb), job_id, "ann@example.com", **how)

    def do(self, act: Callable[..., Any], *values: Any, **how: Any) -> Any:
        """An act of the engine in a transaction of its own."""
        with Session(self.context.app, expire_on_commit=False) as session, session.begin():
            return act(self.context, session, *values, **how)

    def upload(self, data: bytes, name: str = "failed.csv") -> StoredFile:
        with Session(self.context.app, expire_on_commit=False) as session, session.begin():
            return store_upload(self.context, session, [data], name, None)

    def run(self, job_id: int) -> AnyRow:
        """Work as one consumer would until the job ends, waiting for nothing."""
        for _ in range(100):
            self.step(job_id)
            if self.job(job_id).status in (*FINAL, "paused"):
                return self.job(job_id)
        raise AssertionError(f"the job stays {self.job(job_id).status}")

    def step(self, job_id: int) -> None:
        self.hurry()
        self.sweeper.run_once()
        self.runner.prepare(job_id)
        while self.runner.run_one(job_id):
            pass
        self.runner.rest(job_id)

    def finished(self, lines: Iterable[str], **options: Any) -> int:
        job_id = self.dispatch(lines, **options)
        self.run(job_id)
        return job_id

    def prepared(self, lines: Iterable[str], **options: Any) -> int:
        job_id = self.dispatch(lines, **options)
        self.runner.prepare(job_id)
        return job_id

    # -- time and death ----------------------------------------------------------------------

    def hurry(self) -> None:
        """What waits for a moment waits no longer."""
        with self.context.app.begin() as connection:
            past = database_now(connection, PAST)
            for table, name in ((CHUNK, "next_try_at"), (JOB, "run_at")):
                column = table.c[name]
                connection.execute(update(table).where(column.is_not(None)).values({name: past}))

    def expire_leases(self) -> None:
        with self.context.app.begin() as connection:
            past = database_now(connection, PAST)
            for table in (CHUNK, JOB):
                held = table.c.lease_token.is_not(None)
                connection.execute(update(table).where(held).values(lease_until=past))

    def in_child(self, work: Callable[["Room"], Any]) -> int:
        """Run in a forked worker process; its exit status, or minus the signal that killed it."""
        return wait_for(self.fork(work))

    def fork(self, work: Callable[["Room"], Any]) -> int:
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            opened = {n: v for n, v in self.context.__dict__.items() if isinstance(v, Engine)}
            self.context.after_fork()
            # The same engines, emptied: their compiled statements save each child 50 ms.
            self.context.__dict__.update(opened)
            work(Room(self.context, self.hints, self.marks))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    # -- looking -----------------------------------------------------------------------------

    def job(self, job_id: int) -> AnyRow:
        return self.rows(select(*JOB.c).where(JOB.c.id == job_id))[0]

    def chunks(self, job_id: int) -> list[AnyRow]:
        return self.rows(select(*CHUNK.c).where(CHUNK.c.job_id == job_id).order_by(CHUNK.c.number))

    def events(self, job_id: int) -> list[str]:
        query = select(EVENT.c.name).where(EVENT.c.job_id == job_id).order_by(EVENT.c.id)
        return [row.name for row in self.rows(query)]

    def failures(self, job_id: int) -> list[tuple[int, str]]:
        query = select(FAILURE.c.row, FAILURE.c.value).where(FAILURE.c.job_id == job_id)
        return [tuple(row) for row in self.rows(query.order_by(FAILURE.c.row, FAILURE.c.id))]

    def written(self) -> list[str]:
        with self.context.target.connect() as connection:
            return list(connection.scalars(select(LINES.c.text).order_by(LINES.c.text)))

    def open_chunks(self, job_id: int) -> int:
        query = select(func.count()).where(
            CHUNK.c.job_id == job_id, CHUNK.c.state.in_(("pending", "leased"))
        )
        return int(self.rows(query)[0][0])

    def rows(self, query: Any) -> list[AnyRow]:
        with self.context.app.connect() as connection:
            return list(connection.execute(query).all())

    def outcome(self, job_id: int) -> dict[str, Any]:
        """What a job came to, told so that two runs can be compared."""
        job = self.job(job_id)
        return {
            "status": job.status,
            "counts": counts(job),
            "failures": self.failures(job_id),
            "written": self.written(),
            "chunks": [(chunk.state, counts(chunk)) for chunk in self.chunks(job_id)],
        }


def counts(row: AnyRow) -> dict[str, int]:
    names = ("created", "updated", "unchanged", "skipped", "failed", "not_processed")
    return {name: getattr(row, name) for name in names if hasattr(row, name)}


def adds_up(job: AnyRow) -> bool:
    """I4: every row of the file is counted once."""
    return sum(counts(job).values()) == (job.total or 0)


def wait_for(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def new_room(settings: Any, registry: Any, engines: dict[str, Engine], folder: Any) -> Room:
    """Engines may be shared between tests; store, hints and marks are a room's own."""
    hints = HintBook()
    context = JobContext(settings, registry, hints)  # type: ignore[arg-type]
    context.__dict__.update(engines, store=Store(str(folder / "store")))
    (folder / "marks").mkdir(exist_ok=True)
    return Room(context, hints, str(folder / "marks"))
