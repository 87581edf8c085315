"""The result of a report on its job's page: table, chart, comparison, files, mail."""

import csv
import io
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from dashboard.audit.downloads import DOWNLOADED
from dashboard.lib.clock import now
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.models.report_mail import ReportMail
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from tests.factories import add_user, committed, sign_in
from tests.reports.conftest import FACTS
from tests.web.test_reports_pages import mail_server

__all__ = ["mail_server"]

ROWS = [
    {"kind": "tea", "pieces": 1234},
    {"kind": "jam", "pieces": -8},
    {"kind": "=rum", "pieces": None},
]
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def person(client):
    return sign_in(client)


def add_report(app, owner, rows=ROWS, **values):
    """A completed run of a report, its result in the store."""
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), body)
    body.seek(0)
    stored = app.extensions["jobengine"].store.put(body, folder="reports", limit=1 << 30)
    facts, count = {**FACTS, **values.pop("facts", {})}, len(rows)
    with committed(app) as session:
        file = StoredFile(
            key=stored.key, name="delays-report-2026-03-01.parquet", bytes=stored.bytes,
            sha256=stored.sha256, rows=count, **values.pop("file", {}),
        )  # fmt: skip
        session.add(file)
        session.flush()
        ended = {"prepared": True, "started_at": now(), "finished_at": now()}
        counts = {"total": count, "processed": count, "created": count, "output_id": file.id}
        kind = {"type": "delays-report", "kind": "report", "status": JobStatus.COMPLETED}
        job = Job(
            user_id=owner.id, **{"meta": {"report": facts}, **kind, **counts, **ended, **values}
        )
        session.add(job)
        session.flush()
        return job.id


def page(client, job_id, query=""):
    response = client.get(f"/jobs/{job_id}{query}")
    assert response.status_code == 200
    return response.text


def test_the_table_shows_values_as_people_read_them(app, client, person):
    text = page(client, add_report(app, person))
    for words in ("Pieces sold (pcs)", ">1,234</td>", 'data-value="1234"', ">–</td>", "3 rows"):
        assert words in text
    assert "All rows." in text


def test_the_chart_says_in_words_what_it_shows(app, client, person):
    text = page(client, add_report(app, person))
    assert "Bar chart of Pieces sold (pcs) by Kind. The table below has the same values." in text
    assert "chart.umd.min.js" in text
    assert "chart.umd.min.js" not in client.get("/reports").text


def test_only_the_first_rows_are_shown_and_that_is_said(app, client, person):
    rows = [{"kind": f"k{n}", "pieces": n} for n in range(201)]
    text = page(client, add_report(app, person, rows))
    assert "The first 200 of 201 rows; the files have all of them." in text
    assert ">k200<" not in text


def test_a_cut_is_said(app, client, person):
    text = page(client, add_report(app, person, facts={"cut": True, "of": 5000}))
    assert "Cut: these are the first 3 of 5,000 rows" in text


def test_sorting_by_a_column(app, client, person):
    job_id = add_report(app, person)
    for query, first in (("?sort=pieces", "jam"), ("?sort=pieces&down=1", "tea"), ("", "tea")):
        text = client.get(f"/jobs/{job_id}/report{query}", headers=FRAGMENT).text
        table = text[text.index("<tbody>") :]
        assert table.index(f">{first}<") == min(
            table.index(f">{k}<") for k in ("tea", "jam", "=rum")
        )
    assert 'aria-sort="descending"' in page(client, job_id, "?sort=pieces&down=1")


def test_the_fragments_opened_by_themselves_lead_to_the_page(app, client, person):
    job_id = add_report(app, person)
    response = client.get(f"/jobs/{job_id}/report?sort=kind")
    assert response.location == f"/jobs/{job_id}?sort=kind#report-result"


def test_the_result_asks_again_until_it_is_there(app, client, person):
    job_id = add_report(app, person, status=JobStatus.PREPARING, output_id=None, meta={})
    text = client.get(f"/jobs/{job_id}/report", headers=FRAGMENT).text
    assert 'hx-trigger="every 1s"' in text
    done = client.get(f"/jobs/{add_report(app, person)}/report", headers=FRAGMENT).text
    assert "every 1s" not in done


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_report_that_ended_without_a_result_asks_no_more(app, client, person, status):
    job_id = add_report(app, person, status=status, output_id=None, meta={})
    text = client.get(f"/jobs/{job_id}/report", headers=FRAGMENT).text
    assert "<table" not in text
    assert "hx-trigger" not in text


