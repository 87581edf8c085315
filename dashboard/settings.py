"""Every setting: unit, default, read from the environment once. See docs/settings.md."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
# A wheel holds templates, static files and migrations inside the package; a checkout beside it.
SHIPPED = PACKAGE if (PACKAGE / "templates").is_dir() else ROOT
HOME = ROOT if SHIPPED is ROOT else Path.cwd()


class SettingError(ValueError):
    """A setting in the environment cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What this process runs with. Sizes in bytes, times in seconds."""

    env: str = "development"
    instance: Path = HOME / "instance"
    database_url: str = ""
    target_database_url: str = ""
    queue_url: str = ""
    storage_url: str = ""
    storage_presign: bool = False
    host: str = "127.0.0.1"
    port: int = 4000
    public_url: str = ""
    trusted_proxies: int = 0
    secret_key: str = ""
    secrets_keys: tuple[str, ...] = ()
    token_secret: str = ""
    refresh_token_secret: str = ""
    cors_origins: tuple[str, ...] = ()
    admin_email: str = ""
    admin_password: str = ""
    outbound_networks: tuple[str, ...] = ()
    smtp_url: str = ""
    mail_from: str = ""
    mail_domains: tuple[str, ...] = ()
    max_upload_bytes: int = 5 * 1024**3
    workers: int = 2
    log_level: str = "INFO"
    demo: bool = True
    chunk_bytes: int = 2 * 1024**2
    lease_seconds: float = 15.0
    turn_seconds: float = 2.0
    file_days: int = 30
    export_days: int = 7
    failure_days: int = 90
    draft_days: int = 7
    job_types: Mapping[str, Any] = field(default_factory=dict)
    listeners: Mapping[str, bool] = field(default_factory=lambda: {"log": True})

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def same_database(self) -> bool:
        """Records and jobs share one database, so one transaction covers both (I1)."""
        return self.target_database_url == self.database_url


def from_environment(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read every setting once; `overrides` are field names of Settings and win."""
    env = os.environ if environ is None else environ
    mode = choice(env, "JOBENGINE_ENV", "development", ("development", "production"))
    instance = Path(overrides.get("instance") or env.get("INSTANCE_PATH") or HOME / "instance")
    database_url = sqlalchemy_url(env.get("DATABASE_URL") or f"file:{instance / 'jobengine.db'}")
    values: dict[str, Any] = {
        "env": mode,
        "instance": instance.resolve(),
        "database_url": database_url,
        "target_database_url": sqlalchemy_url(env.get("TARGET_DATABASE_URL") or database_url),
        "queue_url": queue_url(env, instance),
        "storage_url": env.get("STORAGE_URL") or str(instance.resolve() / "storage"),
        "storage_presign": whole(env, "STORAGE_PRESIGN", 0, low=0, high=1) == 1,
        "host": env.get("HOST") or "127.0.0.1",
        "port": whole(env, "PORT", 4000, low=1, high=65535),
        "public_url": env.get("PUBLIC_URL", "").rstrip("/"),
        "trusted_proxies": whole(env, "TRUSTED_PROXIES", 0, low=0, high=10),
        "secret_key": secret(env, "SECRET_KEY", instance, mode),
        "token_secret": secret(env, "TOKEN_SECRET", instance, mode),
        "refresh_token_secret": secret(env, "REFRESH_TOKEN_SECRET", instance, mode),
        "secrets_keys": tuple(words(env, "SECRETS_KEY")),
        "outbound_networks": networks(env, "WEBHOOK_ALLOW_NETWORKS"),
        "smtp_url": mail_server(env, "SMTP_URL"),
        "mail_from": env.get("MAIL_FROM", ""),
        "mail_domains": tuple(word.lower() for word in words(env, "MAIL_DOMAINS")),
        "cors_origins": origins(env, "CORS_ORIGINS", mode),
        "admin_email": env.get("ADMIN_EMAIL", ""),
        "admin_password": env.get("ADMIN_PASSWORD", ""),
        "max_upload_bytes": whole(env, "MAX_UPLOAD_BYTES", 5 * 1024**3, low=1),
        "workers": whole(env, "WORKERS", 2, low=1, high=256),
        "file_days": whole(env, "FILE_DAYS", 30, low=1, high=36_500),
        "export_days": whole(env, "EXPORT_DAYS", 7, low=1, high=36_500),
        "failure_days": whole(env, "FAILURE_DAYS", 90, low=1, high=36_500),
        "draft_days": whole(env, "DRAFT_DAYS", 7, low=1, high=36_500),
        "log_level": choice(
            env, "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
        ),
        "demo": whole(env, "DEMO", 0 if mode == "production" else 1, low=0, high=1) == 1,
    }
    return Settings(**{**values, **overrides})


