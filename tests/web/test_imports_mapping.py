"""The columns step: suggestions, what is refused, dates that must be asked, constants."""

import pytest

from dashboard.extensions import db
from dashboard.models.saved_mapping import SavedMapping
from tests.factories import committed, sign_in
from tests.web.draft_parts import choose, draft, options

LEGS = {"type_": "flight-legs"}


@pytest.fixture(autouse=True)
def owner(client):
    return sign_in(client)


def page(client, job_id):
    return client.get(f"/imports/{job_id}/mapping").text


def test_samples_suggestion_and_why_are_shown(client):
    text = page(client, draft(client, "Carrier;Nmae\nUA;United\n"))
    assert all(part in text for part in ("United", "Same name", "Similar name", "1 to look at"))


def test_choices_go_into_the_options(app, client):
    job_id = draft(client)
    assert choose(client, job_id, f0="carrier", f1="name").location.endswith("/ready")
    assert options(app, job_id)["mapping"] == {"Code": "carrier", "Airline name": "name"}


def test_a_column_may_be_left_out(app, client):
    job_id = draft(client, "carrier,name,Remark\nUA,United,x\n")
    choose(client, job_id, f0="carrier", f1="name", f2="")
    assert options(app, job_id)["mapping"]["Remark"] is None
    assert client.get(f"/imports/{job_id}").location.endswith("/ready")


def test_two_columns_on_one_field_come_back_as_typed(app, client):
    job_id = draft(client)
    response = choose(client, job_id, f0="name", f1="name")
    assert (response.status_code, options(app, job_id)) == (422, {})
    assert "Column “Code” fills Name already" in response.text


def test_a_required_field_without_a_column_blocks(client):
    response = choose(client, draft(client), f0="carrier", f1="")
    assert response.status_code == 422
    assert "Name is required and no column fills it" in response.text


def test_one_value_for_all_rows_fills_a_required_field(app, client):
    job_id = draft(client)
    choose(client, job_id, f0="carrier", f1="", **{"constant-name": "Unknown"})
    assert options(app, job_id)["constants"] == {"name": "Unknown"}


def test_a_value_the_field_cannot_hold_is_refused_beside_it(client):
    job_id = draft(client, "Faa code;Airport\nEWR;Newark\n", type_="airports")
    form = {"constant-alt": "high", "f0": "faa", "f1": "name"}
    response = choose(client, job_id, **form)
    assert (response.status_code, "“high” is not" in response.text) == (422, True)


def test_a_column_beside_one_value_for_all_rows_is_said(client):
    response = choose(client, draft(client), f0="carrier", f1="name", **{"constant-name": "x"})
    assert (response.status_code, "“x” is left out" in response.text) == (422, True)


def test_a_failed_form_still_says_why_a_field_was_proposed(client):
    response = choose(client, draft(client, "Carrier;Nmae\nUA;U\n"), f0="carrier", f1="")
    assert (response.status_code, "Same name" in response.text) == (422, True)


def test_a_made_up_field_is_refused(client):
    response = choose(client, draft(client), f0="carrier", f1="nothing")
    assert "There is no field “nothing”" in response.text


def test_nothing_typed_is_lost_when_the_form_fails(client):
    response = choose(client, draft(client), f0="name", f1="", mostFailedRows="many")
    assert all(part in response.text for part in ("“many” is not a whole number", 'value="many"'))
    assert '<option value="name" selected>' in response.text


def test_ambiguous_dates_are_counted_and_asked(client):
    job_id = draft(client, dates(), **LEGS)
    text = page(client, job_id)
    assert "7 of 8 sampled dates fit day-first and month-first: choose." in text


def test_an_ambiguous_date_left_open_blocks(app, client):
    job_id = draft(client, dates(), **LEGS)
    response = choose(client, job_id, **picks(), d2="?")
    assert (response.status_code, options(app, job_id)) == (422, {})
    assert "is-blocked" in response.text


def test_the_order_chosen_is_an_option_of_the_column(app, client):
    job_id = draft(client, dates(), **LEGS)
    assert choose(client, job_id, **picks(), d2="DMY").status_code == 303
    assert options(app, job_id)["formats"] == {"Flown on": {"date": "DMY"}}
    assert client.get(f"/imports/{job_id}").location.endswith("/ready")


def test_dates_that_read_in_one_order_only_are_not_asked(client):
    text = page(client, draft(client, dates(day=20), **LEGS))
    assert '<option value="DMY" selected>' in text
    assert "sampled dates fit" not in text


def test_the_mode_can_be_changed_here_and_decides_what_is_needed(app, client):
    job_id = draft(client)
    response = choose(client, job_id, f0="carrier", f1="", mode="update")
    assert (response.status_code, options(app, job_id)["mode"]) == (303, "update")


def test_a_form_of_columns_read_otherwise_meanwhile_is_refused(client):
    response = choose(client, draft(client), f0="carrier", f1="name", stamp="old")
    assert (response.status_code, "read in another way" in response.text) == (422, True)


def test_keep_as_draft_keeps_what_is_not_complete(app, client):
    job_id = draft(client)
    assert choose(client, job_id, f0="carrier", f1="", act="later").location == "/imports/new"
    assert options(app, job_id)["mapping"] == {"Code": "carrier", "Airline name": None}


def test_a_mapping_is_saved_and_used_by_name(app, client):
    choose(client, draft(client), f0="carrier", f1="name", act="save", save_name="Vendor")
    job_id = draft(client)
    with committed(app):
        saved = db.session.query(SavedMapping).filter_by(name="Vendor").one().id
    answer = choose(client, job_id, act="load", saved=str(saved))
    text = client.get(answer.location).text
    assert text.count("Your choice") == 2


def test_saving_needs_a_name(client):
    response = choose(client, draft(client), f0="carrier", f1="name", act="save")
    assert (response.status_code, "Give the mapping a name" in response.text) == (422, True)


def test_only_an_admin_shares_a_mapping_when_saving(app, client, owner):
    form = {"f0": "carrier", "f1": "name", "act": "save", "save_name": "Ours", "shared": "1"}
    choose(client, draft(client), **form)
    with committed(app):
        saved = db.session.query(SavedMapping).filter_by(name="Ours").one()
        assert saved.owner_id == owner.id


def test_a_file_of_very_many_columns_asks_by_typing(app, client):
    names = ";".join(["Code", "Airline name", *(f"extra {n}" for n in range(1600 - 2))])
    job_id = draft(client, f"{names}\n{';' * 1599}\n")
    assert 'list="fields"' in page(client, job_id)
    choose(client, job_id, f0="carrier", f1="name")
    assert options(app, job_id)["mapping"]["Code"] == "carrier"


def dates(day=1):
    """Legs flown on the nth of April, or from the `day`th on."""
    rows = "".join(f"R{n},UA,{day + n:02}/04/2013,100\n" for n in range(8))
    return f"reference,carrier,Flown on,distance_km\n{rows}"


def picks():
    return {"f0": "reference", "f1": "carrier", "f2": "day", "f3": "distance_km"}
