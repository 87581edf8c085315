"""The pages of reports: the list, the form made of parameters, and the last runs."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dashboard.errors import ConfigurationError
from dashboard.models.job import Job
from dashboard.models.user import Role
from dashboard.web import reports
from tests.factories import add_job, add_user, committed, sign_in

PARAMS = {"param_first": "2013-01", "param_last": "start-of-month", "param_origin": ""}
URL = "/reports/delays-report"


@pytest.fixture
def person(client):
    return sign_in(client)


@pytest.fixture
def mail_server(app):
    context = app.extensions["jobengine"]
    before = context.settings
    context.settings = replace(before, smtp_url="smtp://127.0.0.1:9")
    yield
    context.settings = before


@pytest.fixture
def airports(monkeypatch):
    """Choices as the target would give them; its rows are another test's matter."""
    known = {"JFK": "JFK", "EWR": "EWR"}
    monkeypatch.setattr(reports, "choices_of", lambda *_: known)
    monkeypatch.setattr("dashboard.reports.submitted.choices_of", lambda *_, **__: known)


def jobs(app):
    with committed(app) as session:
        found = list(session.scalars(select(Job).where(Job.kind == "report")))
        session.expunge_all()
    return found


def test_the_list_names_each_report_with_its_last_run(app, client, person):
    assert "Not run yet" in client.get("/reports").text
    options = {"params": {"first": "2013-02", "last": "2013-03"}}
    job_id = add_job(app, person, type="delays-report", kind="report", options=options)
    page = client.get("/reports").text
    for words in ("Delays by carrier", "Routes by month", "Aircraft use", f"#{job_id}", "2013-02"):
        assert words in page


def test_a_foreign_run_is_not_named(app, client, person):
    job_id = add_job(app, add_user(app), type="delays-report", kind="report")
    assert f"#{job_id}" not in client.get("/reports").text
    assert f"#{job_id}" not in client.get(URL).text


def test_the_form_has_a_field_for_each_parameter(client, person, airports):
    page = client.get(URL).text
    for words in ('value="2013-01"', 'list="param_first-days"', '<option value="JFK"', "All three"):
        assert words in page
    assert "Send by mail" not in page


def test_a_run_becomes_a_job_with_what_was_asked(app, client, person, airports):
    response = client.post(f"{URL}/runs", data={**PARAMS, "param_origin": "JFK"})
    [job] = jobs(app)
    assert (response.status_code, response.location) == (303, f"/jobs/{job.id}")
    assert job.options == {
        "params": {"first": "2013-01", "last": "start-of-month", "origin": "JFK"},
    }  # fmt: skip
    assert (job.user_id, job.status) == (person.id, "waiting")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"param_first": "Januar"}, "From month is &#34;Januar&#34;, no month. Use YYYY-MM"),
        ({"param_origin": "LAX"}, "Use one of: JFK, EWR."),
        ({"param_first": ""}, "It is needed."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(
    app, client, person, airports, sent, said
):
    response = client.post(f"{URL}/runs", data={**PARAMS, "param_last": "2013-07", **sent})
    assert response.status_code == 422
    assert said in response.text
    assert 'value="2013-07"' in response.text
    assert jobs(app) == []


def test_mail_to_strangers_is_refused(app, client, person, airports, mail_server):
    data = {**PARAMS, "mail_to": f"{person.email}, eve@example.com", "mail_format": "csv"}
    response = client.post(f"{URL}/runs", data=data)
    assert response.status_code == 422
    assert "eve@example.com belongs to nobody here" in response.text
    assert jobs(app) == []
    client.post(f"{URL}/runs", data={**data, "mail_to": person.email})
    assert jobs(app)[0].options["mailTo"] == [person.email]


def test_mail_without_a_server_says_what_to_set(client, person, airports):
    response = client.post(f"{URL}/runs", data={**PARAMS, "mail_to": "ann@example.org"})
    assert response.status_code == 422
    assert "Set SMTP_URL" in response.text


def test_a_run_can_be_used_again(app, client, person, airports):
    params = {"first": "2013-04", "last": "-1m", "origin": "EWR"}
    job_id = add_job(app, person, type="delays-report", kind="report", options={"params": params})
    page = client.get(f"{URL}?again={job_id}").text
    assert 'value="2013-04"' in page
    assert '<option selected value="EWR"' in page
    assert f"{URL}?again={job_id}" in page


def test_of_a_foreign_run_nothing_is_used(app, client, person):
    job_id = add_job(app, add_user(app), type="delays-report", kind="report")
    assert client.get(f"{URL}?again={job_id}").status_code == 404


@pytest.mark.parametrize("name", ["airlines", "none-report", "any-file"])
def test_no_such_report(client, person, name):
    assert client.get(f"/reports/{name}").status_code == 404
    assert client.post(f"/reports/{name}/runs").status_code == 404


def test_a_manager_looks_but_runs_nothing(app, client):
    sign_in(client, Role.MANAGER)
    add_job(app, add_user(app), type="delays-report", kind="report")
    page = client.get(URL).text
    assert "Run report" not in page
    assert "Use again" not in page
    assert "#" in page
    assert client.post(f"{URL}/runs", data=PARAMS).status_code == 403


def test_choices_that_cannot_be_read_do_not_take_the_page_away(client, person, monkeypatch):
    def away(*_):
        raise ConnectionError("The database did not answer.")

    monkeypatch.setattr(reports, "choices_of", away)
    response = client.get(URL)
    assert response.status_code == 200
    assert "The database did not answer." in response.text


def test_a_broken_report_takes_no_other_away(client, person, monkeypatch):
    def broken(_):
        raise ConfigurationError("x has neither sql nor a method run.")

    monkeypatch.setattr(reports, "report_for", broken)
    response = client.get(URL)
    assert response.status_code == 404
    assert "an engineer must mend it" in response.text
    assert client.get("/reports").status_code == 200
