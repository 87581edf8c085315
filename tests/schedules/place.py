"""A place to keep time in: real databases and store, a clock that is set by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dashboard.events.types import JobCompleted
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import store_upload
from dashboard.jobs.registry import JobType
from dashboard.jobs.serial import event_basis
from dashboard.jobs.submission import Submitted, wrong
from dashboard.models.job import Job
from dashboard.models.schedule import Schedule, ScheduleRun
from dashboard.models.user import Role, User
from dashboard.schedules import editing
from dashboard.schedules.editing import Wanted
from dashboard.schedules.firing import Timekeeper
from dashboard.schedules.following import Followers
from dashboard.schedules.starting import Starter
from tests.jobs.room import HintBook

TYPES = {
    "import": {
        "lines": {"job": "tests.jobs.lines_job:LinesJob", "table": "lines"},
        "guarded": {"job": "tests.jobs.lines_job:LinesJob", "table": "lines", "roles": ["admin"]},
    },
    "export": {
        f"{name}-export": {"job": "tests.jobs.file_job:FileJob", "table": "lines"}
        for name in ("lines", "other", "third")
    },
    "sync": {"lines-sync": {"sync": "tests.jobs.lines_job:LinesJob", "label": "Lines sync"}},
}
# A Sunday, like every due time of these tests.
START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
DAILY = Wanted(type="lines-export", cron="30 7 * * *", timezone="Europe/Berlin")
DUE = START + timedelta(minutes=30)


def read_data(job_type: JobType, data: Mapping[str, Any], connect: Any, **whose: Any) -> Submitted:
    """In place of the kinds' own: `bad` is refused, `broken` is a mistake in somebody's code."""
    if "bad" in data:
        raise wrong("bad", "bad is wrong.")
    if "broken" in data:
        raise TypeError("a mistake")
    options = {name: value for name, value in data.items() if name != "file"}
    return Submitted(options=options, file=data.get("file"))


def raising(error: Exception) -> Any:
    """In place of a call that meets this trouble."""

    def call(*_: Any) -> None:
        raise error

    return call


@dataclass
class Place:
    """`moment` is what the keeper's clock shows."""

    context: JobContext
    hints: HintBook
    moment: datetime = START
    people: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keeper = Timekeeper(self.context, read_data, lambda: self.moment)
        self.followers = Followers(self.context, read_data)
        self.starter = Starter(self.context, read_data)

    # -- people, files and schedules ---------------------------------------------------------

    def person(self, role: str = Role.STAFF) -> int:
        if role not in self.people:
            with Session(self.context.app) as session, session.begin():
                user = User(email=f"{role}@example.org", name=role, role=role, password_hash="-")
                session.add(user)
                session.flush()
                self.people[role] = user.id
        return self.people[role]

    def upload(self, name: str = "lines.txt", role: str = Role.STAFF) -> int:
        with Session(self.context.app) as session, session.begin():
            owner = session.get_one(User, self.person(role))
            return store_upload(self.context, session, [b"a\n"], name, owner).id

    def make(self, wanted: Wanted = DAILY, role: str = Role.STAFF, **values: Any) -> int:
        """Made at this place's moment."""
        with Session(self.context.app) as session, session.begin():
            owner = session.get_one(User, self.person(role))
            wanted = replace(wanted, **values)
            editing.check(session, self.starter, owner, wanted)
            schedule = editing.make(session, self.starter, owner, wanted)
            editing.plan_next(schedule, self.moment)
            schedule.created_at = self.moment
            return schedule.id

    def do(self, act: Any, *values: Any, **how: Any) -> Any:
        with Session(self.context.app, expire_on_commit=False) as session, session.begin():
            return act(session, *values, **how)

    def set(self, model: Any, id: int, **values: Any) -> None:
        with self.context.app.begin() as connection:
            connection.execute(update(model).where(model.id == id).values(**values))

    # -- time and events ---------------------------------------------------------------------

    def at(self, moment: datetime = DUE) -> "Place":
        """The keeper looks at the clock then."""
        self.moment = moment
        self.keeper.run_once()
        return self

    def finish(self, job_id: int, status: str = "completed", **values: Any) -> None:
        self.set(Job, job_id, status=status, **values)

    def complete(self, type: str = "lines", role: str = Role.STAFF, **values: Any) -> JobCompleted:
        """A job of somebody that has just completed, as the relay tells of it."""
        with Session(self.context.app) as session, session.begin():
            owner = self.person(role)
            job = Job(type=type, kind="import", user_id=owner, status="completed", **values)
            session.add(job)
            session.flush()
            session.refresh(job)
            basis = {**event_basis(job), "timestamp": self.moment + timedelta(seconds=1)}
            counts = {"succeeded_count": job.created, "failed_count": job.failed}
            return JobCompleted(**basis, duration=1.0, output={}, **counts)

    # -- looking -----------------------------------------------------------------------------

    def schedule(self, schedule_id: int) -> Schedule:
        return self.do(lambda session: session.get_one(Schedule, schedule_id))

    def runs(self, schedule_id: int) -> list[ScheduleRun]:
        query = select(ScheduleRun).where(ScheduleRun.schedule_id == schedule_id)
        query = query.order_by(ScheduleRun.id)
        return self.do(lambda session: list(session.scalars(query)))

    def outcomes(self, schedule_id: int) -> list[str]:
        return [run.outcome for run in self.runs(schedule_id)]

    def jobs(self) -> list[Job]:
        return self.do(lambda session: list(session.scalars(select(Job).order_by(Job.id))))
