"""JSON schemas of the API's bodies, for `/api/openapi.json`."""

from collections.abc import Mapping
from typing import Any

from dashboard.models.states import JobStatus, RestState

TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "integer"}
MAYBE_NUMBER: Mapping[str, Any] = {"type": ["integer", "null"]}
MAYBE_TEXT: Mapping[str, Any] = {"type": ["string", "null"]}
COUNTED = ("created", "updated", "unchanged", "skipped", "failed")


def an_object(**properties: Any) -> dict[str, Any]:
    """Every key is always there."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def many(schema: Any) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


FIELD = {
    "type": "object",
    "properties": {"name": TEXT, "type": TEXT, "required": {"type": "boolean"}, "label": TEXT},
    "required": ["name", "type", "required"],
}
MAYBE_TIME: Mapping[str, Any] = {"type": ["string", "null"], "format": "date-time"}
TIME: Mapping[str, Any] = {"type": "string", "format": "date-time"}
TRUTH: Mapping[str, Any] = {"type": "boolean"}
AFTER = an_object(type=TEXT, outcome={"enum": ["clean", "any"]})
# What a person says of a schedule; the rest is told of it.
SCHEDULE_SENT: dict[str, Any] = {
    "type": TEXT,
    "name": TEXT,
    "data": {"type": "object"},
    "cron": MAYBE_TEXT,
    "timezone": TEXT,
    "after": {"anyOf": [AFTER, {"type": "null"}]},
    "overlap": {"enum": ["skip", "queue"]},
    "catchUp": {"enum": ["none", "one", "all"]},
    "active": TRUTH,
}
SCHEMAS: dict[str, Any] = {
    "ScheduleSent": {"type": "object", "properties": {**SCHEDULE_SENT, "version": NUMBER}},
    "ScheduleRun": an_object(
        kind=TEXT, outcome=TEXT, dueAt=MAYBE_TIME, at=TIME, jobId=MAYBE_TEXT, message=MAYBE_TEXT
    ),
    "Schedule": an_object(
        id=TEXT,
        **SCHEDULE_SENT,
        words=TEXT,
        pauseReason=MAYBE_TEXT,
        userId=TEXT,
        nextRuns=many(TIME),
        lastRun={"anyOf": [ref("ScheduleRun"), {"type": "null"}]},
        missed=NUMBER,
        version=NUMBER,
        createdAt=TIME,
        changedAt=TIME,
    ),
    "ScheduleList": an_object(schedules=many(ref("Schedule")), pagination=ref("Pagination")),
    "ScheduleStarted": an_object(jobId=MAYBE_TEXT, outcome=TEXT),
    "Error": an_object(error=an_object(code=TEXT, message=TEXT, details={"type": "object"})),
    "Pair": an_object(
        access_token=TEXT, refresh_token=TEXT, token_type={"const": "Bearer"}, expires_in=NUMBER
    ),
    "JobId": an_object(jobId=TEXT),
    "JobType": an_object(
        type=TEXT, label=TEXT, kind=TEXT, strategy=TEXT, fields=many(FIELD), formats=many(TEXT)
    ),
    "JobTypes": an_object(jobTypes=many(ref("JobType"))),
    "Counts": an_object(
        total=MAYBE_NUMBER, **dict.fromkeys(COUNTED, NUMBER), notProcessed=MAYBE_NUMBER
    ),
    "OutputFile": an_object(name=TEXT, bytes=NUMBER, rows=MAYBE_NUMBER, sha256=TEXT, url=TEXT),
    "Result": an_object(
        counts=ref("Counts"), file={"anyOf": [ref("OutputFile"), {"type": "null"}]}
    ),
    "Job": an_object(
        id=TEXT,
        name=TEXT,
        state={"enum": [str(state) for state in RestState]},
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        result={"anyOf": [ref("Result"), {"type": "null"}]},
        failedReason=MAYBE_TEXT,
        timestamp=an_object(created=NUMBER, started=MAYBE_NUMBER, finished=MAYBE_NUMBER),
        status={"enum": [str(status) for status in JobStatus]},
        type=TEXT,
        kind={"enum": ["import", "export", "sync", "report"]},
        purpose={"enum": ["run", "check", "undo"]},
        counts=ref("Counts"),
    ),
    "Pagination": an_object(total=NUMBER, page=NUMBER, limit=NUMBER, pages=NUMBER),
    "JobList": an_object(jobs=many(ref("Job")), pagination=ref("Pagination")),
    "Failure": an_object(
        row=NUMBER,
        column=TEXT,
        code=TEXT,
        message=TEXT,
        value=MAYBE_TEXT,
        record={"type": "object", "additionalProperties": MAYBE_TEXT},
    ),
    "FailureList": an_object(failures=many(ref("Failure")), pagination=ref("Pagination")),
    "Preview": an_object(
        id=TEXT,
        encoding=MAYBE_TEXT,
        delimiter=MAYBE_TEXT,
        sheet=MAYBE_TEXT,
        sheets=many(TEXT),
        headerRow=NUMBER,
        columns=many(TEXT),
        rows=many(many(MAYBE_TEXT)),
        totalRows=MAYBE_NUMBER,
    ),
}
