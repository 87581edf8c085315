"""New export: the form, its steps with and without script, and the job it makes."""

import re

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from dashboard.demo.models import Flight
from dashboard.exporters.exporter import Exporter
from dashboard.extensions import db
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from tests.factories import committed, sign_in

FIELDS = [column.name for column in Flight.__table__.columns]
HTMX = {"HX-Request": "true"}
CARRIER = {"row": "1", "f-1-field": "carrier", "f-1-op": "eq", "f-1-value": "AA"}


@pytest.fixture(autouse=True)
def owner(client):
    return sign_in(client)


def send(client, act="start", htmx=False, **form):
    """As the form sends it: all columns of flights unless told otherwise."""
    data = {"type": "flights-export", "act": act, "format": "csv", "escape": "1"}
    data |= {"column": FIELDS} | form
    return client.post("/exports/new", data=data, headers=HTMX if htmx else {})


def options(app, response):
    job_id = int(re.fullmatch(r"/jobs/(\d+)", response.location)[1])
    with committed(app):
        return db.session.get_one(Job, job_id).options


def columns(response):
    return re.findall(r'name="order" value="(\w+)"', response.text)


def test_the_page_shows_fields_formats_and_no_sensitive_ones(client):
    text = client.get("/exports/new?type=flights-export").text
    assert all(word in text for word in ("Sched dep time", "JSON Lines", "Escape formulas"))


def test_htmx_gets_the_part_of_a_type(client):
    text = client.get("/exports/new?type=flights-export", headers=HTMX).text
    assert text.lstrip().startswith('<div class="stack" id="choices"')
    assert "Carrier" in text


@pytest.mark.parametrize("name", ["no-such", "airlines"])
def test_a_type_that_is_none_is_said(client, name):
    assert client.get(f"/exports/new?type={name}").status_code == 422
    assert send(client, type=name).status_code == 422


def test_start_makes_the_job_with_its_audit_entry(app, client, owner):
    response = send(client, **CARRIER)
    assert options(app, response) == {
        "format": "csv",
        "filters": [{"field": "carrier", "op": "eq", "value": "AA"}],
    }
    with committed(app):
        job = db.session.query(Job).one()
        entry = db.session.query(AuditEntry).filter_by(object_id=str(job.id)).one()
        assert (job.kind, job.user_id, job.file_id) == ("export", owner.id, None)
        assert (entry.action, entry.detail["type"]) == ("job.created", "flights-export")


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ({}, {"format": "csv"}),
        (
            {"format": "csv", "delimiter": "\t", "decimal": ",", "encoding": "utf-8-sig"},
            {"format": "csv", "delimiter": "\t", "decimal": ",", "encoding": "utf-8-sig"},
        ),
        ({"format": "xlsx", "delimiter": ";", "encoding": "utf-16"}, {"format": "xlsx"}),
        ({"format": "json-lines", "compression": "gzip"}, {"compression": "gzip"}),
        ({"titles": "none", "escape": []}, {"header": False, "escapeFormulas": False}),
        ({"titles": "labels"}, {"labels": True}),
        ({"column": ["dest", "year"], "order": ["dest", "year"]}, {"columns": ["dest", "year"]}),
    ],
)
def test_choices_become_the_options_of_the_api(app, client, form, kept):
    format_ = form.get("format", "csv")
    assert options(app, send(client, **form)) == {"format": format_, **kept}


@pytest.mark.parametrize(
    ("op", "value", "sent"),
    [
        ("ne", "AA", {"op": "ne", "value": "AA"}),
        ("in", 'AA, "B6"\nUA', {"op": "in", "value": ["AA", "B6", "UA"]}),
        ("contains", "a,b", {"op": "contains", "value": "a,b"}),
        ("blank", "", {"op": "null", "value": True}),
        ("filled", "", {"op": "null", "value": False}),
    ],
)
def test_operators_in_words_become_filters(app, client, op, value, sent):
    row = {"row": "7", "f-7-field": "tailnum", "f-7-op": op, "f-7-value": value}
    assert options(app, send(client, **row))["filters"] == [{"field": "tailnum", **sent}]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({**CARRIER, "f-1-value": ""}, "Enter a value."),
        ({**CARRIER, "f-1-field": "year", "f-1-value": "abc"}, "is not a whole number."),
        (
            {**CARRIER, "f-1-field": "time_hour", "f-1-op": "ge", "f-1-value": "-7x"},
            "start-of-year",
        ),
        ({**CARRIER, "f-1-field": "gone"}, "There is no field &#34;gone&#34; any more."),
        (
            {**CARRIER, "f-1-field": "gone", "f-1-value": ""},
            "There is no field &#34;gone&#34; any more.",
        ),
        ({**CARRIER, "f-1-op": "like"}, "&#34;like&#34; is no operator of this field."),
        ({**CARRIER, "f-1-op": "contains", "f-1-value": "x" * 16_000}, "Use at most 1000."),
        (
            {**CARRIER, "f-1-field": "time_hour", "f-1-op": "le"}
            | {"f-1-value": "9999-12-31T23:59:59-14:00"},
            "outside the years 1 to 9999 in UTC",
        ),
        ({"column": ["dest", "gone"]}, "There is no longer: gone."),
        ({"act": "go"}, "There is no step &#34;go&#34;."),
        ({"act": []}, "There is no step &#34;&#34;."),
        ({"column": []}, "Choose at least one column."),
        ({"decimal": ",", "delimiter": ","}, "cannot both be"),
        ({"format": "docx"}, "is not available"),
    ],
)
def test_what_is_wrong_stands_beside_its_choice_and_the_form_is_kept(app, client, form, words):
    response = send(client, preset_name="kept", **form)
    assert (response.status_code, words in response.text) == (422, True)
    assert 'value="kept"' in response.text
    assert form.get("f-1-value", "") in response.text
    with committed(app):
        assert db.session.query(Job).count() == 0


