"""Schedules on their pages: made, shown, changed, paused, run; whose is whose."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.jobs.dispatcher import add_stored_file
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.models.schedule import Schedule, ScheduleRun
from dashboard.models.user import Role, User
from dashboard.web.engine import engine_context
from tests.client import CheckedClient
from tests.factories import add_user, committed, sign_in

EXPORT = {
    "type": "flights-export", "name": "Morning file", "when": "daily",
    "parameters": '{"format": "csv"}',
    "time": "07:30", "timezone": "Europe/Berlin", "overlap": "skip", "catch_up": "one",
}  # fmt: skip


@pytest.fixture
def staff(client: CheckedClient) -> User:
    return sign_in(client, Role.STAFF)


def post(client: CheckedClient, path: str = "", **changes: Any) -> TestResponse:
    return client.post(f"/schedules{path}", data={**EXPORT, **changes})


def made(client: CheckedClient, **changes: Any) -> str:
    """Its page's address."""
    answer = post(client, **changes)
    assert answer.status_code == 303, re.findall(r"<span>([^<]*)</span></p>", answer.text)
    return str(answer.location)


def only(app: Flask, model: Any) -> Any:
    with committed(app) as session:
        found = session.scalars(select(model).order_by(model.id.desc())).first()
        session.expunge_all()
        return found


def actions(app: Flask) -> list[str]:
    with committed(app) as session:
        query = select(AuditEntry.action).where(AuditEntry.object_type == "schedule")
        return list(session.scalars(query.order_by(AuditEntry.id)))


def test_no_schedule_yet(client: CheckedClient, staff: User):
    page = client.get("/schedules").text
    assert "No schedule yet" in page
    assert "/schedules/new" in page


def test_it_is_made_and_shown(client: CheckedClient, staff: User, app: Flask):
    page = client.get(made(client)).text
    assert "Every day at 07:30, Europe/Berlin" in page
    assert page.count("UTC+01:00") + page.count("UTC+02:00") == 5
    kept = only(app, Schedule)
    assert (kept.cron, kept.data, kept.user_id) == ("30 7 * * *", {"format": "csv"}, staff.id)
    assert actions(app) == ["schedule.created"]


@pytest.mark.parametrize(
    ("when", "cron"),
    [
        ({"when": "minutes", "every": "20"}, "*/20 * * * *"),
        ({"when": "hourly", "minute": "5"}, "5 * * * *"),
        ({"when": "weekdays"}, "30 7 * * 1-5"),
        ({"when": "weekly", "weekday": "7"}, "30 7 * * 7"),
        ({"when": "monthly", "day": "15"}, "30 7 15 * *"),
        ({"when": "last_day"}, "30 7 L * *"),
        ({"when": "cron", "cron": "0 8-18 * * mon-fri"}, "0 8-18 * * MON-FRI"),
    ],
)
def test_every_choice_of_when(client: CheckedClient, staff: User, app: Flask, when, cron):
    page = made(client, **when)
    assert only(app, Schedule).cron == cron
    assert f'selected value="{when["when"]}"' in client.get(page).text


