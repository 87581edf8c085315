"""Own jobs or all of them; a foreign one is not there (I8)."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.auth.visibility import changeable_job, visible_job, visible_jobs
from dashboard.errors import Forbidden, NotFound
from dashboard.models.job import Job
from dashboard.models.user import User
from tests.factories import add_job, add_user


@pytest.fixture
def people(app: Flask) -> dict[str, User]:
    return {role: add_user(app, role) for role in ("admin", "manager", "staff", "integrator")}


@pytest.fixture
def jobs(app: Flask, people: dict[str, User]) -> dict[str, int]:
    return {role: add_job(app, user) for role, user in people.items()}


@pytest.mark.parametrize(
    ("role", "sees"), [("admin", 5), ("manager", 5), ("staff", 1), ("integrator", 1)]
)
def test_how_many_jobs_a_role_sees(
    app: Flask,
    people: dict[str, User],
    jobs: dict[str, int],
    session: Session,
    role: str,
    sees: int,
) -> None:
    session.add(Job(type="airlines", kind="import"))  # nobody's: queued by the demo
    found = session.scalars(select(Job.id).where(visible_jobs(people[role]))).all()
    assert len(found) == sees
    assert jobs[role] in found


def test_a_foreign_job_answers_like_a_missing_one(
    people: dict[str, User], jobs: dict[str, int], session: Session
) -> None:
    answers = set()
    for job_id in (jobs["integrator"], 10**9, "x", "-1", "²", 2**63, ""):
        with pytest.raises(NotFound) as caught:
            visible_job(session, people["staff"], job_id)
        answers.add((caught.value.code, caught.value.message, str(caught.value.details)))
    assert len(answers) == 1


def test_a_manager_may_look_but_not_change(
    people: dict[str, User], jobs: dict[str, int], session: Session
) -> None:
    assert visible_job(session, people["manager"], jobs["staff"]).id == jobs["staff"]
    for owner in ("staff", "manager"):
        with pytest.raises(Forbidden):
            changeable_job(session, people["manager"], jobs[owner])


def test_an_admin_changes_what_is_not_theirs(
    people: dict[str, User], jobs: dict[str, int], session: Session
) -> None:
    assert changeable_job(session, people["admin"], str(jobs["staff"])).id == jobs["staff"]


def test_staff_change_their_own(
    people: dict[str, User], jobs: dict[str, int], session: Session
) -> None:
    assert changeable_job(session, people["staff"], jobs["staff"]).user_id == people["staff"].id
