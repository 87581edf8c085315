"""Calls to the API as programs make them: a bearer, no cookie, no CSRF token."""

from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from dashboard.auth.tokens import make_token
from dashboard.models.user import Role, User
from tests.client import CheckedClient
from tests.factories import add_user, committed

FILE = b"carrier,name\nUA,United\nAA,American\n"
JOB_KEYS = {
    "id", "name", "state", "progress", "result", "failedReason", "timestamp", "status", "type",
    "kind", "purpose", "counts",
}  # fmt: skip


def token_for(app: Flask, user: User, *scopes: str, **values: Any) -> str:
    with committed(app) as session:
        return make_token(session, user, scopes=scopes, **values)[1]


def multipart(form: dict[str, str], content: bytes, name: str) -> dict[str, Any]:
    """As bytes: the client's own way leaves a temporary file behind for a large one."""
    file = FileStorage(BytesIO(content), name)
    boundary, data = encode_multipart({**form, "file": file})
    return {"data": data, "content_type": f"multipart/form-data; boundary={boundary}"}


class Caller:
    """One person's program."""

    def __init__(self, app: Flask, user: User, *scopes: str) -> None:
        self.user, self.token = user, token_for(app, user, *scopes)
        self.client = CheckedClient(app, app.response_class)

    def open(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        answer: TestResponse = self.client.open(
            f"/api{path}", method=method, headers=headers, csrf=False, **more
        )
        return answer

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.open("GET", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self.open("POST", path, **more)

    def send(
        self,
        type_: str = "airlines",
        content: bytes = FILE,
        data: str = "{}",
        name: str = "carriers.csv",
        **headers: str,
    ) -> TestResponse:
        """A multipart submission."""
        form = {"name": type_, "data": data}
        return self.post("/submit-job", headers=headers, **multipart(form, content, name))

    def preview(self, content: bytes = FILE, name: str = "a.csv", **form: str) -> TestResponse:
        return self.post("/previews", **multipart(form, content, name))


def caller(app: Flask, role: str = Role.STAFF, *scopes: str) -> Caller:
    return Caller(app, add_user(app, role), *scopes)


def error_of(answer: TestResponse) -> tuple[int, str]:
    """Status and code, with the envelope's shape checked."""
    body = answer.get_json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]


def field_of(answer: TestResponse) -> str:
    """The field a 422 names."""
    assert answer.status_code == 422, answer.text
    return str(answer.get_json()["error"]["details"]["field"])
