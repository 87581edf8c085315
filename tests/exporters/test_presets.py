"""Presets: kept under a name, replaced, and each person's own."""

import pytest

from dashboard.errors import InputRefused, NotFound
from dashboard.exporters.presets import filled, find_preset, presets_of, save_preset
from dashboard.models.user import User

TYPE = "flights-export"
CSV = {"format": "csv", "delimiter": ";", "columns": ["year"]}


@pytest.fixture
def ann(session):
    return person(session, "ann@example.org")


def person(session, email):
    user = User(email=email, name=email, role="staff", password_hash="-")
    session.add(user)
    session.flush()
    return user


def test_saved_under_a_name_and_replaced(session, ann):
    first = save_preset(session, ann, TYPE, "  Last   week ", CSV)
    second = save_preset(session, ann, TYPE, "Last week", {"format": "xlsx"})
    assert (first.id, first.name) == (second.id, "Last week")
    assert find_preset(session, ann, TYPE, "Last week").options == {"format": "xlsx"}


def test_only_choices_of_an_export_are_kept(session, ann):
    saved = save_preset(session, ann, TYPE, "a", {**CSV, "runAt": "x", "csrf_token": "y"})
    assert saved.options == CSV


def test_others_have_their_own(session, ann):
    save_preset(session, ann, TYPE, "mine", CSV)
    bob = person(session, "bob@example.org")
    assert presets_of(session, bob, TYPE) == presets_of(session, ann, "planes-export") == []
    with pytest.raises(NotFound, match="You have no preset"):
        find_preset(session, bob, TYPE, "mine")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\0b", "\ud800", "\x7f"])
def test_names(session, ann, name):
    with pytest.raises(InputRefused) as caught:
        save_preset(session, ann, TYPE, name, CSV)
    assert caught.value.details == {"field": "preset"}


def test_what_is_said_wins_over_the_preset(session, ann):
    save_preset(session, ann, TYPE, "mine", CSV)
    asked = {"preset": "mine", "columns": ["month"], "labels": None}
    assert filled(session, ann, TYPE, asked) == {**CSV, "columns": ["month"]}


def test_another_format_leaves_the_presets_file_behind(session, ann):
    save_preset(session, ann, TYPE, "mine", CSV)
    asked = {"preset": "mine", "format": "xlsx"}
    assert filled(session, ann, TYPE, asked) == {"format": "xlsx", "columns": ["year"]}


@pytest.mark.parametrize("name", ["none", 5, ["mine"]])
def test_an_unknown_preset_is_refused(session, ann, name):
    with pytest.raises(InputRefused) as caught:
        filled(session, ann, TYPE, {"preset": name})
    assert caught.value.details == {"field": "preset"}


def test_without_a_preset_nothing_changes(session):
    assert filled(session, None, TYPE, {"format": "tsv"}) == {"format": "tsv"}
    with pytest.raises(InputRefused):
        filled(session, None, TYPE, {"preset": "mine"})


def test_not_without_end(session, ann, monkeypatch):
    monkeypatch.setattr("dashboard.exporters.presets.MOST_PRESETS", 1)
    save_preset(session, ann, TYPE, "a", CSV)
    save_preset(session, ann, TYPE, "a", CSV)
    with pytest.raises(InputRefused, match="Delete one first"):
        save_preset(session, ann, TYPE, "b", CSV)
