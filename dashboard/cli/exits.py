"""Exit codes of the command line, and a group whose usage errors exit with 64."""

from enum import IntEnum
from typing import Any

import click
from flask.cli import AppGroup


class Exit(IntEnum):
    """0 queued or clean, 1 failed or refused, 2 finished with failures, 64 wrong usage."""

    CLEAN = 0
    FAILED = 1
    WITH_FAILURES = 2
    USAGE = 64


class UsageExits64:
    """click exits 2 on wrong usage, which here means "finished with failures"."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            context: click.Context = super().make_context(*args, **kwargs)  # type: ignore[misc]  # click's
        except click.UsageError as error:
            error.exit_code = Exit.USAGE  # type: ignore[misc]  # click reads it per instance
            raise
        return context

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().invoke(*args, **kwargs)  # type: ignore[misc]  # click's
        except click.UsageError as error:
            error.exit_code = Exit.USAGE  # type: ignore[misc]  # click reads it per instance
            raise

    def resolve_command(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().resolve_command(*args, **kwargs)  # type: ignore[misc]  # click's
        except click.UsageError as error:
            error.exit_code = Exit.USAGE  # type: ignore[misc]  # click reads it per instance
            raise


class UsageCommand(UsageExits64, click.Command):
    """A command whose usage errors exit with 64."""


class UsageGroup(UsageExits64, AppGroup):
    """A group whose usage errors exit with 64; its commands run in an application context."""

    command_class = UsageCommand
