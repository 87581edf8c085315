"""An entry lives and dies with the act it tells of."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard.audit.entries import Action, newest, record
from dashboard.extensions import db, transaction
from dashboard.models.audit import AuditEntry
from tests.factories import add_user, committed


def entries(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_who_what_which_where(app: Flask) -> None:
    ada = add_user(app)
    with committed(app) as tx:
        record(tx, ada, Action.USER_CHANGED, "user", 7, "192.0.2.1", role=["staff", "admin"])
    with app.app_context():
        entry = newest(db.session())[0]
        assert (entry.actor_id, entry.actor, entry.action) == (ada.id, ada.email, "user.changed")
        assert (entry.object_type, entry.object_id, entry.address) == ("user", "7", "192.0.2.1")
        assert entry.detail == {"role": ["staff", "admin"]}


def test_rolled_back_with_the_act(app: Flask) -> None:
    def act() -> None:
        with committed(app) as tx:
            record(tx, "shell", Action.USER_CREATED, "user", 1, "")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert entries(app) == 0


def test_an_endless_text_actor_is_cut_not_refused(app: Flask) -> None:
    with committed(app) as tx:
        record(tx, "x" * 999, Action.SIGN_IN_FAILED, "user", "y" * 99, "z" * 99)
    assert entries(app) == 1


def test_newest_first_page_by_page(app: Flask) -> None:
    with app.app_context(), transaction() as tx:
        for number in range(5):
            record(tx, "shell", Action.USER_CHANGED, "user", number, "")
    with app.app_context():
        first = newest(db.session(), limit=3)
        rest = newest(db.session(), before=first[-1].id, limit=3)
        assert [e.object_id for e in (*first, *rest)] == ["4", "3", "2", "1", "0"]
