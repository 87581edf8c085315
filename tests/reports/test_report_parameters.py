"""Parameters: what is taken, what is refused, and what a relative day becomes."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.reports.parameters import (
    Parameter,
    bound,
    check_parameter,
    read_each,
    read_parameters,
    resolve,
    told,
)

NOW = datetime(2026, 3, 15, 23, 30, tzinfo=UTC)
KNOWN = {"JFK": "Kennedy", "EWR": "Newark"}


def read(parameter, value):
    return read_parameters({"x": parameter}, {"x": value}, lambda _: KNOWN, NOW)["x"]


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        ("text", "O'Hare; DROP TABLE", "O'Hare; DROP TABLE"),
        ("integer", " 42 ", 42),
        ("integer", -7, -7),
        ("decimal", "2.50", "2.50"),
        ("decimal", 0.1, "0.1"),
        ("decimal", "1e3", "1000"),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "start-of-month", "start-of-month"),
        ("month", "2013-01", "2013-01"),
        ("month", "-1m", "-1m"),
        ("choice", "JFK", "JFK"),
        ("boolean", "false", False),
        ("boolean", True, True),
    ],
)
def test_what_is_kept(type_, given, kept):
    parameter = Parameter(type_, choices=KNOWN if type_ == "choice" else ())
    assert read(parameter, given) == kept
    assert read(parameter, kept) == kept


@pytest.mark.parametrize(
    ("type_", "given", "said"),
    [
        ("text", "a\0b", "Use a text"),
        ("text", "a\ud800", r'X is "a\ud800". Use a text'),
        ("text", 5, "Use a text"),
        ("integer", "4.5", 'X is "4.5", no whole number. Use digits, as in 42.'),
        ("integer", True, "no whole number"),
        ("integer", 2**63, "no whole number"),
        ("decimal", "NaN", "no number"),
        ("decimal", "1e999", "no number"),
        ("decimal", "", None),
        ("date", "31.02.2026", "Use YYYY-MM-DD"),
        ("date", "2026-02-30", "no day"),
        ("date", "-24h", "no day"),
        ("date", "-9999y", "no day"),
        ("month", "2013-13", "no month. Use YYYY-MM"),
        ("month", "2013-01-01", "no month"),
        ("month", "9999-12", "0001-01 to 9999-11"),
        ("choice", "LAX", 'X is "LAX", which is no choice. Use one of: JFK, EWR.'),
        ("choice", [], "X is [], which is no choice"),
        ("choice", {"a": 1}, "which is no choice"),
        ("boolean", "maybe", "true or false"),
    ],
)
def test_what_is_refused(type_, given, said):
    parameter = Parameter(type_, choices=KNOWN if type_ == "choice" else ())
    if said is None:
        assert read(parameter, given) is None
        return
    with pytest.raises(InputRefused, match=r".") as caught:
        read(parameter, given)
    assert said in caught.value.message
    assert caught.value.details == {"field": "params", "parameter": "x"}


def test_the_last_month_whose_end_is_a_day():
    parameters = {"m": Parameter("month")}
    found = resolve(parameters, {"m": read(Parameter("month"), "9999-11")}, NOW)
    assert bound(parameters, found)["m_end"][0] == date(9999, 12, 1)
    with pytest.raises(InputRefused, match="no month"):
        resolve(parameters, {"m": "9999-12"}, NOW)


def test_blank_is_the_default_or_nothing_or_refused():
    assert read(Parameter("date", default="today"), "") == "today"
    assert read(Parameter("integer"), "") is None
    assert read(Parameter("boolean"), None) is False
    with pytest.raises(InputRefused, match="X is needed"):
        read(Parameter("text", required=True), "")


def test_bounds_of_numbers():
    parameter = Parameter("integer", low=1, high=40)
    assert read(parameter, 40) == 40
    for value, said in ((0, "at least"), (41, "at most")):
        with pytest.raises(InputRefused, match=said):
            read(parameter, value)


def test_all_that_is_wrong_is_told_at_once():
    parameters = {"a": Parameter("integer"), "b": Parameter("date"), "c": Parameter()}
    given = {"a": "x", "b": "y", "c": "z", "d": 1}
    kept, wrong = read_each(parameters, given, lambda _: {}, NOW)
    assert kept == {"c": "z"}
    assert set(wrong) == {"a", "b", "d"}
    assert wrong["d"] == "There is no parameter 'd'. Known: a, b, c."


def test_days_are_resolved_when_it_runs():
    parameters = {"day": Parameter("date"), "month": Parameter("month"), "n": Parameter("decimal")}
    kept = {"day": "yesterday", "month": "-1m", "n": "2.5"}
    found = resolve(parameters, kept, NOW)
    assert found == {"day": date(2026, 3, 14), "month": date(2026, 2, 1), "n": Decimal("2.5")}
    words = [each["value"] for each in told(parameters, kept, found)]
    assert words == ["2026-03-14 (yesterday)", "2026-02 (-1m)", "2.5"]


def test_a_month_binds_its_parts_and_its_end():
    found = bound({"m": Parameter("month")}, {"m": date(2026, 12, 1)})
    assert {name: value for name, (value, _) in found.items()} == {
        "m": date(2026, 12, 1), "m_year": 2026, "m_month": 12, "m_end": date(2027, 1, 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parameter", "said"),
    [
        ("First", Parameter(), "small letters"),
        ("x", Parameter("number"), "no type 'number'"),
        ("x", Parameter("choice"), "choices or a query"),
        ("x", Parameter("text", choices=("a",)), "choices or a query"),
        ("x", Parameter("choice", query="DELETE FROM t"), "begin with SELECT"),
        ("x", Parameter("choice", query="SELECT :y"), "has none to name"),
    ],
)
def test_a_wrong_parameter_is_named(name, parameter, said):
    with pytest.raises(ConfigurationError, match=said):
        check_parameter(name, parameter)
