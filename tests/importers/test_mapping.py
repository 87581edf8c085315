"""Columns of a file meet the fields of a table."""

import pytest

from dashboard.errors import FileRefused
from dashboard.importers.mapping import listed, match_columns
from dashboard.records.fields import Field, FieldType


def fields(*names: str, required: bool = False) -> list[Field]:
    return [Field(n, f"{n}_id", FieldType.STRING, n.title(), required=required) for n in names]


@pytest.mark.parametrize("column", ["dep_time", "Dep Time", "DEPTIME", " dep-time ", "dep_time_id"])
def test_case_spaces_and_underscores_do_not_matter(column):
    found = match_columns(fields("dep_time"), [column, "more"])
    assert (found.fields, found.ignored) == ({column: "dep_time"}, ("more",))


def test_the_first_of_two_columns_fills_a_field():
    found = match_columns(fields("a"), ["A", "a"])
    assert (found.fields, found.ignored) == ({"A": "a"}, ("a",))


def test_a_choice_made_by_hand_goes_first():
    found = match_columns(fields("a", "b"), ["a", "x"], {"x": "a"})
    assert (found.fields, found.ignored) == ({"x": "a"}, ("a",))


def test_the_order_is_the_files():
    found = match_columns(fields("a", "b", "c"), ["c", "x", "a"])
    assert list(found.fields) == ["c", "a"]


def test_a_file_that_fills_nothing_is_refused():
    with pytest.raises(FileRefused, match=r"no column for a, b\. Columns found: x\."):
        match_columns(fields("a", "b"), ["x"])


def test_required_fields_are_all_named():
    with pytest.raises(FileRefused) as refused:
        match_columns(fields("a", "b", "c", required=True), ["b"])
    assert refused.value.details == {"missing": ["a", "c"], "columns": ["b"]}


def test_long_lists_are_cut():
    assert listed([str(n) for n in range(40)]).endswith("29 and 10 more")
