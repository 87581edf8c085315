"""A job's file on the command line: where it may lie, the wait for it, and writing it whole."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import select

from dashboard.cli.jobs import context
from dashboard.cli.watching import Bar, run_inline, watch
from dashboard.errors import NotFound, WrongState
from dashboard.extensions import db
from dashboard.formats.write_options import PACKED_SUFFIXES, SUFFIXES
from dashboard.models.columns import AnyRow
from dashboard.models.stored_file import StoredFile

STDOUT = "-"


def check_place(output: str | None, *, as_json: bool) -> None:
    """Before there is a job: can the file be there? Raises UsageError."""
    if output == STDOUT and as_json:
        raise click.UsageError("-o - and --json both write to standard output. Choose one.")
    if output is None or output == STDOUT:
        return
    if Path(output).is_dir():
        raise click.UsageError(f"{output} is a folder. Name a file in it.")
    if not Path(output).absolute().parent.is_dir():
        raise click.UsageError(f"There is no folder {Path(output).parent} for {output}.")


def by_suffix(name: str) -> tuple[str | None, str | None]:
    """Format and compression that a file's name promises."""
    for compression, packed in PACKED_SUFFIXES.items():
        for format_, suffix in SUFFIXES.items():
            if name.lower().endswith(suffix + packed):
                return format_, compression if packed else None
    return None, None


def stay(job_id: int, *, inline: bool, watching: bool) -> AnyRow:
    """Until the job ends or is paused."""
    with Bar(shown=watching) as bar:
        return (run_inline if inline else watch)(context(), job_id, bar)


def output_key(job: AnyRow) -> str:
    """Where its file lies in the store. Raises NotFound."""
    key = db.session.scalar(select(StoredFile.key).where(StoredFile.id == job.output_id))
    if key is None:
        raise NotFound(f"Job {job.id} has no file.", code="file_gone")
    return key


@contextmanager
def opened(job: AnyRow, output: str) -> Iterator[BinaryIO]:
    """Standard output, or a path where the file appears whole or not at all. Raises WrongState."""
    try:
        if output == STDOUT:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with whole(Path(output)) as target:
                yield target
    except OSError as error:
        message = f"Job {job.id} is done, but {output} cannot be written: {error.strerror}."
        raise WrongState(message, code="output_unwritable") from error


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Under another name until it is closed well."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as target:
            yield target
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
