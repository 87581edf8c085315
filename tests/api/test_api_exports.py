"""`POST /api/submit-job` for an export: what becomes of its data, and what is refused by name."""

from typing import Any

import pytest
from flask import Flask

from dashboard.exporters.presets import save_preset
from dashboard.models.job import Job
from tests.api.calling import Caller, caller, error_of, field_of
from tests.factories import committed

AA = {"field": "carrier", "op": "eq", "value": "AA"}
WEEK = {"field": "time_hour", "op": "ge", "value": "-7d"}


def submit(who: Caller, **data: Any) -> Any:
    return who.post("/submit-job", json={"name": "flights-export", "data": data})


def options(app: Flask, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    with committed(app) as session:
        return dict(session.get_one(Job, int(answer.get_json()["jobId"])).options)


def test_an_export_needs_no_file(app: Flask, staff: Caller) -> None:
    assert options(app, submit(staff)) == {}
    data = {"format": "xlsx", "filters": [AA, WEEK], "columns": ["year"], "escapeFormulas": False}
    assert options(app, submit(staff, **data)) == data


def test_a_file_is_not_for_an_export(staff: Caller) -> None:
    assert staff.send("flights-export").status_code == 422


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"mapping": {"a": "year"}}, "mapping"),
        ({"mode": "upsert"}, "mode"),
        ({"filters": [{**AA, "field": "colour"}]}, "filters"),
        ({"filters": [{**AA, "op": "like"}]}, "filters"),
        ({"filters": [{**WEEK, "value": "-7x"}]}, "filters"),
        ({"filters": [{**WEEK, "value": "0001-01-01T00:00:00+14:00"}]}, "filters"),
        ({"filters": [{**WEEK, "value": "9999-12-31T23:59:59-14:00"}]}, "filters"),
        ({"filters": [{**AA, "op": "contains", "value": "x" * 50_001}]}, "filters"),
        ({"columns": ["colour"]}, "columns"),
        ({"format": "docx"}, "format"),
        ({"preset": "mine"}, "preset"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_is_wrong_is_named_and_makes_no_job(
    app: Flask, staff: Caller, data: dict[str, Any], field: str
) -> None:
    answer = submit(staff, **data)
    assert (answer.status_code, field_of(answer)) == (422, field)
    with committed(app) as session:
        assert session.query(Job).count() == 0


def test_a_filters_refusal_says_which_and_what_is_allowed(staff: Caller) -> None:
    answer = submit(staff, filters=[AA, {**WEEK, "op": "like"}])
    assert error_of(answer) == (422, "filter_refused")
    error = answer.get_json()["error"]
    assert error["message"].startswith('Filter 2 (time_hour): "like" is no operator for datetime.')
    assert error["details"] == {"field": "filters", "filter": 2, "name": "time_hour"}


def test_a_preset_of_ones_own(app: Flask, staff: Caller) -> None:
    with committed(app) as session:
        save_preset(session, staff.user, "flights-export", "AA", {"filters": [AA]})
    asked = submit(staff, preset="AA", columns=["year"])
    assert options(app, asked) == {"filters": [AA], "columns": ["year"]}
    assert field_of(submit(caller(app), preset="AA")) == "preset"
