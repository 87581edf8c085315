"""Puts the application together: `create_app(settings)`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from flask import Blueprint, Flask
from htmx_flask import Htmx

from dashboard.api.errors import answer_error
from dashboard.api.surface import init_api
from dashboard.cli.exports import export as export_command
from dashboard.cli.imports import import_ as import_command
from dashboard.cli.jobs import jobs as jobs_commands
from dashboard.cli.publishing import publish as publish_command
from dashboard.cli.reports import report as report_command
from dashboard.cli.schedules import schedules as schedules_commands
from dashboard.cli.syncs import sync as sync_command
from dashboard.cli.tokens import tokens as tokens_commands
from dashboard.cli.users import setup as setup_command
from dashboard.cli.users import users as users_commands
from dashboard.errors import ConfigurationError
from dashboard.events.listeners import ListenerRegistry
from dashboard.events.log_job_event import log_job_event
from dashboard.events.types import EVENT_TYPES, JobCompleted
from dashboard.extensions import csrf, init_database
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import UPLOADS
from dashboard.jobs.entry_points import join_job_types, packaged_job_types
from dashboard.jobs.registry import JobRegistry
from dashboard.kinds.submitted import read_data
from dashboard.lib.logs import configure_logs
from dashboard.lib.secrets import SecretBox
from dashboard.reports.mailing import LISTENER, send_report_by_mail
from dashboard.schedules.following import Followers
from dashboard.settings import SHIPPED, SettingError, Settings, from_environment
from dashboard.storage.receiving import receiving
from dashboard.task_queue.queue import TaskQueue
from dashboard.web import (
    account,
    audit,
    downloads,
    export_new,
    export_presets,
    exports,
    history,
    import_steps,
    import_templates,
    imports,
    job,
    job_fixes,
    job_followups,
    login,
    mappings,
    overview,
    reports,
    reports_results,
    schedules,
    syncs,
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
    import_steps.bp,
    import_templates.bp,
    exports.bp,
    export_new.bp,
    export_presets.bp,
    syncs.bp,
    reports.bp,
    reports_results.bp,
    schedules.bp,
    mappings.bp,
    job.bp,
    job_fixes.bp,
    job_followups.bp,
    downloads.bp,
    history.bp,
    account.bp,
    users.bp,
    audit.bp,
    theme.bp,
)


def create_app(config: Settings | ModuleType | Mapping[str, Any] | None = None) -> Flask:
    """An application with these settings.

    `config` is Settings, or a project's config (a module or mapping with JOB_TYPES and, if it
    likes, LISTENERS), whose other settings come from the environment. Raises ConfigurationError for
    a broken job type or a route without a guard.
    """
    settings = with_packages(config if isinstance(config, Settings) else settings_of(config))
    configure_logs(settings.log_level, json=settings.production)
    app = Flask(
        "dashboard",
        template_folder=str(SHIPPED / "templates"),
        static_folder=str(SHIPPED / "static"),
        instance_path=str(settings.instance),
    )
    app.config.update(
        SETTINGS=settings,
        MIGRATIONS=str(SHIPPED / "migrations"),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    SecretBox(settings.secrets_keys, settings.secret_key)  # a key that is none is named now
    configure_security(app, settings)
    init_extensions(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    init_api(app)
    for command in (jobs_commands, users_commands, tokens_commands, setup_command):
        app.cli.add_command(command)
    kinds = (import_command, export_command, sync_command, report_command)
    for job_command in (*kinds, publish_command):
        jobs_commands.add_command(job_command)
    jobs_commands.add_command(schedules_commands)
    check_guards(app)
    return app


def settings_of(config: ModuleType | Mapping[str, Any] | None) -> Settings:
    given = vars(config) if isinstance(config, ModuleType) else dict(config or {})
    names = {"JOB_TYPES": "job_types", "LISTENERS": "listeners"}
    return from_environment(**{names[name]: given[name] for name in names if name in given})


def with_packages(settings: Settings) -> Settings:
    """The job types of the configuration and those that installed packages bring."""
    return replace(settings, job_types=join_job_types(settings.job_types, packaged_job_types()))


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
    init_errors(app, answer_error)
    init_theme(app)
    init_filters(app)
    registry = JobRegistry(settings.job_types)
    registry.check_paths()
    app.extensions["jobengine_registry"] = registry
    context = JobContext(settings, registry, TaskQueue(settings))
    app.extensions["jobengine"] = context
    app.request_class = receiving(app.request_class, lambda: context.store.local_path(UPLOADS))
    listeners = ListenerRegistry(settings.listeners)
    listeners.add("LogJobEvent", "log", EVENT_TYPES.values(), log_job_event)
    followers = Followers(context, read_data)
    listeners.add(LISTENER, "mail", [JobCompleted], send_report_by_mail(context))
    listeners.add("StartSchedules", "schedules", [JobCompleted], followers.handle)
    app.extensions["jobengine_listeners"] = listeners


def engine_options(url: str) -> dict[str, Any]:
    """As many connections as gunicorn has threads; most of the time a handful is open."""
    if url.startswith("sqlite"):
        return {"pool_size": 8, "max_overflow": 56}
    return {"pool_size": 8, "max_overflow": 56, "pool_pre_ping": True}
