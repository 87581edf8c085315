"""A small real import type for whole conversations: a table, its type, and a place to run jobs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Numeric, Table, Text, select
from sqlalchemy.orm import Session

from dashboard.errors import JobEngineError
from dashboard.importers.importer import Importer
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.jobs.runner import Runner
from dashboard.jobs.sweeper import Sweeper
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB
from dashboard.jobs.undoing import undo
from dashboard.models.columns import AnyRow
from dashboard.models.states import FINAL
from dashboard.models.stored_file import StoredFile

TABLES = MetaData()
STOCK = Table(
    "stock",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("price", Numeric(9, 2)),
    Column("quantity", Integer),
)
ORDERS = Table(
    "orders",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("code", Text, ForeignKey("stock.code"), nullable=False),
)


class StockImporter(Importer):
    """Known by its code; the id counts itself."""

    table = STOCK
    key = "code"
    fields = ("code", "name", "price", "quantity")


TYPES = {
    "import": {
        "stock": {"importer": "tests.conversation.stock:StockImporter"},
        "stock-kept-short": {"importer": "tests.conversation.stock:StockImporter", "undo_days": 0},
    }
}


@dataclass
class Talk:
    """Imports into `stock` through the real engine, one worker, waiting for nothing."""

    context: JobContext
    hints: Any
    jobs: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runner, self.sweeper = Runner(self.context), Sweeper(self.context)

    def in_session(self, act: Callable[[Session], Any]) -> Any:
        with Session(self.context.app) as session, session.begin():
            return act(session)

    def store(self, content: str | bytes, name: str = "stock.csv") -> int:
        data = content.encode() if isinstance(content, str) else content

        def put(session: Session) -> int:
            return store_upload(self.context, session, [data], name, None).id

        return int(self.in_session(put))

    def submit(self, content: str | bytes, type: str = "stock", **options: Any) -> int:
        file_id = self.store(content)

        def start(session: Session) -> int:
            stored = session.get_one(StoredFile, file_id)
            check = options.pop("check", False)
            how = {"user": None, "options": options, "check": check}
            return dispatch(self.context, session, type, stored, **how).id

        return int(self.in_session(start))

    def run(self, content: str | bytes, type: str = "stock", **options: Any) -> AnyRow:
        return self.work(self.submit(content, type, **options))

    def work(self, job_id: int) -> AnyRow:
        for _ in range(50):
            self.sweeper.run_once()
            self.runner.turn(job_id)
            if (job := self.job(job_id)).status in (*FINAL, "paused"):
                return job
        raise AssertionError(f"the job stays {self.job(job_id).status}")

    def undo(self, job_id: int) -> AnyRow:
        return self.work(
            self.in_session(lambda session: undo(self.context, session, job_id, None).id)
        )

    def undo_refused(self, job_id: int) -> str:
        try:
            self.undo(job_id)
        except JobEngineError as error:
            return error.message
        return ""

    def job(self, job_id: int) -> AnyRow:
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            return connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one()

    def failures(self, job_id: int) -> list[tuple[int, str, str]]:
        query = select(FAILURE.c.row, FAILURE.c.column, FAILURE.c.code)
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            rows = connection.execute(
                query.where(FAILURE.c.job_id == job_id).order_by(FAILURE.c.row)
            )
            return [tuple(row) for row in rows]

    def records(self) -> list[tuple[Any, ...]]:
        """code, name, price, quantity; without the counted id."""
        query = select(STOCK.c.code, STOCK.c.name, STOCK.c.price, STOCK.c.quantity)
        with self.context.target.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            return [tuple(row) for row in connection.execute(query.order_by(STOCK.c.code))]

    def change(self, statement: Any) -> None:
        with self.context.target.begin() as connection:
            connection.execute(statement)


def counts(job: AnyRow) -> tuple[int, int, int, int, int]:
    """created, updated, unchanged, skipped, failed"""
    return job.created, job.updated, job.unchanged, job.skipped, job.failed
