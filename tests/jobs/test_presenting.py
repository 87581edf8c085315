"""What a person reads of checks, undos and paused jobs."""

from datetime import timedelta
from typing import Any

import pytest

from dashboard.jobs.counts import Counts, frozen
from dashboard.jobs.presenter import JobView
from dashboard.jobs.timeline import entry
from dashboard.lib.clock import now
from dashboard.models.job import Job

BASE = {"total": 9, "created": 0, "updated": 5, "unchanged": 1, "skipped": 2, "failed": 1}


def job(**values: Any) -> Job:
    return Job(**{**BASE, "status": "completed", "purpose": "run", "meta": {}, **values})


@pytest.mark.parametrize(("purpose", "words"), [
    ("run", "0 created, 5 updated, 1 unchanged, 2 skipped, 1 failed, 0 not processed"),
    ("check", "0 new, 5 changed, 1 unchanged, 2 skipped, 1 failed, 0 not processed"),
    ("undo", "0 created, 5 reversed, 1 unchanged, 2 kept, 1 could not be reversed, 0 not"
     " processed"),
])  # fmt: skip
def test_counts_in_words_of_the_purpose(purpose: str, words: str):
    assert frozen(job(purpose=purpose)).sentence == words


@pytest.mark.parametrize(("values", "acts"), [
    ({}, {"retry", "rerun"}),
    ({"undo_until": now() + timedelta(days=1)}, {"retry", "rerun", "undo"}),
    ({"undo_until": now() - timedelta(days=1)}, {"retry", "rerun"}),
    ({"undo_until": now() + timedelta(days=1), "meta": {"undone_by": 7}}, {"retry", "rerun"}),
    ({"purpose": "check", "failed": 0}, set()),
    ({"status": "cancelling"}, {"force"}),
])  # fmt: skip
def test_what_can_be_done(values: dict[str, Any], acts: set[str]):
    made = job(**values)
    assert JobView(made, frozen(made)).acts == acts


@pytest.mark.parametrize(("code", "said"), [("error_budget", "Too many."), ("other", None)])
def test_why_it_paused_by_itself(code: str, said: str | None):
    paused = job(status="paused", error_code=code, error_message="Too many.")
    assert JobView(paused, Counts(9)).over_budget == said


@pytest.mark.parametrize(("purpose", "text"), [
    ("run", "Put in line"),
    ("check", "Check put in line: nothing will be written"),
    ("undo", "Undo put in line"),
])  # fmt: skip
def test_the_story_tells_the_purpose(purpose: str, text: str):
    told = entry("JobEnqueued", {"round": 1, "job": {"purpose": purpose}}, now())
    assert told.text == text


def test_the_story_of_an_undone_import():
    payload = {"actor": "ann@example.com", "undo_job_id": 9, "reversed_count": 1200}
    told = entry("ImportUndone", {**payload, "kept_count": 3, "failed_count": 1}, now())
    assert told.text == "Undone by ann@example.com (job 9)"
    assert told.under == "1,200 rows reversed, 3 kept, 1 could not be"
