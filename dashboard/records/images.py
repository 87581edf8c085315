"""Before-images: what updated records held, kept in the target database until it can go (undo)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    inspect,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from dashboard.errors import ConfigurationError

IMAGES = Table(
    "jobengine_images",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("job_uuid", String(36), nullable=False),
    Column("chunk", Integer, nullable=False),
    # The row of the file, as its failures number it.
    Column("row", BigInteger, nullable=False),
    # {stored column: value as records/raw_values.py keeps it}; before and after hold only the
    # columns that changed.
    Column("key", JSON, nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Index("ix_jobengine_images_job_uuid_chunk", "job_uuid", "chunk"),
)


def ensure_images(target: Engine) -> None:
    """Create the table where it is missing; refused at start-up without the right to."""
    try:
        IMAGES.create(target, checkfirst=True)
    except SQLAlchemyError as error:
        if inspect(target).has_table(IMAGES.name):  # another worker's start was faster
            return
        raise ConfigurationError(
            "The target database does not let JobEngine create its table jobengine_images, which"
            " keeps what updates overwrite. Grant CREATE, create the table by hand, or set"
            " undo_days to 0 for the job types that update.",
            code="images_refused",
        ) from error


def images_of(connection: Connection, job_uuid: str, chunk: int) -> Sequence[Any]:
    """Rows with `row`, `key`, `before` and `after`, in the order of the file."""
    query = select(IMAGES.c.row, IMAGES.c.key, IMAGES.c.before, IMAGES.c.after)
    mine = (IMAGES.c.job_uuid == job_uuid, IMAGES.c.chunk == chunk)
    return connection.execute(query.where(*mine).order_by(IMAGES.c.row, IMAGES.c.id)).all()


def forget_images(connection: Connection, job_uuid: str) -> int:
    """The job can no longer be undone; tells how many images went."""
    return connection.execute(delete(IMAGES).where(IMAGES.c.job_uuid == job_uuid)).rowcount
