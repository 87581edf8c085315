"""The files a sync has wholly taken, by the mark its source gives them."""

import hashlib
from collections.abc import Collection, Sequence

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from dashboard.lib.clock import now
from dashboard.models.columns import UtcDateTime

# A mark is as long as a path; what is looked up is short.
TAKEN_FILES = Table(
    "jobengine_taken_files",
    MetaData(),
    Column("type", String(80), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("mark", Text, nullable=False),
    Column("job_uuid", String(36), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
IN_ONE_LIST = 500


def digest(mark: str) -> str:
    return hashlib.sha256(mark.encode()).hexdigest()


def keep_marks(connection: Connection, name: str, marks: Sequence[str], job_uuid: str) -> None:
    """In the transaction of the files' last chunk; a full refresh takes known ones again."""
    if not marks:
        return
    rows = {digest(mark): mark for mark in marks}
    forget_marks(connection, name, list(rows))
    added = [
        {"type": name, "digest": key, "mark": mark, "job_uuid": job_uuid, "at": now()}
        for key, mark in rows.items()
    ]
    connection.execute(insert(TAKEN_FILES), added)


def taken_marks(connection: Connection, name: str, marks: Sequence[str]) -> Collection[str]:
    """Those of the marks that an earlier run has taken."""
    if not connection.dialect.has_table(connection, TAKEN_FILES.name):
        return frozenset()
    by_digest, found = {digest(mark): mark for mark in marks}, set[str]()
    digests = list(by_digest)
    for start in range(0, len(digests), IN_ONE_LIST):
        some = TAKEN_FILES.c.digest.in_(digests[start : start + IN_ONE_LIST])
        query = select(TAKEN_FILES.c.digest).where(TAKEN_FILES.c.type == name, some)
        found |= {by_digest[key] for key in connection.scalars(query)}
    return found


def forget_marks(connection: Connection, name: str, digests: Sequence[str] | None = None) -> int:
    """Of these digests, or of all the type's files; tells how many."""
    of_type = TAKEN_FILES.c.type == name
    if digests is None:
        return connection.execute(delete(TAKEN_FILES).where(of_type)).rowcount
    gone = 0
    for start in range(0, len(digests), IN_ONE_LIST):
        some = TAKEN_FILES.c.digest.in_(digests[start : start + IN_ONE_LIST])
        gone += connection.execute(delete(TAKEN_FILES).where(of_type, some)).rowcount
    return gone


def count_taken(connection: Connection, name: str) -> int:
    if not connection.dialect.has_table(connection, TAKEN_FILES.name):
        return 0
    query = select(func.count()).where(TAKEN_FILES.c.type == name)
    return int(connection.scalar(query) or 0)