def test_after_another_job(client: CheckedClient, staff: User, app: Flask):
    page = made(client, when="after", after_type="flights", after_outcome="any")
    kept = only(app, Schedule)
    assert (kept.cron, kept.after_type, kept.after_outcome) == (None, "flights", "any")
    assert "After flights completed" in client.get(page).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"when": "cron", "cron": "0 0 31 2 *"}, "never comes to pass"),
        ({"when": "cron", "cron": ""}, "Enter an expression"),
        ({"time": "25:00"}, "is no time of day"),
        ({"when": "monthly", "day": "32"}, "32 does not fit"),
        ({"when": "monthly", "day": "first"}, "Enter a whole number from 1 to 31."),
        ({"when": "hourly", "minute": ""}, "Enter a whole number from 0 to 59."),
        ({"when": "minutes", "every": "7"}, "Choose 1, 2, 3, 5, 6, 10, 12, 15, 20 or 30 minutes."),
        ({"when": "weekly", "weekday": "8"}, "Choose a day from Monday to Sunday."),
        ({"when": "someday"}, "Choose when it runs from the list."),
        ({"overlap": "both"}, "Choose one of those listed."),
        ({"minute": "first"}, "Minute of the hour: Enter a whole number"),
        ({"when": "after", "after_type": ""}, "Choose the job type to follow."),
        ({"parameters": '{"file": "a.csv"}'}, "file is for an import"),
        ({"parameters": '{"columns": ["\\ud800"]}'}, r"&#39;\ud800&#39; holds a character"),
        ({"timezone": "Berlin"}, "There is no time zone"),
        ({"parameters": "{format: csv}"}, "Line 1, column 2: this is not JSON"),
        ({"parameters": '{"a": NaN}'}, "NaN is no JSON number"),
        ({"parameters": "[" * 100_000}, "This is not JSON"),
        ({"parameters": "[1]"}, "Parameters are an object"),
        ({"parameters": '{"colour": "red"}'}, "There is no key &#39;colour&#39; in data"),
        ({"type": "nothing"}, "Choose a job type from the list."),
        ({"type": "airlines", "parameters": ""}, "No file is named"),
        ({"when": "after", "after_type": "flights-export"}, "without end"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    client: CheckedClient, staff: User, app: Flask, wrong, words
):
    answer = post(client, **wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Morning file"' in answer.text, "what was typed stays"
    assert only(app, Schedule) is None


def test_an_import_offers_ones_own_files(client: CheckedClient, staff: User, app: Flask):
    store = engine_context_of(app).store
    for owner in (staff, add_user(app)):
        stored = store.put([b"carrier,name\n"], folder="uploads", limit=100)
        with committed(app) as session:
            add_stored_file(session, stored, f"of {owner.name}.csv", owner)
    part = client.get("/schedules/form/what?type=airlines").text
    assert f"of {staff.name}.csv" in part
    assert part.count("<option") == 1
    page = made(client, type="airlines", file=f"of {staff.name}.csv", parameters="")
    assert only(app, Schedule).data == {"file": f"of {staff.name}.csv"}
    assert "selected" in client.get(page).text


def engine_context_of(app: Flask) -> Any:
    with app.app_context():
        return engine_context()


def test_the_fields_follow_the_choices(client: CheckedClient, staff: User):
    assert 'name="preset"' in client.get("/schedules/form/what?type=flights-export").text
    weekly = client.get("/schedules/form/when?when=weekly&time=08:15&timezone=UTC").text
    assert 'name="weekday"' in weekly
    assert 'value="08:15"' in weekly
    assert 'name="cron"' not in weekly
    assert 'name="after_type"' in client.get("/schedules/form/when?when=after").text


def test_without_script_a_button_shows_them(client: CheckedClient, staff: User, app: Flask):
    answer = post(client, when="cron", act="show")
    assert answer.status_code == 200
    assert 'name="cron"' in answer.text
    assert only(app, Schedule) is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            "when=weekdays&time=07:30&timezone=Europe/Berlin",
            "Every weekday at 07:30, Europe/Berlin",
        ),
        ("when=cron&cron=0 0 31 2 *&timezone=UTC", "never comes to pass"),
        ("when=cron&cron=&timezone=UTC", "0 of five fields"),
        ("when=monthly&day=x&timezone=UTC", "Enter a whole number"),
        ("when=nonsense&timezone=UTC", "Choose when"),
        ("when=daily&time=12:00&timezone=Mars", "There is no time zone"),
        ("when=after", "at most once for each"),
    ],
)
def test_the_preview_says_what_a_choice_comes_to(client: CheckedClient, staff: User, query, words):
    answer = client.get(f"/schedules/form/preview?{query}")
    assert answer.status_code == 200
    assert words in answer.text


def test_a_change_is_saved_and_audited(client: CheckedClient, staff: User, app: Flask):
    page = made(client)
    post(client, page.removeprefix("/schedules"), time="08:00", version="1")
    kept = only(app, Schedule)
    assert (kept.cron, kept.version) == ("0 8 * * *", 2)
    assert actions(app) == ["schedule.created", "schedule.changed"]


