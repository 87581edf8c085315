"""The upload and the result of a job: whose they are, what they are called, who took them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dashboard.audit.downloads import DOWNLOADED
from dashboard.lib.clock import now
from dashboard.models.audit import AuditEntry
from dashboard.models.stored_file import StoredFile
from tests.factories import add_job, add_user, committed, sign_in
from tests.web.job_parts import add_file

DATA = b"carrier,name\nUA,United\n"


@pytest.fixture
def owner(client):
    return sign_in(client)


@pytest.fixture
def export(app, owner):
    """(job, file): a finished export."""
    return add_export(app, owner)


def add_export(app, owner, **values):
    file_id = add_file(app, owner, DATA, "flights.csv")
    values = {"type": "flights-export", "kind": "export", "status": "completed", **values}
    return add_job(app, owner, output_id=file_id, **values), file_id


def change(app, file_id, **values):
    with committed(app) as session:
        session.execute(update(StoredFile).where(StoredFile.id == file_id).values(**values))


def entries(app):
    with committed(app) as session:
        query = select(AuditEntry).where(AuditEntry.action == DOWNLOADED).order_by(AuditEntry.id)
        return [(e.actor, e.object_id, e.detail) for e in session.scalars(query)]


def test_the_upload_comes_back_byte_for_byte_and_is_never_shown(app, client, owner):
    content = b"<script>1</script>\r\n\xff"
    file_id = add_file(app, owner, content, 'a"b\n<é>.html')
    response = client.get(f"/jobs/{add_job(app, owner, file_id=file_id)}/file")
    assert response.data == content
    assert response.headers["Content-Disposition"].startswith('attachment; filename="a_b_.html"')
    assert response.headers["Cache-Control"] == "no-store"
    assert response.mimetype == "application/octet-stream"


def test_the_result_comes_in_ranges_too(client, export):
    address = f"/jobs/{export[0]}/result"
    whole = client.get(address)
    assert (whole.data, whole.mimetype) == (DATA, "text/csv")
    part = client.get(address, headers={"Range": "bytes=8-", "If-Range": whole.headers["ETag"]})
    assert (part.status_code, part.data) == (206, DATA[8:])


@pytest.mark.parametrize("what", ["file", "result"])
def test_there_is_none(app, client, owner, what):
    response = client.get(f"/jobs/{add_job(app, owner)}/{what}")
    words = "without a file" if what == "file" else "no output file"
    assert (response.status_code, words in response.text) == (404, True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "import"}, "an import writes records"),
        ({"kind": "export", "status": "active"}, "yet: it is active"),
        ({"kind": "export", "status": "failed"}, "it has failed"),
        ({"kind": "export", "status": "cancelled"}, "it was cancelled"),
    ],
)
def test_why_there_is_no_result(app, client, owner, values, words):
    assert words in client.get(f"/jobs/{add_job(app, owner, **values)}/result").text


@pytest.mark.parametrize("removed", [False, True])
def test_a_result_whose_time_is_over(app, client, export, removed):
    job_id, file_id = export
    over = now() - timedelta(hours=1)
    change(app, file_id, expires_at=over, removed_at=now() if removed else None)
    response = client.get(f"/jobs/{job_id}/result")
    until = f"was kept until {over.day} {over:%B %Y, %H:%M} UTC"
    assert (response.status_code, until in response.text) == (404, True)


def test_an_upload_whose_time_is_over(app, client, owner):
    file_id = add_file(app, owner, DATA)
    change(app, file_id, removed_at=now())
    response = client.get(f"/jobs/{add_job(app, owner, file_id=file_id)}/file")
    assert (response.status_code, "was kept until" in response.text) == (404, True)


@pytest.mark.parametrize(("role", "status"), [("staff", 404), ("manager", 200), ("admin", 200)])
def test_files_of_others(app, client, role, status):
    job_id, _ = add_export(app, add_user(app))
    sign_in(client, role)
    assert client.get(f"/jobs/{job_id}/result").status_code == status


def test_who_took_what_is_written_down_once_an_hour(app, client, owner, export):
    job_id, file_id = export
    for span in ("bytes=0-4", "bytes=5-", "bytes=500-"):
        client.get(f"/jobs/{job_id}/result", headers={"Range": span})
    detail = {"job": job_id, "name": "flights.csv", "bytes": 5, "of": len(DATA)}
    assert entries(app) == [(owner.email, str(file_id), detail)]


def test_another_person_another_hour_and_another_file_are_entries_of_their_own(app, client, export):
    job_id, file_id = export
    get = f"/jobs/{job_id}/result"
    client.get(get)
    with committed(app) as session:
        session.execute(update(AuditEntry).values(at=now() - timedelta(minutes=61)))
    client.get(get)
    admin = sign_in(client, "admin")
    client.get(get)
    other_job, other_file = add_export(app, admin)
    client.get(f"/jobs/{other_job}/result")
    assert [entry[1] for entry in entries(app)] == [str(file_id)] * 3 + [str(other_file)]
    assert [entry[0] for entry in entries(app)][2:] == [admin.email] * 2


@pytest.mark.parametrize("how", ["head", "gone", "expired", "foreign"])
def test_what_takes_nothing_is_not_written_down(app, client, export, how):
    job_id, file_id = export
    if how == "gone":
        change(app, file_id, key="exports/none")
    elif how == "expired":
        change(app, file_id, expires_at=now())
    elif how == "foreign":
        sign_in(client, "staff")
    response = client.open(f"/jobs/{job_id}/result", method="HEAD" if how == "head" else "GET")
    assert (response.status_code, entries(app)) == (200 if how == "head" else 404, [])
