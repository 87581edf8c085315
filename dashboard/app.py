"""Puts the application together: `create_app(settings)`."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask
from htmx_flask import Htmx

from dashboard.cli.jobs import jobs as jobs_commands
from dashboard.cli.users import setup as setup_command
from dashboard.cli.users import users as users_commands
from dashboard.errors import ConfigurationError
from dashboard.events.listeners import ListenerRegistry
from dashboard.events.log_job_event import log_job_event
from dashboard.events.types import EVENT_TYPES
from dashboard.extensions import csrf, init_database
from dashboard.jobs.context import JobContext
from dashboard.jobs.registry import JobRegistry
from dashboard.lib.logs import configure_logs
from dashboard.models import preview, saved_mapping, token  # noqa: F401 - known to migrations
from dashboard.settings import ROOT, SettingError, Settings, from_environment
from dashboard.task_queue.queue import TaskQueue
from dashboard.web import (
    account,
    audit,
    downloads,
    history,
    imports,
    job,
    login,
    overview,
    theme,
    users,
)
from dashboard.web.errors import init_errors
from dashboard.web.filters import init_filters
from dashboard.web.guard import check_guards, init_guard
from dashboard.web.security import configure_security, init_security
from dashboard.web.theme import init_theme

BLUEPRINTS: tuple[Blueprint, ...] = (
    login.bp,
    overview.bp,
    imports.bp,
    job.bp,
    downloads.bp,
    history.bp,
    account.bp,
    users.bp,
    audit.bp,
    theme.bp,
)


def create_app(settings: Settings | None = None) -> Flask:
    """An application with these settings, or those of the environment. Raises ConfigurationError
    for a broken job type or a route without a guard."""
    settings = settings or from_environment()
    configure_logs(settings.log_level, json=settings.production)
    app = Flask(
        "dashboard",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(settings.instance),
    )
    app.config.update(
        SETTINGS=settings,
        MIGRATIONS=str(ROOT / "migrations"),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    configure_security(app, settings)
    init_extensions(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in (jobs_commands, users_commands, setup_command):
        app.cli.add_command(command)
    check_guards(app)
    return app


def start(read: Callable[[], Settings]) -> Flask:
    """`create_app(read())` for an entry point: what is configured wrong ends the process with its
    message instead of a traceback."""
    try:
        return create_app(read())
    except (SettingError, ConfigurationError) as error:
        raise SystemExit(f"JobEngine cannot start. {error}") from None


def init_extensions(app: Flask, settings: Settings) -> None:
    """In this order: the guard refuses before CSRF protection reads the body."""
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    Htmx(app)
    init_database(app)
    init_guard(app)
    csrf.init_app(app)
    init_security(app, settings)
    init_errors(app)
    init_theme(app)
    init_filters(app)
    registry = JobRegistry(settings.job_types)
    registry.check_paths()
    app.extensions["jobengine_registry"] = registry
    app.extensions["jobengine"] = JobContext(settings, registry, TaskQueue(settings))
    listeners = ListenerRegistry(settings.listeners)
    listeners.add("LogJobEvent", "log", EVENT_TYPES.values(), log_job_event)
    app.extensions["jobengine_listeners"] = listeners


def engine_options(url: str) -> dict[str, Any]:
    """As many connections as gunicorn has threads; most of the time a handful is open."""
    if url.startswith("sqlite"):
        return {"pool_size": 8, "max_overflow": 56}
    return {"pool_size": 8, "max_overflow": 56, "pool_pre_ping": True}
