"""Drafts for tests of the wizard's pages, made as a person makes them."""

import re
from io import BytesIO
from typing import Any

from flask import Flask

from dashboard.extensions import db
from dashboard.models.job import Job
from tests.client import CheckedClient
from tests.factories import committed

RENAMED = "Code;Airline name\n{}".format("".join(f"C{n};Carrier {n}\n" for n in range(9)))


def send(client: CheckedClient, content: str | bytes, type_: str = "airlines", **form: Any) -> Any:
    name = form.pop("name", "carriers.csv")
    raw = content.encode() if isinstance(content, str) else content
    data = {"type": type_, "file": (BytesIO(raw), name), **form}
    return client.post("/imports", data=data)


def draft(client: CheckedClient, content: str | bytes = RENAMED, **form: Any) -> int:
    """The number of a draft that asks something."""
    location = send(client, content, **form).location
    found = re.fullmatch(r"/imports/(\d+)/\w+", location or "")
    assert found, location
    return int(found[1])


def options(app: Flask, job_id: int) -> dict[str, Any]:
    with committed(app):
        return dict(db.session.get_one(Job, job_id).options)


def status(app: Flask, job_id: int) -> str:
    with committed(app):
        return db.session.get_one(Job, job_id).status


def stamp(client: CheckedClient, job_id: int) -> str:
    text = client.get(f"/imports/{job_id}/mapping").text
    found = re.search(r'name="stamp" value="(\w+)"', text)
    assert found
    return found[1]


def choose(client: CheckedClient, job_id: int, **form: str) -> Any:
    """Send the columns step: `f0="carrier"` picks a field, `d0="DMY"` a format."""
    long = {"f": "field-", "d": "format-"}
    sent = {long[k[0]] + k[1:] if k[1:].isdigit() else k: v for k, v in form.items()}
    data = {"stamp": stamp(client, job_id), "mode": "insert", "act": "go", **sent}
    return client.post(f"/imports/{job_id}/mapping", data=data)