def test_a_result_whose_time_is_over(app, client, person):
    job_id = add_report(app, person, file={"expires_at": now() - timedelta(hours=1)})
    assert "The result is not kept any more." in page(client, job_id)
    assert client.get(f"/jobs/{job_id}/report/file.csv").status_code == 404


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx", "jsonl", "parquet"])
def test_files_of_the_whole_result(app, client, person, suffix):
    job_id = add_report(app, person)
    response = client.get(f"/jobs/{job_id}/report/file.{suffix}")
    name = response.headers["Content-Disposition"]
    assert f'filename="delays-report-2026-03-01.{suffix}"' in name
    assert response.headers["Cache-Control"] == "no-store"
    body = response.get_data()
    response.close()
    if suffix == "csv":
        lines = list(csv.reader(io.StringIO(body.decode())))
        assert lines == [["kind", "pieces"], ["tea", "1234"], ["jam", "-8"], ["'=rum", ""]]
    if suffix == "parquet":
        assert pq.read_table(io.BytesIO(body)).to_pylist() == ROWS
    with committed(app) as session:
        found = session.scalars(select(AuditEntry.action).where(AuditEntry.actor_id == person.id))
        assert DOWNLOADED in list(found)


def test_compared_with_the_last_run_of_the_same_parameters(app, client, person):
    options = {"params": {"first": "2013-01"}}
    before = add_report(app, person, [*ROWS[:2], {"kind": "ale", "pieces": 1}], options=options)
    other = add_report(app, person, options={"params": {}})
    job_id = add_report(app, person, [{"kind": "tea", "pieces": 1000}, *ROWS[1:]], options=options)
    text = page(client, job_id)
    assert f"/jobs/{job_id}/report/comparison?with={before}" in text
    assert f'<option value="{other}"' in text
    url = f"/jobs/{job_id}/report/comparison?with={before}"
    found = client.get(url, headers=FRAGMENT).text
    for words in ("<strong>1</strong> changed", "<strong>1</strong> added", "1,234", "-234", "ale"):
        assert words in found
    assert "<strong>1</strong> changed" in page(client, job_id, f"?with={before}")


def test_an_equal_run_is_said_to_be_the_same(app, client, person):
    before, job_id = add_report(app, person), add_report(app, person)
    found = page(client, job_id, f"?with={before}")
    assert "<strong>0</strong> changed" in found
    assert "3 the same" in found


def test_foreign_and_later_runs_are_not_compared_with(app, client, person):
    foreign = add_report(app, add_user(app))
    job_id, later = add_report(app, person), add_report(app, person)
    for other in (foreign, later, "x", 10**30):
        found = page(client, job_id, f"?with={other}")
        assert "strong> changed" not in found
    assert "This is the first run that is kept." in page(client, job_id)


def test_a_report_without_a_key_says_so(app, client, person):
    add_report(app, person, facts={"key": []})
    assert "names no key columns" in page(client, add_report(app, person, facts={"key": []}))


def test_a_result_can_be_sent_by_mail(app, client, person, mail_server):
    job_id = add_report(app, person)
    data = {"to": f"{person.email},", "format": "tsv"}
    response = client.post(f"/jobs/{job_id}/report/mails", data=data)
    assert response.location == f"/jobs/{job_id}#report-mail"
    with committed(app) as session:
        [mail] = session.scalars(select(ReportMail))
        assert (mail.job_id, mail.address, mail.format) == (job_id, person.email, "tsv")
    text = page(client, job_id)
    assert "It is sent to" in text
    assert "Waiting" in text


@pytest.mark.parametrize("to", ["eve@example.com", "nobody", ""])
def test_mail_that_is_refused(app, client, person, mail_server, to):
    job_id = add_report(app, person)
    client.post(f"/jobs/{job_id}/report/mails", data={"to": to})
    assert "note is-bad" in page(client, job_id)
    with committed(app) as session:
        assert session.scalars(select(ReportMail)).all() == []


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"to": ",".join(f"a{n}@example.org" for n in range(51))}, 303, "50 are allowed"),
        ({"to": "\0{email}"}, 303, "is not an e-mail address"),
        ({"to": "{email}", "format": "exe"}, 422, "use csv, tsv, xlsx"),
    ],
)
def test_mail_is_refused_as_the_form_and_rest_do(
    app, client, person, mail_server, form, status, words
):
    job_id = add_report(app, person)
    form["to"] = form["to"].format(email=person.email)
    answer = client.post(f"/jobs/{job_id}/report/mails", data=form)
    assert answer.status_code == status
    assert words in (answer.text if status == 422 else page(client, job_id))
    with committed(app) as session:
        assert session.scalars(select(ReportMail)).all() == []


def test_without_a_mail_server_nothing_is_offered(app, client, person):
    job_id = add_report(app, person)
    assert "Send by mail" not in page(client, job_id)
    client.post(f"/jobs/{job_id}/report/mails", data={"to": person.email})
    assert "Set SMTP_URL" in page(client, job_id)


def test_foreign_results_are_missing(app, client, person):
    job_id = add_report(app, add_user(app))
    for url in ("report", "report/comparison", "report/file.csv", "report/file.parquet"):
        assert client.get(f"/jobs/{job_id}/{url}", headers=FRAGMENT).status_code == 404
    assert client.post(f"/jobs/{job_id}/report/mails", data={"to": person.email}).status_code == 404
