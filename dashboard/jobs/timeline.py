"""A job's story, newest first: its events in words, and what its rows say of the preparing."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from dashboard.jobs.pace import clock_text
from dashboard.jobs.presenter import JobView
from dashboard.models.columns import table_of
from dashboard.models.outbox import OutboxEvent

EVENT = table_of(OutboxEvent)
MOST_EVENTS, MOST_ENTRIES = 300, 40


LINES = {
    "run": "Put in line",
    "check": "Check put in line: nothing will be written",
    "undo": "Undo put in line",
}
BEGUN = {
    "run": "The file is cut into chunks",
    "check": "The file is cut into chunks",
    "undo": "The import's own chunks, the last one first",
    "sync": "The source is read to its end before anything is written",
    "export": "Rows of one moment, written part by part",
    "report": "The query runs in a process of its own",
}
# What the rows did, what is said of failed ones, and the word for the end.
ENDED = {
    "run": ("", "rows failed", "Completed"),
    "check": ("would be taken ", "would fail", "Check completed"),
    "undo": ("reversed ", "could not be reversed", "Undo completed"),
    "export": ("written ", "rows failed", "Completed"),
}


class Entry(NamedTuple):
    """One line: when, a sign, what happened, and the detail under it."""

    at: datetime
    icon: str
    tone: str
    text: str
    under: str = ""


def timeline(connection: Connection, view: JobView) -> list[Entry]:
    """The newest entries. Progress is left out: the page shows it better."""
    query = (
        select(EVENT.c.name, EVENT.c.payload, EVENT.c.created_at)
        .where(EVENT.c.job_id == view.job.id, EVENT.c.name != "JobProgressed")
        .order_by(EVENT.c.id.desc())
        .limit(MOST_EVENTS)
    )
    rows = [row for row in connection.execute(query) if not told_twice(row.name, row.payload)]
    found = collapsed([entry(row.name, row.payload, row.created_at) for row in rows])
    if view.job.file is not None and view.job.file.created_at <= view.job.created_at:
        who = view.job.user.name if view.job.user else "The system"
        found.append(Entry(view.job.file.created_at, "upload", "idle", f"{who} sent the file"))
    return found[:MOST_ENTRIES]


def told_twice(name: str, payload: Mapping[str, Any]) -> bool:
    """A chunk that failed and is tried again writes two events; the second says it all."""
    return name == "JobFailed" and bool(payload["will_retry"])


def collapsed(entries: list[Entry]) -> list[Entry]:
    """Neighbours that differ in the chunk alone become one line."""
    found: list[Entry] = []
    for key, same in groupby(entries, lambda item: (item.icon, item.tone, item.under)):
        first, *others = same
        if others and key[2] and first.text.startswith("Chunk "):
            what = first.text.split(" ", 2)[2].replace("failed,", "failures,")
            chunks = "chunk" if what.startswith("failures") else "chunks"
            first = first._replace(text=f"{len(others) + 1} {chunks} {what}")
            others = []
        found += [first, *others]
    return found


def entry(name: str, payload: Mapping[str, Any], at: datetime) -> Entry:
    maker = WORDS.get(name)
    return Entry(at, *maker(payload)) if maker else Entry(at, "info-circle", "idle", name)


def enqueued(payload: Mapping[str, Any]) -> tuple[str, ...]:
    if payload["round"] > 1:
        return (
            "refresh",
            "run",
            f"Round {payload['round']} asked for",
            "Only what failed runs again",
        )
    return "clock", "idle", LINES[purpose_of(payload)]


def started(payload: Mapping[str, Any]) -> tuple[str, ...]:
    under = f"Round {payload['round']}" if payload["round"] > 1 else BEGUN[kind_of(payload, BEGUN)]
    return "cpu", "run", "A worker began", under


def retrying(payload: Mapping[str, Any]) -> tuple[str, ...]:
    return "refresh", "warn", f"{subject(payload)} failed, tried again", payload["error"]


def failed(payload: Mapping[str, Any]) -> tuple[str, ...]:
    if payload.get("chunk") is None:
        return "circle-x", "bad", "The job failed", payload["error_message"]
    return "alert-triangle", "bad", f"{subject(payload)} failed for good", payload["error_message"]


def completed(payload: Mapping[str, Any]) -> tuple[str, ...]:
    refused = payload["failed_count"]
    rows, failed, word = ENDED[kind_of(payload, ENDED)]
    took = f"{payload['succeeded_count']:,} rows {rows}in {spell(payload['duration'])}"
    if refused:
        return "circle-check", "warn", word, f"{took}, {refused:,} {failed}"
    return "circle-check", "ok", word, took


def undone(payload: Mapping[str, Any]) -> tuple[str, ...]:
    who = payload.get("actor") or "the system"
    under = f"{payload['reversed_count']:,} rows reversed, {payload['kept_count']:,} kept"
    if payload["failed_count"]:
        under += f", {payload['failed_count']:,} could not be"
    return "arrow-back-up", "idle", f"Undone by {who} (job {payload['undo_job_id']})", under


def purpose_of(payload: Mapping[str, Any]) -> str:
    """Events of before there were purposes are of runs."""
    return str(payload.get("job", {}).get("purpose", "run"))


def kind_of(payload: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """A kind whose runs have words of their own, else the purpose."""
    purpose, kind = purpose_of(payload), str(payload.get("kind"))
    return kind if purpose == "run" and kind in words else purpose


def acted(icon: str, text: str) -> Any:
    """Pausing, resuming, cancelling: who did it and why."""

    def words(payload: Mapping[str, Any]) -> tuple[str, ...]:
        who = payload.get("actor") or "the system"
        return icon, "idle", f"{text} by {who}", payload.get("reason") or ""

    return words


def subject(payload: Mapping[str, Any]) -> str:
    return "The job" if payload.get("chunk") is None else f"Chunk {payload['chunk']}"


def spell(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{clock_text(seconds)} min"


WORDS: Mapping[str, Any] = {
    "JobEnqueued": enqueued,
    "JobStarted": started,
    "JobRetrying": retrying,
    "JobFailed": failed,
    "JobCompleted": completed,
    "JobPaused": acted("player-pause", "Paused"),
    "JobResumed": acted("player-play", "Resumed"),
    "JobCancelled": acted("ban", "Cancelled"),
    "ImportUndone": undone,
}
