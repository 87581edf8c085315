"""Dates and numbers as people write them come to one form, or are told as they stand."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import InputRefused
from dashboard.records.casting import cast_formatted
from dashboard.records.cell_formats import CellFormat, date_orders, normalise
from dashboard.records.fields import Field, FieldType

DATE, STAMP, NUMBER, INTEGER = (
    Field("f", "f", kind, "F")
    for kind in (FieldType.DATE, FieldType.DATETIME, FieldType.NUMBER, FieldType.INTEGER)
)


def read(cell, field, **chosen):
    """The cell in the form always read; None when it does not match."""
    texts, wrong = normalise(CellFormat(**chosen), field, pa.array([cell]))
    return None if wrong[0] else texts[0].as_py()


@pytest.mark.parametrize(
    ("order", "cell", "expected"),
    [
        ("DMY", "31.12.2026", "2026-12-31"),
        ("DMY", "1/2/26", "2026-02-01"),
        ("DMY", "1-2-69", "1969-02-01"),
        ("DMY", "1 2 68", "2068-02-01"),
        ("DMY", "31 Dec 2026", "2026-12-31"),
        ("DMY", "31-december-26", "2026-12-31"),
        ("DMY", " 31.12.2026 ", "2026-12-31"),
        ("DMY", "31.12.2026 00:00:00", "2026-12-31"),
        ("MDY", "12/31/2026", "2026-12-31"),
        ("MDY", "Dec 31, 2026", "2026-12-31"),
        ("MDY", "Sept. 3 2026", "2026-09-03"),
        ("YMD", "2026/1/2", "2026-01-02"),
        ("YMD", "26.1.2", "2026-01-02"),
        ("DMY", "2026-12-31", "2026-12-31"),
        ("DMY", "31.12/2026", None),
        ("DMY", "31.12.202", None),
        ("DMY", "Dec 31 2026", None),
        ("DMY", "31 Foo 2026", None),
        ("DMY", "31.12.2026 05:00", None),
        ("DMY", "31122026", None),
        ("DMY", "   ", None),
        ("DMY", "", ""),
    ],
)
def test_dates(order, cell, expected):
    assert read(cell, DATE, date=order) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12/31/2026 5:07 PM", "2026-12-31T17:07:00"),
        ("12/31/2026 12:00 am", "2026-12-31T00:00:00"),
        ("12/31/2026 12:30p.m.", "2026-12-31T12:30:00"),
        ("12/31/2026T05:07:01.5Z", "2026-12-31T05:07:01.5Z"),
        ("12/31/2026, 5:07", "2026-12-31T05:07:00"),
        ("12/31/2026", "2026-12-31"),
        ("2026-12-31 05:07", "2026-12-31 05:07"),
        ("12/31/2026 5", None),
    ],
)
def test_dates_with_times(cell, expected):
    assert read(cell, STAMP, date="MDY") == expected


def test_an_hour_no_clock_has_is_refused():
    cast = cast_formatted(STAMP, pa.array(["1/2/26 13:00 pm", "1/2/26 25:00"]), CellFormat("DMY"))
    assert [(place, code) for place, code, _ in cast.bad] == [
        (0, "not_a_datetime"), (1, "not_a_datetime")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "cell", "expected"),
    [
        ({"decimal": ","}, "1,5", "1.5"),
        ({"decimal": ","}, "1.5", None),
        ({"thousands": "."}, "1.234.567,8", "1234567.8"),
        ({"thousands": "."}, "1234,8", "1234.8"),
        ({"thousands": "."}, "1.23", None),
        ({"thousands": "."}, "12.34.567", None),
        ({"thousands": ","}, "-1,234.5", "-1234.5"),
        ({"thousands": " ", "decimal": ","}, "1\u00a0234\u202f567,5", "1234567.5"),
        ({"thousands": "'"}, "1\u2019234.5", "1234.5"),
        ({"decimal": ","}, ",5", ".5"),
        ({"decimal": ","}, "1,5e3", "1.5e3"),
        ({"decimal": ","}, "", ""),
    ],
)
def test_numbers(chosen, cell, expected):
    assert read(cell, NUMBER, **chosen) == expected


def test_messages_name_the_chosen_form():
    cast = cast_formatted(INTEGER, pa.array(["1,234", "x", ""]), CellFormat(thousands=","))
    assert cast.values.to_pylist() == [1234, None, None]
    assert cast.bad[0][2].startswith(
        "is not a whole number in the chosen form. Write it like 1,234"
    )


def test_a_blank_cell_of_a_needed_field_is_told_as_blank():
    needed = Field("f", "f", FieldType.DATE, "F", nullable=False)
    cast = cast_formatted(needed, pa.array(["", "x"]), CellFormat("DMY"))
    assert [code for _, code, _ in cast.bad] == ["required", "not_a_date"]


@given(st.dates())
def test_every_date_is_the_same_in_every_order(day):
    written = {
        "DMY": f"{day.day}.{day.month}.{day.year:04}",
        "MDY": f"{day.month:02}/{day.day:02}/{day.year:04}",
        "YMD": f"{day.year:04} {day.month} {day.day}",
    }
    assert {read(cell, DATE, date=order) for order, cell in written.items()} == {day.isoformat()}


@given(st.integers(-(10**15), 10**15), st.integers(0, 999))
def test_every_number_is_the_same_with_every_mark(whole, part):
    plain = f"{whole}.{part:03}"
    for mark, point in ((".", ","), (" ", ","), ("'", ".")):
        cell = f"{whole:,}".replace(",", mark) + f"{point}{part:03}"
        assert read(cell, NUMBER, thousands=mark, decimal=point) == plain


def test_orders_are_counted_by_real_days():
    assert date_orders(["31.12.2026", "1.2.2026", "31.2.2026", "x", None]) == {
        "DMY": 2, "MDY": 1, "YMD": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    "chosen",
    [
        {"date": "YDM"},
        {"decimal": ";"},
        {"decimal": ",", "thousands": ","},
        {"thousands": ".", "decimal": "."},
        {"sort": 1},
        "DMY",
    ],
)
def test_a_format_that_is_none_is_refused(chosen):
    with pytest.raises(InputRefused, match="Format of column 'x'"):
        CellFormat.from_options("x", chosen)


def test_texts_and_choices_stay_as_they_are():
    text = Field("f", "f", FieldType.STRING, "F")
    choice = Field("f", "f", FieldType.INTEGER, "F", choices=("1",))
    assert not CellFormat("DMY", ",").reads(text)
    assert not CellFormat("DMY", ",").reads(choice)
