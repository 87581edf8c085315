"""Names for columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.formats.naming import unique_names


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "", " ", "\t"], ["a", "column_2", "column_3", "column_4"]),
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["", "column_1"], ["column_1_2", "column_1"]),
        (["a", "A", " a "], ["a", "A", " a "]),
        ([], []),
    ],
)
def test_names(headers: list[str], names: list[str]) -> None:
    assert list(unique_names(headers)) == names


def test_names_that_count_as_one() -> None:
    assert unique_names(["a", "A", "b"], same=str.casefold) == ("a", "A_2", "b")


@given(st.lists(st.sampled_from(["", " ", "a", "a_2", "a_3", "column_1", "column_2", "b"])))
def test_names_are_unique_and_kept_where_they_stand_once(headers: list[str]) -> None:
    names = unique_names(headers)
    assert len(set(names)) == len(headers) == len(names)
    assert all(name.strip() for name in names)
    once = [h for h in headers if h.strip() and headers.count(h) == 1]
    assert all(names[headers.index(header)] == header for header in once)
