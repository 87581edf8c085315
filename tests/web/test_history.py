"""History: filters in the address, search, order, paging."""

import re

import pytest

from tests.factories import add_job, add_user, sign_in
from tests.web.job_parts import add_file

FOUND = re.compile(r'class="name" href="/jobs/(\d+)"')


@pytest.fixture
def owner(client):
    return sign_in(client)


def listed(client, query=""):
    return [int(number) for number in FOUND.findall(client.get(f"/history{query}").text)]


@pytest.mark.parametrize(
    ("status", "values"),
    [
        ("running", {"status": "active"}),
        ("waiting", {"status": "paused"}),
        ("clean", {"status": "completed"}),
        ("with-failures", {"status": "completed", "failed": 2}),
        ("failed", {"status": "failed"}),
        ("cancelled", {"status": "cancelled"}),
    ],
)
def test_a_status_finds_its_jobs_only(app, client, owner, status, values):
    for other in ("active", "paused", "completed", "failed", "cancelled"):
        add_job(app, owner, status=other, failed=1 if status == "clean" else 0)
    wanted = add_job(app, owner, **values)
    others = [n for n in listed(client, f"?status={status}") if n != wanted]
    assert wanted in listed(client, f"?status={status}")
    assert len(others) <= 1


@pytest.mark.parametrize("q", ["CARR", "%23{id}", "{id}", "airlin"])
def test_search_finds_file_number_and_type(app, client, owner, q):
    file_id = add_file(app, owner, b"x")
    wanted = add_job(app, owner, file_id=file_id)
    add_job(app, owner, type="planes")
    assert listed(client, "?q=" + q.format(id=wanted)) == [wanted]


@pytest.mark.parametrize("q", ["%25", "_", "\\", "'", "9" * 30])
def test_search_takes_signs_literally(app, client, owner, q):
    add_job(app, owner)
    assert listed(client, f"?q={q}") == []


def test_newest_first_and_the_other_way_round(app, client, owner):
    jobs = [add_job(app, owner) for _ in range(3)]
    assert listed(client) == jobs[::-1]
    assert listed(client, "?dir=up") == jobs


def test_jobs_are_ordered_by_rows_the_unknown_last(app, client, owner):
    small, big, unknown = (add_job(app, owner, total=rows) for rows in (5, 900, None))
    assert listed(client, "?sort=rows") == [big, small, unknown]


def test_pages_hold_every_job_once(app, client, owner):
    jobs = [add_job(app, owner, failed=n % 3) for n in range(60)]
    found, address = [], "/history?sort=failed"
    while address:
        text = client.get(address).text
        found += [int(number) for number in FOUND.findall(text)]
        link = re.search(r'href="([^"]+)" rel="next"', text)
        address = link and link[1].replace("&amp;", "&")
    assert sorted(found) == jobs


@pytest.mark.parametrize(
    "query",
    [
        *("?place=x", "?status=x", "?sort=x", "?type=x", "?person=x"),
        *("?q=%00", "?q=a%00b", "?type=%00", "?q=%ED%A0%80", "/new?q=%00&type=%00"),
        *(f"?person={'9' * 5_000}", f"/new?since={'9' * 5_000}"),
    ],
)
def test_a_made_up_address_is_a_page(client, owner, query):
    assert client.get(f"/history{query}").status_code == 200


def test_staff_see_their_own_jobs_only(app, client, owner):
    add_job(app, add_user(app))
    assert listed(client, "?person=1") == []


def test_a_manager_narrows_by_person(app, client):
    sign_in(client, "manager")
    person = add_user(app)
    mine = add_job(app, person)
    add_job(app, add_user(app))
    assert listed(client, f"?person={person.id}") == [mine]


def test_new_jobs_wait_behind_a_link(app, client, owner):
    first = add_job(app, owner)
    add_job(app, owner)
    assert "1 new job<" in client.get(f"/history/new?since={first}").text


def test_without_new_jobs_nothing_shows(app, client, owner):
    newest = add_job(app, owner)
    assert "<a" not in client.get(f"/history/new?since={newest}").text


@pytest.mark.parametrize(("query", "words"), [("", "No job yet"), ("?q=zzz", "No job fits")])
def test_an_empty_list_says_what_to_do(client, owner, query, words):
    assert words in client.get(f"/history{query}").text