def test_two_tabs(client: CheckedClient, staff: User, app: Flask):
    page = made(client).removeprefix("/schedules")
    post(client, page, time="08:00", version="1")
    second = post(client, page, time="09:00", version="1")
    assert second.status_code == 409
    assert "Somebody else has changed this schedule" in second.text
    assert only(app, Schedule).cron == "0 8 * * *"


def test_paused_and_resumed(client: CheckedClient, staff: User, app: Flask):
    page = made(client)
    client.post(f"{page}/pause")
    assert not only(app, Schedule).active
    assert "Paused." in client.get(page).text
    assert client.post(f"{page}/pause").status_code == 303, "said as a warning"
    assert client.post(f"{page}/resume", data={"back": "list"}).location == "/schedules"
    assert only(app, Schedule).active
    assert actions(app)[1:] == ["schedule.paused", "schedule.resumed"]


def test_run_now_goes_to_the_job(client: CheckedClient, staff: User, app: Flask):
    page = made(client)
    answer = client.post(f"{page}/runs")
    job = only(app, Job)
    assert answer.location == f"/jobs/{job.id}"
    assert (job.type, job.user_id, job.options["format"]) == ("flights-export", staff.id, "csv")
    shown = client.get(page).text
    assert f"/jobs/{job.id}" in shown
    assert "By hand" in shown
    assert "not finished" in client.post(f"{page}/runs", follow_redirects=True).text


def test_deleted(client: CheckedClient, staff: User, app: Flask):
    page = made(client)
    assert client.post(f"{page}/deletion").location == "/schedules"
    assert client.get(page).status_code == 404
    assert actions(app) == ["schedule.created", "schedule.deleted"]


def test_what_went_wrong_is_stated(client: CheckedClient, staff: User, app: Flask):
    page = made(client)
    with committed(app) as session:
        schedule = session.scalars(select(Schedule)).one()
        schedule.active, schedule.next_at, schedule.pause_reason = (
            False,
            None,
            "3 runs were refused",
        )
        due = schedule.created_at
        values = {"schedule_id": schedule.id, "kind": "time", "due_at": due}
        session.add(
            ScheduleRun(**values, outcome="missed", times=12, message="12 runs were missed.")
        )
    shown = client.get(page).text
    assert "12 runs missed in the last 7 days." in shown
    assert "It paused itself." in shown
    row = client.get("/schedules").text
    assert re.search(r'data-label="Missed">12<', row)


def test_the_history_page_by_page(client: CheckedClient, staff: User, app: Flask):
    page = made(client)
    with committed(app) as session:
        schedule = session.scalars(select(Schedule)).one()
        values = {"schedule_id": schedule.id, "kind": "manual", "outcome": "refused"}
        session.add_all(ScheduleRun(**values) for _ in range(60))
    first = client.get(page).text
    older = re.search(rf'href="({page}\?before=\d+)"', first)
    assert first.count('id="run-') == 50
    assert older
    assert client.get(older[1]).text.count('id="run-') == 10
    for place in ("x", "-1", "9" * 30):
        assert client.get(f"{page}?before={place}").status_code == 200


@pytest.mark.parametrize(
    ("role", "look", "change"),
    [("staff", 404, 404), ("integrator", 404, 404), ("manager", 200, 403), ("admin", 200, 303)],
)
def test_whose_is_whose(client: CheckedClient, staff: User, app: Flask, role, look, change):
    page = made(client)
    other = app.test_client()
    sign_in(other, role)
    assert other.get(page).status_code == look
    listed = EXPORT["name"] in other.get("/schedules").text
    assert listed == (look == 200)
    acts = [other.post(f"{page}/{act}").status_code for act in ("pause", "resume", "runs")]
    assert acts == [change] * 3
    assert other.post(page, data=EXPORT).status_code == change
    assert other.post(f"{page}/deletion").status_code == change


def test_an_admin_changes_it_for_its_owner(client: CheckedClient, staff: User, app: Flask):
    page = made(client)
    admin = app.test_client()
    sign_in(admin, Role.ADMIN)
    admin.post(f"{page}/runs")
    assert only(app, Job).user_id == staff.id
