"""Settings: defaults, what is refused, secrets that are made once."""

import os
from pathlib import Path

import pytest

from config import SettingError, from_environment, sqlalchemy_url

PRODUCTION = {
    "JOBENGINE_ENV": "production",
    "SECRET_KEY": "k" * 32,
    "TOKEN_SECRET": "t" * 32,
    "REFRESH_TOKEN_SECRET": "r" * 32,
}


def test_defaults(tmp_path: Path):
    settings = from_environment({}, instance=tmp_path)
    assert (settings.env, settings.port, settings.workers) == ("development", 4000, 2)
    assert settings.database_url == f"sqlite:///{tmp_path / 'jobengine.db'}"
    assert settings.queue_url == f"sqlite:///{tmp_path / 'queue.db'}"
    assert settings.same_database
    assert settings.demo


def test_another_target(tmp_path: Path):
    environ = {"TARGET_DATABASE_URL": "postgres://db/target"}
    settings = from_environment(environ, instance=tmp_path)
    assert settings.target_database_url == "postgresql+psycopg://db/target"
    assert not settings.same_database


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"JOBENGINE_ENV": "test"}, "JOBENGINE_ENV"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORT": "four"}, "PORT"),
        ({"WORKERS": "-1"}, "WORKERS"),
        ({"WORKERS": "²"}, "WORKERS"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"DEMO": "yes"}, "DEMO"),
        ({"QUEUE_URL": "amqp://host"}, "QUEUE_URL"),
        ({"DATABASE_URL": "mysql://host/db"}, "mysql"),
        ({"DATABASE_URL": "sqlite://"}, "sqlite"),
        ({"JOBENGINE_ENV": "production"}, "SECRET_KEY"),
        ({**PRODUCTION, "TOKEN_SECRET": ""}, "TOKEN_SECRET"),
        ({**PRODUCTION, "REFRESH_TOKEN_SECRET": ""}, "REFRESH_TOKEN_SECRET"),
        ({"CORS_ORIGINS": "https://a.example/path"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "a.example"}, "CORS_ORIGINS"),
    ],
)
def test_a_wrong_one_is_named(tmp_path: Path, environ: dict[str, str], name: str):
    with pytest.raises(SettingError, match=name):
        from_environment(environ, instance=tmp_path)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("file:/data/a.db", "sqlite:////data/a.db"),
        ("file:///data/a.db", "sqlite:////data/a.db"),
        ("sqlite:////data/a.db", "sqlite:////data/a.db"),
        ("postgresql://h/d", "postgresql+psycopg://h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
    ],
)
def test_database_urls(url: str, found: str):
    assert sqlalchemy_url(url) == found


def test_a_relative_path_is_made_absolute():
    assert sqlalchemy_url("file:a.db") == f"sqlite:///{Path.cwd() / 'a.db'}"


def test_redis_from_host_and_port(tmp_path: Path):
    environ = {"REDIS_HOST": "cache", "REDIS_PORT": "6380"}
    assert from_environment(environ, instance=tmp_path).queue_url == "redis://cache:6380/0"


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path):
    keys = {from_environment({}, instance=tmp_path / "new").secret_key for _ in range(2)}
    assert len(keys) == 1
    assert len(keys.pop()) >= 32
    assert os.stat(tmp_path / "new" / "secret_key").st_mode & 0o777 == 0o600
    kept = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert kept == ["refresh_token_secret", "secret_key", "token_secret"]


def test_production_has_no_demo(tmp_path: Path):
    settings = from_environment(PRODUCTION, instance=tmp_path)
    assert settings.production
    assert not settings.demo


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, ("*",)),
        (PRODUCTION, ()),
        ({"CORS_ORIGINS": ""}, ()),
        (
            {"CORS_ORIGINS": "https://a.example, http://b.example:81"},
            ("https://a.example", "http://b.example:81"),
        ),
    ],
)
def test_origins(tmp_path: Path, environ: dict[str, str], found: tuple[str, ...]):
    assert from_environment(environ, instance=tmp_path).cors_origins == found
