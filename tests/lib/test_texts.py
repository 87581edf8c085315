"""Which texts can be kept, and how the others are shown."""

import pytest

from dashboard.lib.texts import escaped, storable, unstorable_in


@pytest.mark.parametrize("odd", ["\0", "a\ud800", "\udfffb", "\udc00\ud800"])
def test_what_cannot_be_kept_is_found_wherever_it_stands(odd):
    assert not storable(odd)
    for value in (odd, [1, [odd]], {"a": {"b": [None, odd]}}, {"a": {odd: 1}}):
        assert unstorable_in(value) == odd


def test_all_else_can_be_kept_however_deep():
    deep: list = []
    for _ in range(10_000):
        deep = [deep]
    for value in ("é😀\u202e\n", {"a": [1, None, True, "b"]}, deep):
        assert unstorable_in(value) is None


def test_what_nobody_would_see_is_shown():
    assert escaped("é😀 a\ud800\0\u202e\n") == r"é😀 a\ud800\x00\u202e\n"
