"""One filter in the form: how its value is entered, and that a preset's comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from dashboard.web.export_rows import Row, joined, row_of_filter, rows_of_form, split
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


def test_an_operator_that_does_not_fit_becomes_the_first():
    assert Row(1, FIELDS["size"], "contains").op == "eq"


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
    assert row_of_filter(1, item, FIELDS[item["field"]]).as_filter() == item


@given(st.lists(st.text("ab,\"' =", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_values_are_split_where_they_were_joined(values):
    assert split(joined(values)) == values


def test_values_in_lines_or_between_commas():
    assert split('a, "b, c"\n\n d ,\n') == ["a", "b, c", "d"]


def test_a_form_with_odd_rows_keeps_the_good_ones():
    form = MultiDict({"f-2-field": "note", "f-2-value": " x ", "f-3-field": "colour"})
    form.setlist("row", ["2", "2", "3", "x", "²"])
    rows = rows_of_form(form, FIELDS)
    assert [(row.number, row.value, row.op) for row in rows] == [(2, "x", "eq")]
