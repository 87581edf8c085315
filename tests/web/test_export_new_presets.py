"""Presets on the page of a new export: saved, used, replaced, deleted; nobody else's."""

import pytest

from dashboard.extensions import db
from dashboard.models.export_preset import ExportPreset
from tests.factories import committed, sign_in

FORM = {"type": "flights-export", "format": "tsv", "escape": "1", "column": ["dest"]}


@pytest.fixture(autouse=True)
def owner(client):
    return sign_in(client)


def save(client, name="Names", act="save", **form):
    return client.post("/exports/new", data={**FORM, "act": act, "preset_name": name, **form})


def kept(app):
    with committed(app):
        presets = db.session.query(ExportPreset).order_by(ExportPreset.id)
        return [(preset.name, preset.options) for preset in presets]


def only_id(app):
    with committed(app):
        return db.session.query(ExportPreset).one().id


def test_saved_under_a_name_and_linked(app, client):
    response = save(client)
    assert (response.status_code, response.location) == (
        303,
        "/exports/new?type=flights-export&preset=Names",
    )
    assert kept(app) == [("Names", {"format": "tsv", "columns": ["dest"]})]


def test_used_again_by_its_address(client):
    text = client.get(save(client).location).text
    assert 'value="tsv" checked' in text
    assert 'name="column" value="dest" checked' in text
    assert 'name="column" value="carrier" checked' not in text


def test_filters_come_back_as_typed(client):
    row = {"row": "1", "f-1-field": "carrier", "f-1-op": "in", "f-1-value": 'AA,"U,A"'}
    assert "AA,&#34;U,A&#34;</textarea>" in client.get(save(client, **row).location).text


def test_the_same_name_asks_before_it_replaces(app, client):
    save(client)
    asked = save(client, format="csv")
    assert (asked.status_code, "Replace “Names”" in asked.text) == (422, True)
    assert save(client, act="replace", format="csv").status_code == 303
    assert kept(app) == [("Names", {"format": "csv", "columns": ["dest"]})]


def test_the_one_that_is_open_is_simply_saved(app, client):
    save(client)
    save(client, "Other")
    assert 'name="opened" value="Names"' in client.get(save(client, opened="Names").location).text
    assert save(client, opened="Names", format="csv").status_code == 303
    assert save(client, "Other", opened="Names", format="csv").status_code == 422
    assert [options["format"] for _, options in kept(app)] == ["csv", "tsv"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (" ", "Give the preset a name"),
        ("x" * 81, "at most 80 characters"),
        ("x" * 9_999, "at most 80 characters"),
        ("a\0b", "printable characters only"),
    ],
)
def test_a_name_is_needed(app, client, name, words):
    response = save(client, name)
    assert (response.status_code, words in response.text, kept(app)) == (422, True, [])
    assert "x" * 99 not in response.text


def test_wrong_choices_are_not_kept(app, client):
    assert save(client, column=[]).status_code == 422
    assert kept(app) == []


def test_deleted(app, client):
    save(client)
    response = client.post(f"/exports/presets/{only_id(app)}/deletion")
    assert (response.location, kept(app)) == ("/exports/new?type=flights-export", [])


def test_nobody_elses(app, client):
    save(client)
    sign_in(client)
    assert client.post(f"/exports/presets/{only_id(app)}/deletion").status_code == 404
    page = client.get("/exports/new?type=flights-export&preset=Names")
    assert (page.status_code, "You have no preset" in page.text) == (404, True)
    assert "Delete preset" not in page.text
    assert len(kept(app)) == 1


def test_fields_that_are_gone_are_named(app, client, owner):
    filters = [{"field": "fleet", "op": "eq", "value": 1}]
    with committed(app) as session:
        options = {"format": "csv", "columns": ["dest", "colour"], "filters": filters}
        session.add(
            ExportPreset(user_id=owner.id, type="flights-export", name="a", options=options)
        )
    text = client.get("/exports/new?type=flights-export&preset=a").text
    assert "There is no longer: fleet, colour." in text
    assert 'name="f-1-field" value="fleet"' in text
