"""What somebody submits for a sync from outside, checked before there is a job."""

from collections.abc import Mapping
from typing import Any

from dashboard.jobs.chunk_job import Connect
from dashboard.jobs.registry import JobType
from dashboard.jobs.submission import (
    Submitted,
    count_from,
    given,
    later,
    percent,
    run_at,
    truth,
    wrong,
)
from dashboard.sync.sync import sync_for

CHECKS: Mapping[str, Any] = {
    "fullRefresh": truth,
    "mostDeletedPercent": percent,
    "chunkRows": count_from(1),
    "runAt": later,
}
OF_JOB = ("fullRefresh", "mostDeletedPercent")
IMPORTED, EXPORTED = "an import", "an export"
ELSEWHERE = {
    **dict.fromkeys(("file", "mapping", "mode", "key", "check", "duplicates", "blanks"), IMPORTED),
    **dict.fromkeys(("filters", "columns", "format", "compression"), EXPORTED),
}


def read_data(job_type: JobType, data: Mapping[str, Any], connect: Connect) -> Submitted:
    """From the API's `data`. Raises InputRefused naming the key that is unknown or wrong."""
    said = given(data, CHECKS, ELSEWHERE)
    if "mostDeletedPercent" in said and sync_for(job_type).mode != "mirror":
        message = f"mostDeletedPercent is for a mirror; {job_type.name} deletes nothing."
        raise wrong("mostDeletedPercent", message)
    options = {name: value for name, value in said.items() if name in OF_JOB}
    return Submitted(options=options, chunk_rows=said.get("chunkRows"), run_at=run_at(said))
