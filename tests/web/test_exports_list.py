"""The list of files that exports and reports made."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from dashboard.lib.clock import now
from dashboard.models.stored_file import StoredFile
from dashboard.web.exports import NEWEST, chosen, formats_in
from tests.factories import add_job, add_user, committed, sign_in
from tests.web.job_parts import add_file, add_running_job

DATA = b"carrier,name\nUA,United\n"
EXPORT = {"type": "flights-export", "kind": "export"}


@pytest.fixture
def owner(client):
    return sign_in(client)


def add_export(app, owner, name="flights.csv", rows=1234, **values):
    """A finished one; `values` of the job win."""
    file_id = add_file(app, owner, DATA, name)
    with committed(app) as session:
        kept = {"rows": rows, "expires_at": now() + timedelta(days=7)}
        session.execute(update(StoredFile).where(StoredFile.id == file_id).values(kept))
    values = {**EXPORT, "status": "completed", "finished_at": now(), **values}
    return add_job(app, owner, output_id=file_id, **values)


def test_a_file_with_all_that_is_known_of_it(app, client, owner):
    job_id = add_export(app, owner, "flights.csv.gz")
    text = client.get("/exports").text
    for words in ("flights.csv.gz", "CSV, gzip", "1,234", f"{len(DATA)} bytes", f"#{job_id}"):
        assert words in text
    assert f'href="/jobs/{job_id}/result" download' in text
    assert f'action="/jobs/{job_id}/rerun"' in text


def test_nothing_yet(client, owner):
    text = client.get("/exports").text
    assert ("No file yet" in text, 'href="/exports/new"' in text) == (True, True)


def test_imports_drafts_and_files_of_others_are_not_listed(app, client, owner):
    add_job(app, owner, status="completed")
    add_job(app, owner, **EXPORT, status="draft")
    add_export(app, add_user(app))
    assert "No file yet" in client.get("/exports").text


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_oversees_sees_all_with_their_people(app, client, role):
    owner = add_user(app, name="Ann Owner")
    job_id = add_export(app, owner)
    sign_in(client, role)
    text = client.get("/exports").text
    assert ("Ann Owner" in text, f"/jobs/{job_id}/result" in text) == (True, True)
    assert (f"/jobs/{job_id}/rerun" in text) == (role == "admin")


def test_downloads_are_counted_for_who_oversees(app, client, owner):
    job_id = add_export(app, owner)
    client.get(f"/jobs/{job_id}/result")
    assert owner.email not in client.get("/exports").text
    sign_in(client, "admin")
    client.get(f"/jobs/{job_id}/result")
    admin = sign_in(client, "admin")
    client.get(f"/jobs/{job_id}/result")
    text = client.get("/exports").text
    assert ("<span>3<span" in text, f"{admin.email}, " in text) == (True, True)
    assert owner.email not in text


def test_a_running_one_shows_its_progress_and_the_list_looks_again(app, client, owner):
    add_running_job(app, owner, [{"created": 10, "state": "done"}, {}], **EXPORT)
    text = client.get("/exports").text
    assert ("10 of 20" in text, 'max="20" value="10"' in text) == (True, True)
    assert 'hx-get="/exports"' in text


def test_without_one_that_runs_the_list_rests(app, client, owner):
    add_export(app, owner)
    assert "hx-get" not in client.get("/exports").text


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_one_without_a_file_says_why(app, client, owner, status):
    add_job(app, owner, **EXPORT, status=status, error_message="The target is gone.")
    text = client.get("/exports").text
    assert (status.capitalize() in text, "The target is gone." in text) == (True, True)
    assert "/result" not in text


@pytest.mark.parametrize("values", [{"expires_at": now()}, {"removed_at": now()}])
def test_one_that_is_over_can_only_be_made_again(app, client, owner, values):
    job_id = add_export(app, owner)
    with committed(app) as session:
        session.execute(update(StoredFile).values(values))
    text = client.get("/exports").text
    assert ("Gone since" in text, "/result" in text) == (True, False)
    assert f"/jobs/{job_id}/rerun" in text


def test_reports_are_told_apart(app, client, owner):
    add_export(app, owner, "delays.parquet", kind="report", type="delays-report")
    text = client.get("/exports").text
    assert ('<span class="tag">report</span>' in text, "Parquet" in text) == (True, True)


def test_only_one_type(app, client, owner):
    wanted = add_export(app, owner, "a.csv")
    add_export(app, owner, "b.csv", type="airlines-export")
    text = client.get("/exports?type=flights-export").text
    assert (f"#{wanted}" in text, "a.csv" in text, "b.csv" in text) == (True, True, False)
    assert "Nothing fits" in client.get("/exports?type=nonsense").text


def test_a_made_up_address_is_a_page(client, owner):
    assert client.get("/exports?type=%00&status=%00").status_code == 200
    assert client.get("/exports?type=a%00b&place=%00").status_code == 200


def test_pages_follow_each_other(app, client, owner, monkeypatch):
    jobs = [add_export(app, owner) for _ in range(3)]
    monkeypatch.setattr("dashboard.web.exports.NEWEST", replace(NEWEST, size=2))
    first = client.get("/exports").text
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = client.get(older.replace("&amp;", "&")).text
    shown = [[job for job in jobs if f'id="file-{job}"' in text] for text in (first, second)]
    assert shown == [jobs[1:], jobs[:1]]
    assert 'rel="prev"' in second


def test_the_fragment_is_the_list_alone(app, client, owner):
    add_export(app, owner)
    response = client.get("/exports", headers={"HX-Request": "true"})
    assert response.text.lstrip().startswith('<section class="card" id="files"')
    assert "HX-Request" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.csv", ["csv"]), ("a.b.TSV", ["tsv"]), ("a.jsonl.gz", ["json-lines", "gzip"]),
     ("a.xlsx", ["xlsx"]), ("a.zip", ["zip"]), ("a", []), ("", [])],
)  # fmt: skip
def test_the_format_is_in_the_name(name, found):
    assert formats_in(name) == found


@pytest.mark.parametrize(
    ("options", "found"),
    [({}, ["csv"]), ({"format": "xlsx", "compression": "none"}, ["xlsx"]),
     ({"format": "tsv", "compression": "zip"}, ["tsv", "zip"])],
)  # fmt: skip
def test_the_format_that_was_chosen(options, found):
    assert chosen(options) == found