@pytest.mark.parametrize("act", ["start", "refresh", "add", "none", "save"])
def test_a_filter_on_a_field_that_is_gone_is_kept_until_it_is_taken_out(client, act):
    row = {**CARRIER, "f-1-field": "gone", "f-1-op": "contains"}
    text = send(client, act, **row).text
    for kept in ('name="f-1-field" value="gone"', '<option value="contains"', 'value="AA"'):
        assert kept in text
    assert 'name="row"' not in send(client, "remove:1", **row).text


def test_an_operator_that_is_not_there_stays_chosen(client):
    text = send(client, "refresh", **{**CARRIER, "f-1-op": "like"}).text
    assert re.search(r'<option value="like"[^>]* selected>like</option>', text)


@pytest.mark.parametrize("name", ["delimiter", "encoding", "format", "titles", "act", "type"])
def test_long_choices_do_not_come_back_whole(client, name):
    response = send(client, **{name: "x" * 9_999})
    assert (response.status_code, "x" * 130 in response.text) == (422, False)


@pytest.mark.parametrize("name", ["f-1-field", "f-1-op"])
def test_nor_do_long_parts_of_a_filter(client, name):
    response = send(client, **{**CARRIER, name: "x" * 9_999})
    assert (response.status_code, "x" * 130 in response.text) == (422, False)


@pytest.mark.parametrize("htmx", [True, False])
def test_filters_are_added_and_taken_out(client, htmx):
    added = send(client, "add", htmx, add="time_hour", **CARRIER)
    assert re.findall(r'name="row" value="(\d)"', added.text) == ["1", "2"]
    removed = send(client, "remove:1", htmx, **CARRIER)
    assert (removed.status_code, 'name="row"' in removed.text) == (200, False)


def test_the_value_is_entered_as_field_and_operator_ask(client):
    text = send(client, "refresh", **{**CARRIER, "f-1-op": "in"}).text
    assert "<textarea" in text
    text = send(client, "refresh", **{**CARRIER, "f-1-field": "tailnum", "f-1-op": "filled"}).text
    assert "f-1-value" not in text


def test_columns_move_and_are_chosen_without_script(client):
    first, second, *rest = FIELDS
    assert columns(send(client, f"down:{first}", order=FIELDS)) == [second, first, *rest]
    assert columns(send(client, f"up:{second}", order=FIELDS)) == [second, first, *rest]
    assert columns(send(client, f"up:{first}", order=FIELDS)) == FIELDS
    assert 'name="column" value="year" checked' not in send(client, "none").text
    assert 'name="column" value="year" checked' in send(client, "all", column=[]).text


def count(client, **form):
    data = {"type": "flights-export", **form}
    return re.sub("<[^>]+>", "", client.post("/exports/new/count", data=data).text).strip()


def test_the_count_of_rows(client):
    row = {"row": "1", "f-1-field": "carrier", "f-1-op": "eq"}
    assert count(client) == "0 rows"
    assert count(client, **row, **{"f-1-value": "AA"}) == "0 of 0 rows"
    assert count(client, **row, **{"f-1-value": "\0"}) == "not counted: a filter does not fit yet"
    gone = {**row, "f-1-field": "gone", "f-1-value": ""}
    assert count(client, **gone) == "not counted: a filter does not fit yet"


def test_the_count_of_a_table_that_is_not_there(app, client, monkeypatch):
    missing = Table("gone", MetaData(), Column("id", Integer, primary_key=True))
    table = type("Gone", (Exporter,), {"table": missing})().describe()
    monkeypatch.setattr("dashboard.web.export_new.exported", lambda _: (table, False))
    assert count(client) == "not counted: the records cannot be read just now; tell an admin"


def test_the_count_is_told_without_script_too(client):
    assert "<strong>0</strong> of 0 rows" in send(client, "count", **CARRIER).text


def test_who_may_only_look_cannot_export(client):
    sign_in(client, "manager")
    assert client.get("/exports/new").status_code == 403
    assert client.post("/exports/new").status_code == 403


def test_without_any_type_the_page_says_how_to_get_one(client, monkeypatch):
    monkeypatch.setattr("dashboard.web.export_new.own_types", list)
    assert "No export type is set up" in client.get("/exports/new").text
