"""Into SQLite by a private stage file: ADBC writes it, sqlite3 attaches it and copies it over.

ADBC brings an SQLite library of its own, which beside Python's in one process breaks the locks of a
shared file and loses committed records. So it only ever sees the stage file, closed before ATTACH.
"""

import os
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from dashboard.records.batch import Batch, insert_all
from dashboard.records.values import stored_in_sqlite
from dashboard.records.written import Written

STAGE_PREFIX = "jobengine-stage-"


class StageFile:
    """Made before the transaction (the stage is written then), attached only while it runs."""

    def __init__(self, batch: Batch) -> None:
        self.name = f"stage_{uuid.uuid4().hex[:12]}"
        self.path = write_stage(batch)
        self.attached = False

    def open(self, connection: Connection) -> None:
        """ATTACH is not allowed in a transaction: on the driver, before BEGIN IMMEDIATE."""
        driver: Any = connection.connection.driver_connection
        driver.execute(f"ATTACH DATABASE ? AS {self.name}", (str(self.path),))
        self.attached = True

    def close(self, connection: Connection | None) -> None:
        if connection is not None and self.attached:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"DETACH DATABASE {self.name}")
        self.attached = False
        self.path.unlink(missing_ok=True)


class SqliteWriter:
    """Inserts a batch in one statement out of its stage file."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.file = StageFile(batch)
        self.open, self.close = self.file.open, self.file.close

    def write(self, connection: Connection) -> Written:
        batch = self.batch
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(map(quote, batch.columns))
        staged = ", ".join(f"c{number}" for number in range(len(batch.columns)))
        statement = (
            f"INSERT INTO main.{quote(batch.table.name)} ({names})"  # noqa: S608 - quoted names
            f" SELECT {staged} FROM {self.file.name}.records WHERE rowid > ? AND rowid <= ?"
            " ORDER BY rowid"
        )

        def send(start: int, stop: int) -> int:
            return connection.exec_driver_sql(statement, (start, stop)).rowcount

        return insert_all(batch, connection, send)


def remove_stages(older_than: float = 3600) -> int:
    """Remove stage files a killed worker left behind (age in seconds); tells how many."""
    stale = [
        path
        for path in Path(tempfile.gettempdir()).glob(f"{STAGE_PREFIX}*")
        if time.time() - path.stat().st_mtime > older_than
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def write_stage(batch: Batch) -> Path:
    """The batch as one SQLite file of its own, columns c0, c1 …; a broken one leaves no file."""
    from adbc_driver_sqlite import dbapi

    handle, name = tempfile.mkstemp(prefix=STAGE_PREFIX, suffix=".sqlite")
    os.close(handle)
    columns = [
        stored_in_sqlite(values, batch.table.c[name].type) for name, values in batch.columns.items()
    ]
    records = pa.table(columns, names=[f"c{number}" for number in range(len(columns))])
    path = Path(name)
    try:
        with dbapi.connect(name, autocommit=True) as connection, connection.cursor() as cursor:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
                cursor.execute(f"PRAGMA {pragma}")
                cursor.fetchall()
            cursor.adbc_ingest("records", records, mode="create")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
