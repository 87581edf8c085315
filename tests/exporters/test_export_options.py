"""The options of an export, and what is refused of them before there is a job."""

from datetime import UTC, datetime

import pytest

from dashboard.errors import InputRefused
from dashboard.exporters.options import ExportOptions
from dashboard.exporters.submitted import read_data
from dashboard.formats.write_options import NAMES as WRITE_NAMES
from dashboard.jobs.registry import JobType, Kind
from tests.exporters.exportables import Fields
from tests.records.travel import Carrier, Stop

CARRIERS = Fields(Carrier)
TYPE = JobType("carriers-export", Kind.EXPORT, "Carriers", job="", table="carriers")
ONE = {"field": "code", "op": "eq", "value": "AA"}


def options(**chosen):
    return ExportOptions.from_options(chosen, CARRIERS)


def test_nothing_chosen_is_all_of_it_as_csv():
    found = options()
    assert (found.filters, found.columns, found.labels) == ((), ("code", "name"), None)
    assert (found.write.format, found.write.escape_formulas) == ("csv", True)


def test_columns_keep_their_order():
    found = options(columns=["name", "code"])
    assert [field.name for field in found.fields(CARRIERS)] == ["name", "code"]


@pytest.mark.parametrize(
    ("chosen", "field", "words"),
    [
        ({"columns": ["code", "colour"]}, "columns", 'no field "colour". Fields: code, name.'),
        ({"columns": ["code", "code"]}, "columns", "code is named twice"),
        ({"columns": "code"}, "columns", 'a list of field names, such as ["code"]'),
        ({"columns": [1]}, "columns", "a list of field names"),
        ({"labels": "yes"}, "labels", "true or false"),
        ({"filters": [{**ONE, "field": "x"}]}, "filters", 'Filter 1: there is no field "x"'),
        ({"format": "docx"}, "format", "docx"),
        ({"format": "xlsx", "delimiter": ";"}, "delimiter", "none to choose"),
    ],
)
def test_a_refusal_names_the_key(chosen, field, words):
    with pytest.raises(InputRefused) as caught:
        options(**chosen)
    assert (caught.value.details["field"], words in caught.value.message) == (field, True)


@pytest.mark.parametrize("name", ["columns", "labels", *WRITE_NAMES])
@pytest.mark.parametrize("value", ["x" * 9_999, ["x" * 9_999]])
def test_long_choices_are_not_quoted_whole(name, value):
    with pytest.raises(InputRefused) as caught:
        options(**{name: value})
    assert (caught.value.details["field"], len(caught.value.message) < 250) == (name, True)


def submitted(target, **data):
    return read_data(TYPE, data, target.connect)


def test_what_is_submitted_becomes_the_jobs_options(target):
    read = submitted(target, filters=[ONE], format="tsv", runAt="2026-12-01T08:00:00+01:00")
    assert read.options == {"filters": [ONE], "format": "tsv"}
    assert read.run_at == datetime(2026, 12, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"mapping": {"a": "code"}}, "mapping", "mapping is for an import"),
        ({"chunkRows": 5}, "chunkRows", "is for an import"),
        ({"file": "x.csv"}, "file", "is for an import"),
        ({"colour": 1}, "colour", "no key 'colour' in data"),
        ({"filters": ONE}, "filters", "filters is a list"),
        ({"columns": "x" * 9_999}, "columns", 'not "' + "x" * 60 + '…".'),
        ({"runAt": "tomorrow"}, "runAt", "not a time with offset"),
        ({"preset": "mine"}, "preset", "belongs to a person"),
        ({"header": "no"}, "header", "true or false"),
        ({"filters": [{**ONE, "value": 4}, {**ONE, "value": "AAA"}]}, "filters", "Filter 2 (code)"),
    ],
)
def test_keys_that_are_unknown_or_wrong_are_named(target, data, field, words):
    with pytest.raises(InputRefused) as caught:
        submitted(target, **data)
    assert (caught.value.details["field"], words in caught.value.message) == (field, True)


def test_a_table_that_is_not_there_is_said(target):
    missing = JobType("x-export", Kind.EXPORT, "X", job="", table="no_such_table")
    with pytest.raises(InputRefused, match="X cannot be exported just now") as caught:
        read_data(missing, {}, target.connect)
    assert caught.value.code == "type_broken"


def test_a_sensitive_field_is_not_there(target):
    hiding = JobType("s-export", Kind.EXPORT, "S", job="", table="stops", sensitive=("faa",))
    asked = [{"filters": [{"field": "faa", "op": "eq", "value": "JFK"}]}, {"columns": ["faa"]}]
    for data in asked:
        with pytest.raises(InputRefused, match=r"there is no field .*faa.* Fields: id"):
            read_data(hiding, data, target.connect)
    assert Stop.__table__.c.faa is not None
