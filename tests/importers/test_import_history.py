"""The same file again, and a header that changed since the last good run."""

import pytest

from dashboard.importers.history import Drift, header_drift, ran_by_others, same_file
from dashboard.models.job import Job
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import Role, User

SHA = "a" * 64


@pytest.fixture
def ran(session):
    """Make a job of the file; its fields can be chosen."""
    file = StoredFile(key="k", name="a.csv", bytes=1, sha256=SHA)
    session.add(file)
    session.flush()

    def make(user=None, **fields):
        fields = {"type": "flights", "kind": "import", "status": "completed", **fields}
        job = Job(file_id=file.id, user_id=user and user.id, **{"created": 1, **fields})
        session.add(job)
        session.flush()
        return job

    return make


@pytest.fixture
def people(session):
    """Two of the staff and an admin."""
    roles = (Role.STAFF, Role.STAFF, Role.ADMIN)
    found = [
        User(email=f"h{n}@example.org", name="H", role=role, password_hash="-")
        for n, role in enumerate(roles)
    ]
    session.add_all(found)
    session.flush()
    return found


def test_the_newest_job_of_the_same_bytes_is_named(session, ran, people):
    staff, _, admin = people
    ran(staff)
    newest = ran(staff)
    assert same_file(session, "flights", SHA, staff) is newest
    assert same_file(session, "flights", SHA, admin) is newest


def test_other_bytes_types_and_purposes_are_none(session, ran, people):
    staff = people[0]
    ran(staff, type="planes"), ran(staff, purpose="check")
    assert same_file(session, "flights", SHA, staff) is None
    assert same_file(session, "planes", "b" * 64, staff) is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status": "draft"}, False),
        ({"status": "failed", "created": 0}, False),
        ({"status": "failed"}, True),
        ({"status": "active", "created": 0}, True),
        ({"created": 0, "unchanged": 3}, True),
    ],
)
def test_only_runs_that_wrote_or_may_count(session, ran, people, fields, told):
    ran(people[0], **fields)
    assert (same_file(session, "flights", SHA, people[0]) is not None) is told


def test_an_undone_run_is_forgotten(session, ran, people):
    job = ran(people[0])
    ran(people[0], purpose="undo", origin_id=job.id)
    assert same_file(session, "flights", SHA, people[0]) is None


def test_anothers_job_is_told_without_a_name(session, ran, people):
    staff, other, _ = people
    ran(other)
    assert same_file(session, "flights", SHA, staff) is None
    seen = [ran_by_others(session, "flights", SHA, person) for person in people]
    assert seen == [True, False, False]


def test_a_job_of_nobody_is_anothers(session, ran, people):
    ran(None)
    assert ran_by_others(session, "flights", SHA, people[0])
    assert not ran_by_others(session, "flights", SHA, people[2])


def test_the_same_columns_in_another_order_are_no_drift(session, ran):
    ran(layout={"columns": ["a", "b"]})
    assert header_drift(session, "flights", ["b", "a"]) is None


def test_drift_is_against_the_last_good_run(session, ran):
    good = ran(layout={"columns": ["a", "b"]})
    ran(layout={"columns": ["c"]}, failed=1)
    ran(layout={"columns": ["c"]}, purpose="check")
    assert header_drift(session, "flights", ["a", "c"]) == Drift(("c",), ("b",), good.id)


def test_without_a_good_run_there_is_no_drift(session, ran):
    ran(layout={})
    assert header_drift(session, "flights", ["a"]) is None
