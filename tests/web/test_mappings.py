"""Saved mappings: whose they are, and what may be done to them."""

import pytest

from dashboard.extensions import db
from dashboard.models.saved_mapping import SavedMapping
from tests.factories import committed, sign_in
from tests.web.draft_parts import draft


@pytest.fixture
def owner(client):
    return sign_in(client)


def add(app, owner, name="Vendor", **values):
    with committed(app) as session:
        saved = SavedMapping(
            type="airlines",
            owner_id=owner and owner.id,
            name=name,
            mapping={"Code": "carrier", "Airline name": "name"},
            **values,
        )
        session.add(saved)
        session.flush()
        return saved.id


def kept(app, mapping_id):
    with committed(app):
        saved = db.session.get(SavedMapping, mapping_id)
        return saved and (saved.name, saved.owner_id)


def test_own_shared_and_remembered_ones_are_listed(app, client, owner):
    add(app, owner, "Mine"), add(app, None, "Everybody's"), add(app, owner, "")
    text = client.get("/settings/mappings").text
    assert all(part in text for part in ("Mine", "Everybody&#39;s", "As last time"))


def test_an_empty_list_says_what_will_be_here(client, owner):
    assert "No mapping yet" in client.get("/settings/mappings").text


def test_a_foreign_one_is_not_there(app, client, owner):
    mapping_id = add(app, sign_in(client), "Theirs")
    sign_in(client, owner)
    assert "Theirs" not in client.get("/settings/mappings").text
    assert client.post(f"/settings/mappings/{mapping_id}/deletion").status_code == 404
    assert kept(app, mapping_id)


def test_rename(app, client, owner):
    mapping_id = add(app, owner)
    client.post(f"/settings/mappings/{mapping_id}/name", data={"save_name": " New name "})
    assert kept(app, mapping_id) == ("New name", owner.id)


@pytest.mark.parametrize("name", ["", "Other"])
def test_a_blank_or_taken_name_changes_nothing(app, client, owner, name):
    mapping_id, _ = add(app, owner), add(app, owner, "Other")
    client.post(f"/settings/mappings/{mapping_id}/name", data={"save_name": name})
    assert kept(app, mapping_id) == ("Vendor", owner.id)


def test_delete(app, client, owner):
    mapping_id = add(app, owner)
    assert client.post(f"/settings/mappings/{mapping_id}/deletion").status_code == 303
    assert kept(app, mapping_id) is None


def test_a_shared_one_is_used_but_not_changed_by_staff(app, client, owner):
    mapping_id = add(app, None, "Shared one")
    assert client.post(f"/settings/mappings/{mapping_id}/deletion").status_code == 404
    assert "Shared one (shared)" in client.get(f"/imports/{draft(client)}/mapping").text


def test_staff_do_not_share(app, client, owner):
    mapping_id = add(app, owner)
    assert client.post(f"/settings/mappings/{mapping_id}/sharing").status_code == 403


def test_an_admin_shares_and_takes_back(app, client):
    admin = sign_in(client, "admin")
    mapping_id = add(app, admin)
    client.post(f"/settings/mappings/{mapping_id}/sharing")
    assert kept(app, mapping_id) == ("Vendor", None)
    client.post(f"/settings/mappings/{mapping_id}/sharing")
    assert kept(app, mapping_id) == ("Vendor", admin.id)


def test_what_is_remembered_cannot_be_shared(app, client):
    mapping_id = add(app, sign_in(client, "admin"), "")
    assert client.post(f"/settings/mappings/{mapping_id}/sharing").status_code == 404


def test_a_remembered_mapping_answers_for_the_headers(app, client, owner):
    add(app, owner, "")
    data = "Code;Airline name\nUA;United\n"
    answer = client.post("/imports", data={"type": "airlines", "rows": data})
    assert answer.location.startswith("/jobs/")
