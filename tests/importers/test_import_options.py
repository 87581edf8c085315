"""A job's options: what they mean, and what is refused by name."""

import pytest

from dashboard.errors import InputRefused
from dashboard.importers.import_options import ImportOptions


def test_left_out_they_are_the_defaults():
    assert ImportOptions.from_options({"delimiter": ";", "key": [], "mode": ""}) == ImportOptions()


def test_numbers_and_truth_values_are_texts():
    chosen = ImportOptions.from_options({"constants": {"a": 1, "b": 1.5, "c": True, "d": "x"}})
    assert chosen.constants == {"a": "1", "b": "1.5", "c": "true", "d": "x"}


def test_one_field_is_a_key_too():
    assert ImportOptions.from_options({"key": "faa"}).key == ("faa",)


def test_undo_is_kept_unless_it_is_false():
    assert ImportOptions.from_options({"undo": None}).undo
    assert not ImportOptions.from_options({"undo": False}).undo


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"mode": "replace"}, "mode"),
        ({"mode": 1}, "mode"),
        ({"key": ["a", "a"]}, "key"),
        ({"key": [1]}, "key"),
        ({"mapping": ["a"]}, "mapping"),
        ({"mapping": {"a": 1}}, "mapping"),
        ({"constants": {"a": None}}, "constants"),
        ({"constants": {"a": ["x"]}}, "constants"),
        ({"values": {"a": "b"}}, "values"),
        ({"values": {"a": {"b": None}}}, "values"),
        ({"formats": {"a": {"date": "X"}}}, "format"),
        ({"blanks": "leave"}, "blanks"),
        ({"duplicates": "some"}, "duplicates"),
    ],
)
def test_what_they_cannot_be_is_refused(options, code):
    with pytest.raises(InputRefused) as refused:
        ImportOptions.from_options(options)
    assert refused.value.code == code