def choice(env: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or default
    if value not in allowed:
        raise SettingError(f"{name}={value!r} is not allowed; use one of {', '.join(allowed)}.")
    return value


def whole(
    env: Mapping[str, str], name: str, default: int, *, low: int, high: int | None = None
) -> int:
    text = env.get(name) or str(default)
    bounds = f"a whole number from {low}" + (f" to {high}" if high is not None else "")
    if not text.isascii() or not text.isdigit():
        raise SettingError(f"{name}={text!r} is not a number; use {bounds}.")
    value = int(text)
    if value < low or (high is not None and value > high):
        raise SettingError(f"{name}={text} is out of range; use {bounds}.")
    return value


def sqlalchemy_url(url: str) -> str:
    """`file:PATH` and `sqlite:///PATH` become an absolute SQLite path; PostgreSQL gets psycopg."""
    if url.startswith("file:"):
        url = "sqlite:///" + url.removeprefix("file:").removeprefix("//")
    if url.startswith("sqlite:///"):
        return f"sqlite:///{Path(url.removeprefix('sqlite:///')).resolve()}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith("postgresql+psycopg://"):
        raise SettingError(f"The database URL {url!r}: use postgresql://… or file:PATH.")
    return url


def queue_url(env: Mapping[str, str], instance: Path) -> str:
    if env.get("QUEUE_URL"):
        url = env["QUEUE_URL"]
    elif env.get("REDIS_HOST"):
        url = f"redis://{env['REDIS_HOST']}:{env.get('REDIS_PORT') or 6379}/0"
    else:
        url = f"sqlite:///{instance.resolve() / 'queue.db'}"
    allowed = ("sqlite:", "file:", "redis:", "rediss:", "postgresql", "memory:")
    if not url.startswith(allowed):
        raise SettingError(f"QUEUE_URL={url!r}: use sqlite:///, redis:// or postgresql://.")
    return url


def words(env: Mapping[str, str], name: str, default: str = "") -> list[str]:
    """A list written with commas or blanks, each once."""
    return list(dict.fromkeys(env.get(name, default).replace(",", " ").split()))


def networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Networks (CIDR) that outbound calls may reach though they are private."""
    found = words(env, name)
    for network in found:
        try:
            ip_network(network)
        except ValueError as error:
            raise SettingError(
                f"{name}={network!r}: {error}. Use 10.1.0.0/16 or ::1/128."
            ) from None
    return tuple(found)


def mail_server(env: Mapping[str, str], name: str) -> str:
    url = env.get(name, "")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
        raise SettingError(f"{name}: use smtp://[user:password@]host[:port] or smtps://….")
    return url


def origins(env: Mapping[str, str], name: str, mode: str) -> tuple[str, ...]:
    """Origins that browsers may call the API from; `*` (all) unless this is production."""
    found = tuple(words(env, name, "" if mode == "production" else "*"))
    for origin in found:
        parts = urlsplit(origin)
        if origin != "*" and origin != f"{parts.scheme}://{parts.netloc}":
            raise SettingError(
                f"{name}={origin!r} is no origin; use https://host[:port] without a path, or *."
            )
    return found


def secret(env: Mapping[str, str], name: str, instance: Path, mode: str) -> str:
    """From the environment; else made once and kept in the instance folder (mode 600)."""
    if env.get(name):
        return env[name]
    if mode == "production":
        raise SettingError(f"{name} is not set; production needs one (at least 32 random bytes).")
    path = instance / name.lower()
    if not path.exists():
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole under its name or not at all: web and consumers may start at the same moment.
        handle, partial = tempfile.mkstemp(dir=instance)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(partial, path)
        os.unlink(partial)
    return path.read_text()
