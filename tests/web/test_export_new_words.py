"""What an export was asked for, in words."""

import pytest

from dashboard.web.export_words import export_words, filter_words


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"field": "year", "op": "ge", "value": 2013}, "year ≥ 2013"),
        ({"field": "carrier", "op": "in", "value": ["AA", "UA"]}, "carrier in AA, UA"),
        ({"field": "open", "op": "ne", "value": True}, "open ≠ true"),
        ({"field": "name", "op": "contains", "value": "jet"}, "name contains jet"),
        ({"field": "tailnum", "op": "null", "value": True}, "tailnum has no value"),
        ({"field": "tailnum", "op": "null", "value": False}, "tailnum has a value"),
        (
            {"field": "day", "op": "ge", "value": "-7d", "resolved": "2026-11-15"},
            "day ≥ -7d (2026-11-15)",
        ),
    ],
)
def test_a_filter(item, words):
    assert filter_words(item) == words


def test_all_of_it_and_what_relative_dates_came_to():
    asked = {"field": "day", "op": "ge", "value": "-7d"}
    options = {"format": "xlsx", "filters": [asked], "columns": ["b", "a"], "header": False}
    told = {"filters": [{**asked, "resolved": "2026-11-15"}]}
    rest = [("Columns", "b, a"), ("Format", "Excel (XLSX)"), ("Header line", "none")]
    assert export_words(options, {}) == [("Rows", "day ≥ -7d"), *rest]
    assert export_words(options, told) == [("Rows", "day ≥ -7d (2026-11-15)"), *rest]


def test_nothing_chosen_is_nothing_told():
    assert export_words({}, {}) == []
