"""The file to fill in: what it names, shows and says, and that it can be imported as it is."""

import csv
import io

import pytest

from dashboard.importers.importer import Importer
from dashboard.importers.template import template_rows
from tests.importers.running import add, run_import
from tests.records.travel import Carrier, Stop, Ticket, Trip


def template(model, connection=None, **attributes):
    importer = type("Made", (Importer,), {"model": model, **attributes})()
    return template_rows(importer, importer.describe(), connection)


def notes(made):
    return dict(zip(made.columns, made.notes, strict=True))


def test_it_names_the_fields_a_person_fills_in():
    made = template(Ticket, computed=["changed"])
    assert made.columns == ("code", "seat", "price", "holder", "note", "state")
    assert {len(row) for row in made.rows} == {6}


def test_a_key_of_the_file_is_asked_for():
    assert template(Carrier).columns == ("code", "name")


def test_notes_say_what_a_column_may_hold():
    told = notes(template(Trip, rules={"seats": {"min": 1, "max": 900}}))
    assert told["number"] == "Required. Whole number, digits only."
    assert told["day"] == "Optional. Date, YYYY-MM-DD."
    assert told["seats"].endswith("At least 1. At most 900.")
    assert "One of: bus, rail." in told["mode"]
    assert "At most 5 characters." in told["code"]
    assert "faa of a record of stops" in told["stop"]
    assert "Unique: no two rows may share it." in notes(template(Carrier))["code"]


def test_references_show_records_that_are_there(target):
    add(target, Stop(id=5, faa="JFK"), Stop(id=6, faa="LGA"))
    with target.connect() as connection:
        made = template(Trip, connection)
    place = made.columns.index("stop")
    assert [row[place] for row in made.rows] == ["JFK", "LGA", "JFK"]


def test_the_importers_own_examples_go_first():
    made = template(Carrier, examples=[{"code": "AA", "name": None}, {"name": "Two"}])
    assert made.rows == (("AA", ""), ("", "Two"))


def test_examples_keep_to_the_rules():
    made = template(Trip, rules={"seats": {"min": 100}})
    place = made.columns.index("seats")
    assert [row[place] for row in made.rows] == ["100", "100", "100"]


@pytest.mark.parametrize("model", [Carrier, Trip, Ticket])
def test_the_template_itself_can_be_imported(target, model):
    add(target, Carrier(code="ZZ", name="Last"), Stop(id=5, faa="JFK"))
    with target.connect() as connection:
        made = template(model, connection)
    text = io.StringIO()
    csv.writer(text).writerows([made.columns, *made.rows])
    assert run_import(target, model, text.getvalue()).failures == []
