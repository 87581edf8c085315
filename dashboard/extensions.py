"""The Flask extensions, the declarative base, and the one way to open a transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, has_request_context, request
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sock import Sock
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the application database; constraints are named for migrations."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()
sock = Sock()


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit what happens inside, or roll all of it back. Edges open it; code below flushes."""
    session = db.session
    try:
        yield session()
        session.commit()
    except BaseException:
        session.rollback()
        raise


def tune_sqlite(engine: Engine) -> None:
    """WAL, a busy timeout, enforced foreign keys, and transactions that begin when we say (I10)."""
    if engine.dialect.name != "sqlite" or event.contains(engine, "begin", begin_sqlite):
        return
    event.listen(engine, "connect", connect_sqlite)
    event.listen(engine, "begin", begin_sqlite)


def connect_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):  # pragma: no cover - guards I10
        raise TypeError("A database file is opened by Python's sqlite3 only.")
    connection.isolation_level = None
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    """Writers take the write lock at once; a read that would upgrade later fails at random."""
    mode = connection.get_execution_options().get("sqlite_begin")
    if mode is None:
        reading = has_request_context() and request.method in ("GET", "HEAD", "OPTIONS")
        mode = "DEFERRED" if reading else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {mode}")


def make_engine(url: str, **options: Any) -> Engine:
    """An engine outside Flask-SQLAlchemy (target database, worker's writer), tuned the same."""
    engine = create_engine(url, **options)
    tune_sqlite(engine)
    return engine


def init_database(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=app.config["MIGRATIONS"], render_as_batch=True)
    with app.app_context():
        tune_sqlite(db.engine)
