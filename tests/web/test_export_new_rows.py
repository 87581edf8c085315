"""One filter in the form: how its value is entered, and that a preset's comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from dashboard.errors import InputRefused
from dashboard.web.export_rows import (
    Row,
    joined,
    row_of_filter,
    rows_of_form,
    rows_of_options,
    split,
)
from tests.exporters.exportables import Fields

FIELDS = {field.name: field for field in Fields().fields}


@pytest.mark.parametrize(
    ("name", "op", "control"),
    [
        ("number", "eq", "text"),
        ("number", "in", "lines"),
        ("note", "contains", "text"),
        ("note", "blank", "none"),
        ("size", "eq", "select"),
        ("class", "in", "checks"),
        ("open", "eq", "truth"),
        ("day", "ge", "day"),
        ("sent", "lt", "day"),
        ("at", "lt", "text"),
        ("extra", "filled", "none"),
    ],
)
def test_the_value_is_entered_as_its_field_asks(name, op, control):
    assert Row(1, FIELDS[name], op).control == control


def test_operators_fit_the_field():
    assert list(Row(1, FIELDS["size"]).operators) == ["eq", "ne", "in", "blank", "filled"]
    assert "blank" not in Row(1, FIELDS["number"]).operators
    assert Row(1, FIELDS["day"]).operators["ge"] == "is from"
    assert list(Row(1, FIELDS["extra"]).operators) == ["blank", "filled"]


def test_without_an_operator_it_is_the_first():
    assert Row(1, FIELDS["size"]).op == "eq"


@pytest.mark.parametrize("op", ["contains", "like", "null", "x" * 9_999])
def test_an_operator_that_does_not_fit_stays_and_is_said(op):
    row = Row(1, FIELDS["size"], op, ["SMALL"])
    row.check(1, Fields())
    assert (row.op.rstrip("…"), row.op in row.operators) == (op[:60], True)
    assert "is no operator of this field" in row.problem
    assert len(row.problem) < 200


def test_a_filter_on_a_field_that_is_gone_stays_and_is_said():
    item = {"field": "gone", "op": "contains", "value": "AA"}
    (row,) = rows_of_options([item], FIELDS)
    row.check(1, Fields())
    assert row.as_filter() == item
    assert row.problem.startswith('There is no field "gone" any more.')


@pytest.mark.parametrize("values", [[], [""]])
def test_it_is_said_without_a_value_too(values):
    row = rows_of_form(
        MultiDict([("row", "1"), ("f-1-field", "gone"), *(("f-1-value", v) for v in values)]),
        FIELDS,
    )[0]
    row.check(1, Fields())
    assert (row.is_filled, "no field" in row.problem) == (True, True)


@pytest.mark.parametrize(
    "item",
    [
        {"field": "note", "op": "eq", "value": "a, b"},
        {"field": "note", "op": "in", "value": ["a", "b, c", 'say "x"']},
        {"field": "size", "op": "in", "value": ["SMALL"]},
        {"field": "note", "op": "null", "value": True},
        {"field": "note", "op": "null", "value": False},
        {"field": "open", "op": "ne", "value": "true"},
    ],
)
def test_a_presets_filter_comes_back_as_it_was(item):
    assert row_of_filter(1, item, FIELDS).as_filter() == item


@given(st.lists(st.text("ab,\"' =", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_values_are_split_where_they_were_joined(values):
    assert split(joined(values)) == values


def test_values_in_lines_or_between_commas():
    assert split('a, "b, c"\n\n d ,\n') == ["a", "b, c", "d"]


def test_a_row_counts_once():
    form = MultiDict({"f-2-field": "note", "f-2-value": " x "})
    form.setlist("row", ["2", "2"])
    rows = rows_of_form(form, FIELDS)
    assert [(row.number, row.value, row.op) for row in rows] == [(2, "x", "eq")]


@pytest.mark.parametrize("number", ["x", "²", "", "01", "-1", "1" * 10, "x" * 9_999])
def test_a_row_without_a_number_is_refused(number):
    with pytest.raises(InputRefused, match="row is a number") as caught:
        rows_of_form(MultiDict({"row": number, f"f-{number}-field": "note"}), FIELDS)
    assert len(caught.value.message) < 150


def test_a_filter_that_no_row_names_is_refused():
    form = MultiDict({"row": "1", "f-1-field": "note", "f-2-field": "note"})
    with pytest.raises(InputRefused, match='"f-2-field" belongs to no row'):
        rows_of_form(form, FIELDS)
