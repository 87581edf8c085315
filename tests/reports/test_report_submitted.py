"""`data` of a report: what REST, forms, command line and schedules may send."""

import pytest
from sqlalchemy import create_engine

from dashboard.errors import InputRefused, JobEngineError
from dashboard.reports import submitted
from dashboard.reports.parameters import Parameter
from dashboard.reports.submitted import choices_of, read_data, schema_fields
from tests.reports.conftest import on, report_type

SALES = report_type("Sales")


def refused(data, connect):
    with pytest.raises(InputRefused) as caught:
        read_data(SALES, data, connect)
    return caught.value


def test_options_hold_every_parameter_and_who_gets_mail(target):
    data = {
        "params": {"kind": "tea"},
        "mailTo": [" Ann@Example.org", "ann@example.org", "bob@example.org"],
        "runAt": "2026-11-30T08:00:00+01:00",
    }
    found = read_data(SALES, data, target.connect)
    assert found.options == {
        "params": {"kind": "tea", "least": 0},
        "mailTo": ["ann@example.org", "bob@example.org"],
        "mailFormat": "xlsx",
    }
    assert found.run_at.hour == 7
    again = read_data(SALES, found.options, target.connect)
    assert again.options == found.options


def test_nothing_is_all_by_default(target):
    assert read_data(SALES, {}, target.connect).options == {"params": {"kind": None, "least": 0}}


@on("sqlite")
@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"params": []}, "params", "is an object"),
        ({"params": {"colour": 1}}, "params", "no parameter 'colour'. Known: kind, least."),
        ({"params": {"kind": "ale"}}, "params", "Use one of: jam, rum, tea."),
        ({"params": {"least": "x"}}, "params", "no whole number"),
        ({"params": {"kind": []}}, "params", "is [], which is no choice"),
        ({"mailTo": ["\0@example.org"]}, "mailTo", "cannot be kept"),
        ({"mailTo": ["a\u202e@example.org"]}, "mailTo", "not an e-mail address"),
        ({"mailTo": ["a\ud800@example.org"]}, "mailTo", r"a\ud800@example.org"),
        ({"mailTo": "ann@example.org"}, "mailTo", "a list of addresses"),
        ({"mailTo": ["ann"]}, "mailTo", "not an e-mail address"),
        ({"mailTo": ["a@b.c\r\nBcc: x@y.z"]}, "mailTo", "not an e-mail address"),
        ({"mailTo": [f"a{n}@b.c" for n in range(51)]}, "mailTo", "50 are allowed"),
        ({"mailTo": ["a@b.c"], "mailFormat": "pdf"}, "mailFormat", "use csv, tsv, xlsx"),
        ({"mailFormat": "csv"}, "mailFormat", "name who gets it"),
        ({"runAt": "tomorrow"}, "runAt", "is not a time"),
        ({"filters": []}, "filters", "is for an export; a report takes params"),
        ({"file": "x"}, "file", "is for an import"),
        ({"wat": 1}, "wat", "There is no key 'wat' in data"),
    ],
)
def test_what_is_wrong_is_named(target, data, field, said):
    error = refused(data, target.connect)
    assert error.details["field"] == field
    assert said in error.message


def test_choices_come_from_the_records_with_their_labels(target):
    query = "SELECT DISTINCT kind, upper(kind) FROM sales ORDER BY kind"
    found = choices_of(Parameter("choice", query=query), target.connect)
    assert found == {"jam": "JAM", "rum": "RUM", "tea": "TEA"}
    fixed = Parameter("choice", choices={"a": "First"})
    assert choices_of(fixed, target.connect) == {"a": "First"}


def test_choices_that_cannot_be_read_are_refused(target):
    with pytest.raises(InputRefused, match="cannot be read") as caught:
        choices_of(Parameter("choice", query="SELECT x FROM nowhere"), target.connect)
    assert caught.value.code == "report_choices"


@pytest.mark.parametrize("url", ["postgresql+psycopg://127.0.0.1:9/x", "sqlite:////none/x.db"])
def test_choices_of_a_database_that_is_away_may_be_there_later(url):
    asked = Parameter("choice", query="SELECT 1")
    with pytest.raises(JobEngineError, match="did not answer") as caught:
        choices_of(asked, create_engine(url).connect)
    assert (caught.value.permanent, caught.value.status) == (False, 503)


@on("postgres")
def test_choices_that_take_too_long_are_refused(target, monkeypatch):
    monkeypatch.setattr(submitted, "CHOICES_MILLISECONDS", 50)
    with pytest.raises(InputRefused, match="statement timeout"):
        choices_of(Parameter("choice", query="SELECT pg_sleep(5)"), target.connect)


def test_fields_as_the_api_lists_them():
    kind, least = schema_fields(SALES)
    assert "choices" not in kind
    assert least == {
        "name": "least", "label": "At least", "type": "integer", "required": False, "default": 0,
    }  # fmt: skip
