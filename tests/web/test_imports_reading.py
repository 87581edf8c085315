"""The reading step: what was found, overruled, and a wrong guess that goes away."""

import gzip
from time import perf_counter

import pytest

from dashboard.jobs.drafts import make_draft
from dashboard.models.stored_file import StoredFile
from dashboard.web.engine import engine_context
from dashboard.web.import_look import looked
from tests.factories import committed, sign_in
from tests.web.draft_parts import draft, options

LATIN = "Code;Näme\nUA;Übersee\n".encode("latin-1")
BROKEN = 'carrier,name\nUA,"never closed\n'


@pytest.fixture(autouse=True)
def owner(client):
    return sign_in(client)


def read(client, job_id, **form):
    return client.post(f"/imports/{job_id}/reading", data=form)


def page(client, job_id):
    return client.get(f"/imports/{job_id}/reading").text


def test_what_was_found_and_the_first_rows_are_shown(client):
    text = page(client, draft(client, LATIN))
    assert all(part in text for part in ("Delimited text", "Semicolon", "Näme", "Übersee"))


def test_a_choice_is_followed_and_kept(app, client):
    job_id = draft(client, LATIN)
    assert read(client, job_id, delimiter=",", quote="auto").status_code == 303
    assert options(app, job_id)["delimiter"] == ","
    assert "Code;Näme" in page(client, job_id)


def test_back_to_finding_out_forgets_the_choice(app, client):
    job_id = draft(client, LATIN)
    read(client, job_id, delimiter=",", quote="auto")
    read(client, job_id, delimiter="", quote="auto")
    assert "delimiter" not in options(app, job_id)


def test_an_unreadable_file_says_why_and_is_readable_once_corrected(client):
    job_id = draft(client, BROKEN)
    assert "The file cannot be read like this" in page(client, job_id)
    assert read(client, job_id, quote="").status_code == 303
    assert "The file cannot be read" not in page(client, job_id)


def test_a_wrong_choice_is_shown_as_typed_and_not_kept(app, client):
    job_id = draft(client, LATIN)
    response = read(client, job_id, encoding="utf-8", delimiter=";", quote="auto")
    assert (response.status_code, "encoding" in options(app, job_id)) == (422, False)
    assert '<option value=";" selected>' in response.text


def test_a_header_row_that_is_no_number_is_refused(client):
    response = read(client, draft(client, LATIN), headerRow="two", quote="auto")
    assert (response.status_code, 'value="two"' in response.text) == (422, True)


def test_htmx_gets_the_part_alone(client):
    job_id = draft(client, LATIN)
    text = client.get(f"/imports/{job_id}/reading", headers={"HX-Request": "true"}).text
    assert text.lstrip().startswith('<div class="stack" id="reading">')


@pytest.mark.parametrize("cell", ["x" * 300, '"' + '""&' * 100 + '"', "漢" * 100])
def test_the_page_stays_under_300_kb_whatever_the_file(client, cell):
    wide = ",".join(f"column {n}" for n in range(60))
    rows = "\n".join(",".join([cell] * 60) for _ in range(20))
    body = page(client, draft(client, f"{wide}\n{rows}\n"))
    assert len(body.encode()) < 300_000


def test_ragged_rows_are_counted(client):
    text = page(client, draft(client, "Code,Other name\nUA\nAA,American\n"))
    assert "too few or too many cells, the first is row 2" in text


def test_packed_text_is_looked_into(client):
    text = page(client, draft(client, gzip.compress(LATIN), name="carriers.csv.gz"))
    assert all(part in text for part in ("inside gzip", "Näme"))


def test_a_file_is_read_once_for_all_steps(client):
    looked.cache_clear()
    job_id = draft(client, LATIN)
    before = looked.cache_info().misses
    for step in ("reading", "mapping", "ready"):
        client.get(f"/imports/{job_id}/{step}")
    assert looked.cache_info().misses == before


def test_a_large_file_is_looked_at_in_part(app, client, owner):
    job_id = add_draft(app, owner, b"UA;United Air Lines of a long name\n" * 1_200_000)
    started = perf_counter()
    assert "rows are being counted" in page(client, job_id)
    assert perf_counter() - started < 2


def add_draft(app, owner, rows):
    """Of a file larger than the test client cares to send."""
    with committed(app) as tx:
        stored = engine_context().store.put([b"Code;Name\n", rows], folder="uploads", limit=1 << 30)
        name = "large.csv"
        file = StoredFile(
            key=stored.key, name=name, bytes=stored.bytes, sha256=stored.sha256, owner_id=owner.id
        )
        tx.add(file)
        tx.flush()
        return make_draft(engine_context(), tx, "airlines", file, user=owner).id
