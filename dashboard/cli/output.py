"""What the command line prints: one JSON object on stdout, or plain lines; all else on stderr."""

import json
from typing import Any

import click

from dashboard.cli.exits import Exit
from dashboard.jobs.serial import cli_body
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job
from dashboard.models.states import FINAL, JobStatus


def say(text: str) -> None:
    click.echo(text, err=True)


def print_json(body: Any) -> None:
    click.echo(json.dumps(body, ensure_ascii=False, default=str))


def print_job(job: AnyRow | Job, *, as_json: bool) -> None:
    body = cli_body(job)
    if as_json:
        print_json(body)
        return
    click.echo(f"Job {body['id']} {body['type']} ({body['kind']}): {body['status']}")
    if body["total"] is not None:
        counts = ", ".join(
            f"{body[name]:,} {name.replace('_', ' ')}"
            for name in ("created", "updated", "unchanged", "skipped", "failed", "not_processed")
        )
        click.echo(f"{body['total']:,} rows: {counts}")
    if body.get("deleted") is not None:
        kept = f"{body['kept']:,} kept because other records name them"
        click.echo(f"{body['deleted']:,} deleted, {kept}")
    if body["seconds"] is not None:
        click.echo(f"{body['seconds']:.2f} s, {body['rows_per_second'] or 0:,.0f} rows/s")
    if body["error"]:
        click.echo(body["error"])


def exit_code(job: AnyRow | Job) -> Exit:
    """Of a job that ended; one still on its way counts as queued."""
    if job.status not in FINAL:
        return Exit.CLEAN
    if job.status != JobStatus.COMPLETED or job.not_processed:
        return Exit.FAILED
    return Exit.WITH_FAILURES if job.failed else Exit.CLEAN
