"""`/api/openapi.json`: what the API is, for programs that write clients."""

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from dashboard.api.schemas import SCHEMAS, ref
from dashboard.auth.guards import public
from dashboard.kinds.submitted import KEYS
from dashboard.models.states import JobStatus

bp = Blueprint("openapi", __name__)

MEANINGS = {
    "400": "Not JSON",
    "401": "No token, or none that is good",
    "403": "The role or the token's scopes do not allow it",
    "404": "Missing, or somebody else's",
    "409": "The job's state does not allow it, or the key was used for another body",
    "413": "Larger than allowed",
    "415": "Wrong content type",
    "422": "Something sent cannot be used; details say what",
    "429": "Too many requests; Retry-After says when to go on",
}


@bp.get("/openapi.json")
@public
def show() -> ResponseReturnValue:
    return jsonify(DOCUMENT)


def json_of(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def answers(status: str, what: str, content: Any, *errors: str) -> dict[str, Any]:
    """The good answer and the errors that may come instead; 401 and 429 may always come."""
    good: dict[str, Any] = {"description": what}
    if content is not None:
        good["content"] = content
    found = {status: good}
    for error in sorted({"401", "429", *errors}):
        found[error] = {"description": MEANINGS[error], "content": json_of(ref("Error"))}
    return found


def query(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": kind, **more}}


PAGING = [
    query("page", "integer", minimum=1, default=1),
    query("limit", "integer", minimum=1, maximum=100, default=10),
]
JOB_ID = {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}
OPEN: dict[str, Any] = {"security": []}


def sign_in(summary: str, sent: dict[str, Any], *errors: str) -> dict[str, Any]:
    body = {"required": True, "content": json_of({"type": "object", "properties": sent})}
    return {
        "summary": summary,
        "requestBody": body,
        "responses": answers("200", "A pair", json_of(ref("Pair")), "400", "415", "422", *errors),
        **OPEN,
    }


def act(summary: str, schema: str) -> dict[str, Any]:
    found = answers("202", "Accepted", json_of(ref(schema)), "403", "404", "409")
    return {"summary": summary, "parameters": [JOB_ID], "responses": found}


def look(summary: str, content: Any, *parameters: Any) -> dict[str, Any]:
    found = answers("200", summary, content, "403", "404", "422")
    return {"summary": summary, "parameters": list(parameters), "responses": found}


def multipart(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"multipart/form-data": {"schema": schema}}


TEXT, FILE = {"type": "string"}, {"type": "string", "format": "binary"}
DATA = {"type": "object", "properties": {name: {} for name in sorted(KEYS)}}
SUBMIT: dict[str, Any] = {
    "summary": "Make a job",
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": TEXT}],
    "requestBody": {
        "required": True,
        "content": {
            **json_of(
                {"type": "object", "properties": {"name": TEXT, "data": DATA}, "required": ["name"]}
            ),
            **multipart({"name": TEXT, "data": TEXT, "file": FILE}, ["name"]),
        },
    },
    "responses": answers(
        "202", "Accepted", json_of(ref("JobId")), "400", "403", "409", "413", "415", "422"
    ),
}
READING = ("format", "delimiter", "quote", "encoding", "sheet", "headerRow")
PREVIEW: dict[str, Any] = {
    "summary": "Look at a file",
    "requestBody": {
        "required": True,
        "content": multipart({"file": FILE} | dict.fromkeys(READING, TEXT), ["file"]),
    },
    "responses": answers(
        "201", "What was found", json_of(ref("Preview")), "403", "413", "415", "422"
    ),
}
LIST_FILTERS = [
    *PAGING,
    query("status", enum=sorted(map(str, JobStatus))),
    query("kind", enum=["import", "export", "sync", "report"]),
    query("type"),
    query("from", description="A date, or a time with offset"),
    query("to", description="A date (that day included), or a time with offset"),
    query("owner", enum=["me", "all"], description="all: managers and admins"),
]
DOWNLOAD: dict[str, Any] = {
    "summary": "The file it made, whole or in ranges",
    "parameters": [JOB_ID, {"name": "Range", "in": "header", "schema": TEXT}],
    "responses": {
        **answers("200", "All of it", {"application/octet-stream": {"schema": FILE}}, "404"),
        "206": {"description": "The range asked for"},
        "302": {"description": "Where it is for 5 minutes (setting STORAGE_PRESIGN)"},
        "416": {"description": "No such range"},
    },
}
SCHEDULE_ID = {"name": "schedule_id", "in": "path", "required": True, "schema": TEXT}
SCHEDULE_BODY = {"required": True, "content": json_of(ref("ScheduleSent"))}
SCHEDULES: dict[str, Any] = {
    "/schedules": {
        "get": look("Schedules, newest first", json_of(ref("ScheduleList")), *PAGING),
        "post": {
            "summary": "Make a schedule",
            "requestBody": SCHEDULE_BODY,
            "responses": answers("201", "Made", json_of(ref("Schedule")), "400", "403", "422"),
        },
    },
    "/schedules/{schedule_id}": {
        "get": look("One schedule", json_of(ref("Schedule")), SCHEDULE_ID),
        "put": {
            "summary": "Change it; what is left out stays",
            "parameters": [SCHEDULE_ID],
            "requestBody": SCHEDULE_BODY,
            "responses": answers(
                "200", "As it is now", json_of(ref("Schedule")), "400", "403", "404", "409", "422"
            ),
        },
        "delete": {
            "summary": "Delete it; its jobs stay",
            "parameters": [SCHEDULE_ID],
            "responses": answers("204", "Gone", None, "403", "404"),
        },
    },
    "/schedules/{schedule_id}/runs": {
        "post": {
            "summary": "Run it now",
            "parameters": [SCHEDULE_ID],
            "responses": answers(
                "202", "Accepted", json_of(ref("ScheduleStarted")), "403", "404", "409", "422"
            ),
        }
    },
}
EMAIL = {"email": TEXT, "password": TEXT}
LOGOUT: dict[str, Any] = {
    "summary": "End the pair",
    "requestBody": {"content": json_of({"type": "object", "properties": {"refresh_token": TEXT}})},
    "responses": answers("204", "Ended", None, "400", "422"),
}
PATHS: dict[str, Any] = {
    "/auth/token": {"post": sign_in("Sign in", EMAIL)},
    "/auth/refresh": {"post": sign_in("A new pair", {"refresh_token": TEXT})},
    "/auth/logout": {"post": LOGOUT},
    "/job-types": {"get": look("Job types one may run", json_of(ref("JobTypes")))},
    "/submit-job": {"post": SUBMIT},
    "/jobs": {"get": look("Jobs, newest first", json_of(ref("JobList")), *LIST_FILTERS)},
    "/jobs/{job_id}": {"get": look("One job", json_of(ref("Job")), JOB_ID)},
    "/jobs/{job_id}/failures": {
        "get": look("Its failed cells", json_of(ref("FailureList")), JOB_ID, *PAGING)
    },
    "/jobs/{job_id}/failures.csv": {
        "get": look("Its failed rows as a file", {"text/csv": {"schema": TEXT}}, JOB_ID)
    },
    "/jobs/{job_id}/download": {"get": DOWNLOAD},
    "/jobs/{job_id}/retry": {"post": act("Try failed chunks and rows again", "Job")},
    "/jobs/{job_id}/pause": {"post": act("Stop after the chunks in hand", "Job")},
    "/jobs/{job_id}/resume": {"post": act("Go on", "Job")},
    "/jobs/{job_id}/cancellation": {"post": act("End it; what was written stays", "Job")},
    "/jobs/{job_id}/undo": {"post": act("Take back what it wrote, as a new job", "JobId")},
    "/jobs/{job_id}/rerun": {"post": act("The same again, as a new job", "JobId")},
    **SCHEDULES,
    "/previews": {"post": PREVIEW},
    "/previews/{preview_id}": {
        "get": look(
            "A preview; totalRows is null while counting",
            json_of(ref("Preview")),
            {"name": "preview_id", "in": "path", "required": True, "schema": TEXT},
        )
    },
    "/openapi.json": {
        "get": {"summary": "This document", "responses": {"200": {"description": "It"}}, **OPEN}
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "JobEngine", "version": "0.1.0"},
    "servers": [{"url": "/api"}],
    "security": [{"bearer": []}],
    "paths": PATHS,
    "components": {
        "schemas": SCHEMAS,
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}
