"""Formats of dates and numbers that a sample of cells shows."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.formats.hints import Hint, column_hints, days_of


def hint_of(*cells: str | None) -> Hint | None:
    return column_hints([[cell] for cell in cells], ["c"]).get("c")


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["2013-01-31", "2013-02-01T05:15:00Z"], "ISO"),
        (["31/01/2013", "01/02/2013"], "DMY"),
        (["01/31/2013", "01/02/2013", None, " "], "MDY"),
        (["31.12.99", "01.02.03"], "DMY"),
        (["2013/01/31", "2013/1/2"], "YMD"),
        (["31 Jan 2013", "1 March 2014"], "DMY"),
        (["Jan 31, 2013 5:30 pm"], "MDY"),
        (["31.12.2013 05:30", "2014-01-02"], "DMY"),
        (["31/12/2013"] * 20 + ["unknown"], "DMY"),
    ],
)
def test_dates_that_only_one_order_reads(cells: list[str | None], order: str) -> None:
    hint = hint_of(*cells)
    assert hint is not None
    assert (hint.kind, hint.date, hint.must_ask) == ("date", order, False)
    assert hint.cell_format == ({} if order == "ISO" else {"date": order})


@pytest.mark.parametrize(
    ("cells", "orders", "ambiguous"),
    [
        (["01/02/2013", "03/04/2013", "05/05/2013"], ("DMY", "MDY"), 2),
        (["01.02.03", "02.03.04"], ("DMY", "MDY", "YMD"), 2),
        (["13/01/2013", "01/13/2013"], ("DMY", "MDY"), 0),
        (["05/05/2013"], ("DMY", "MDY"), 0),
    ],
)
def test_dates_that_must_be_asked(
    cells: list[str], orders: tuple[str, ...], ambiguous: int
) -> None:
    hint = hint_of(*cells)
    assert hint is not None
    assert (hint.date, hint.orders, hint.ambiguous) == (None, orders, ambiguous)
    assert (hint.must_ask, hint.sample in cells, hint.cell_format) == (True, True, {})


@pytest.mark.parametrize(
    ("cells", "chosen"),
    [
        (["1,5", "2"], {"decimal": ","}),
        (["1.5", "1.234", "1e5"], {}),
        (["1,234", "1,234,567"], {"decimal": ".", "thousands": ","}),
        (["1.234,56", "-7"], {"decimal": ",", "thousands": "."}),
        (["1\u00a0234", "5"], {"decimal": ".", "thousands": " "}),
        (["1'234.5"], {"decimal": ".", "thousands": "'"}),
        (["0,123"], {"decimal": ","}),
        (["1234,567"], {"decimal": ","}),
        ([".5", "-.25"], {}),
    ],
)
def test_numbers_that_only_one_reading_fits(cells: list[str], chosen: dict[str, str]) -> None:
    hint = hint_of(*cells)
    assert hint is not None
    assert (hint.kind, hint.must_ask, hint.cell_format) == ("number", False, chosen)


@pytest.mark.parametrize(
    ("cells", "ambiguous"),
    [(["1.234", "2.345"], 2), (["1,234", "2"], 1), (["1.5", "1,5"], 1), (["-1.000", "5"], 1)],
)
def test_numbers_that_must_be_asked(cells: list[str], ambiguous: int) -> None:
    hint = hint_of(*cells)
    assert hint is not None
    assert (hint.decimal, hint.ambiguous, hint.must_ask) == (None, ambiguous, True)
    assert hint.sample in cells


@pytest.mark.parametrize(
    "cells",
    [["1", "007"], ["abc"], [], [None, ""], ["1.2.3"], ["192.168.1.10"], ["12-34-56"], ["N12345"]],
)
def test_other_columns_get_no_hint(cells: list[str]) -> None:
    assert hint_of(*cells) is None


def test_hints_are_by_column_and_bear_ragged_rows() -> None:
    rows = [["x", "31.01.2013"], ["y"], ["z", "1.2.2013", "more"]]
    assert list(column_hints(rows, ["a", "b", "c"])) == ["b"]


def test_hint_as_json() -> None:
    hint = hint_of("31/01/2013")
    assert hint is not None
    told = hint.to_json()
    assert (told["mustAsk"], told["format"], told["orders"]) == (False, {"date": "DMY"}, ["DMY"])


@given(st.dates(date(1970, 1, 1), date(2068, 12, 31)), st.sampled_from(["%d.%m.%Y", "%d/%m/%y"]))
def test_a_written_day_is_among_those_read(day: date, form: str) -> None:
    assert days_of(day.strftime(form))["DMY"] == day
