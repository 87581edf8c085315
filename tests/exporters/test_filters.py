"""Filters: what is refused and how, and the JSON and SQL they become."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from dashboard.errors import InputRefused
from dashboard.exporters.filters import Filter, operators, read_filters, told, where
from tests.exporters.exportables import Fields

TRIPS = Fields()
NOW = datetime(2024, 2, 29, 3, 15, tzinfo=UTC)


def refusal(*filters):
    with pytest.raises(InputRefused) as caught:
        read_filters(list(filters), TRIPS)
    return caught.value


def item(field="number", op="eq", value=1):
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (item("colour"), 'Filter 1: there is no field "colour". Fields: id, carrier, stop'),
        (item(["number"]), "there is no field"),
        (item(op="like"), '(number): "like" is no operator for integer. Use eq, ne, lt'),
        (item(op=["eq"]), "is no operator for integer"),
        (item("size", "lt", "SMALL"), "is no operator for a choice. Use eq, ne, in, null."),
        (item("class", "contains", "f"), "is no operator for a choice"),
        (item("extra", "eq", "{}"), "is no operator for json. Use null."),
        (item("open", "in", [True]), "is no operator for boolean"),
        (item(value="abc"), '(number): "abc" is not a whole number. Use digits only'),
        (item(value=1.5), '"1.5" is not a whole number'),
        (item(value=True), '"true" is not a whole number'),
        (item(value=2**40), "is out of range"),
        (item(value=None), '"None" is no single value'),
        (item(value=[1]), "is no single value"),
        (item(value=""), "there is no value. Enter one, or use null"),
        (item("price", "gt", "1.999"), "has too many decimals. Use at most 2."),
        (item("open", "eq", "maybe"), "is neither true nor false"),
        (item("size", "eq", "HUGE"), "is not one of the choices. Use SMALL, LARGE"),
        (item("token", "eq", "12"), "is not a UUID"),
        (item("at", "gt", "25:00"), "is not a time"),
        (
            item("day", "ge", "31.02.2026"),
            "is not a date. Use YYYY-MM-DD. Or a day such as today, -7d",
        ),
        (item("day", "ge", "-7x"), "Or a day such as today, -7d, -1m"),
        (
            item("day", "ge", "-24h"),
            "names a moment, and this field has only days. Use a day such as today",
        ),
        (item("day", "ge", "-9999y"), "is outside the years 1 to 9999"),
        (item("sent", "ge", "-7x"), "or a moment such as now or -24h."),
        (item("sent", "eq", "9999-12-31"), "is too late"),
        (item("code", "eq", "toolong"), "has 7 characters. Use at most 5."),
        (item("note", "contains", "\0"), "holds a NUL character"),
        (item("note", "contains", "\ud800"), '"\\ud800" is not valid Unicode'),
        (item("note", "contains", ""), "there is no value"),
        (item("note", "contains", "x" * 1_001), "there are 1001 characters. Use at most 1000."),
        (item("sent", "ge", "0001-01-01T00:00:00+14:00"), "outside the years 1 to 9999 in UTC"),
        (item("sent", "le", "9999-12-31T23:59:59-14:00"), "outside the years 1 to 9999 in UTC"),
        (item(op="in", value="1,2"), 'in takes a list of values, such as ["AA", "UA"], not "1,2"'),
        (item(op="in", value=[]), "in takes a list of values"),
        (item(op="in", value=[1] * 501), "there are 501 values. Use at most 500."),
        (item(op="in", value=[1, "x"]), '"x" is not a whole number'),
        (item(op="null", value="yes"), "null takes true (records without a value) or false"),
        ("number=1", '"number=1" is no object'),
        ({"field": "number", "op": "eq"}, "value is missing. A filter has field, op and value."),
        ({**item(), "not": 1}, 'there is no key "not"'),
    ],
)
def test_what_does_not_fit_is_refused_with_what_does(asked, words):
    error = refusal(asked)
    assert words in error.message
    assert (error.code, error.status, error.details["field"]) == ("filter_refused", 422, "filters")


def test_the_filter_at_fault_is_named():
    error = refusal(item(), item("day", "ge", "x"))
    assert error.message.startswith('Filter 2 (day): "x" is not a date.')
    assert (error.details["filter"], error.details["name"]) == (2, "day")


@pytest.mark.parametrize(
    "asked",
    [
        item("x" * 9_999),
        item(op="x" * 9_999),
        item(value="x" * 9_999),
        item(op="in", value="x" * 9_999),
        item(op="null", value=["x"] * 9_999),
        item("day", value="-" + "9" * 9_999 + "y"),
        {**item(), "x" * 9_999: 1},
        "x" * 9_999,
    ],
)
def test_long_texts_are_not_quoted_whole(asked):
    names = ", ".join(field.name for field in TRIPS.fields)
    said = refusal(asked).message.replace(names, "")
    assert ("…" in said, len(said) < 250) == (True, True)


@pytest.mark.parametrize("filters", [{"number": 1}, "number=1", None, 5, [item()] * 51])
def test_a_list_of_at_most_fifty(filters):
    with pytest.raises(InputRefused, match=r"list, such as|at most 50"):
        read_filters(filters, TRIPS)


def test_filters_stay_as_asked():
    asked = [item(), item("day", "in", ["-7d", "today"]), item("note", "null", True)]
    assert [found.as_json() for found in read_filters(asked, TRIPS)] == asked


def test_what_relative_dates_came_to_is_told():
    asked = [
        Filter("day", "in", ("-7d", "2024-01-01")),
        Filter("sent", "ge", "-24h"),
        Filter("leaves", "lt", "start-of-month"),
        Filter("note", "eq", "today"),
    ]
    found = [told_.get("resolved") for told_ in told(TRIPS, asked, NOW)]
    days = ["2024-02-22", "2024-01-01"]
    assert found == [days, "2024-02-28T03:15:00+00:00", "2024-02-01", None]


def test_every_field_says_what_it_can_be_asked():
    asked = {field.name: operators(field) for field in TRIPS.fields}
    assert asked["note"][-2:] == ("contains", "null")
    assert asked["class"] == asked["mode"] == ("eq", "ne", "in", "null")
    assert asked["price"] == ("eq", "ne", "lt", "le", "gt", "ge", "in", "null")


@pytest.mark.parametrize("dialect", [postgresql.dialect(), sqlite.dialect()])
def test_the_sql_can_be_written_out_with_its_values(dialect):
    asked = [
        item("day", "ge", "-7d"),
        item("note", "contains", "it's"),
        item("sent", "eq", "today"),
    ]
    texts = [
        str(test.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        for test in where(TRIPS, asked, NOW)
    ]
    assert "2024-02-22" in texts[0]
    assert "[Ii][Tt]''[Ss]" in texts[1]
    assert "2024-03-01" in texts[2]
