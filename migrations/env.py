"""Runs migrations on the application database and, when it is another one, on the target."""

from alembic import context
from flask import current_app
from sqlalchemy import Engine

from dashboard.extensions import Base, make_engine

settings = current_app.config["SETTINGS"]


def databases() -> list[tuple[str, str]]:
    """Which part of the schema goes where; one shared database holds both."""
    if settings.same_database:
        return [("both", settings.database_url)]
    return [("app", settings.database_url), ("target", settings.target_database_url)]


def upgrade_one(engine: Engine, part: str) -> None:
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        driver = connection.connection.driver_connection
        if sqlite:
            # Batch mode rebuilds tables: enforced, dropping a parent would delete its children.
            driver.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=sqlite,
            transactional_ddl=True,
            compare_type=True,
            part=part,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.in_transaction():
            connection.commit()
        if sqlite:
            broken = driver.execute("PRAGMA foreign_key_check").fetchall()
            driver.execute("PRAGMA foreign_keys=ON")
            if broken:
                raise RuntimeError(f"Rows without their parent after the migration: {broken[:5]}")
    engine.dispose()


for part, url in databases():
    upgrade_one(make_engine(url), part)
