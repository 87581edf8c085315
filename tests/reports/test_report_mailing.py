"""Mail: asked for once a round, tried until the server takes it, to people of the house only."""

import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from dashboard.errors import InputRefused
from dashboard.events.listeners import ListenerRegistry
from dashboard.events.relay import Relay
from dashboard.events.types import JobCompleted
from dashboard.jobs.transitions import JOB, emit, fetch
from dashboard.models.outbox import EventReceipt
from dashboard.reports import letters
from dashboard.reports.mailing import ATTEMPTS, LISTENER, MAIL, Mailer, ask, send_report_by_mail
from dashboard.reports.recipients import check_recipients
from tests.lib.test_mail import Inbox, free_port
from tests.reports.conftest import add_finished, add_person

ROWS = [{"kind": "=tea", "pieces": 1234}, {"kind": "<b>jam</b>", "pieces": 8}]
TO = {"mailTo": ["ann@example.org", "out@example.net"], "mailFormat": "csv"}


@pytest.fixture(scope="module")
def server():
    inbox, port = Inbox(), free_port()
    server = Controller(inbox, "127.0.0.1", port)
    server.start()
    inbox.url = f"smtp://127.0.0.1:{port}"
    yield inbox
    server.stop()


@pytest.fixture
def inbox(server, room):
    server.mails.clear()
    server.said.clear()
    set_up(room, smtp_url=server.url)
    return server


def set_up(room, **settings):
    room.context.settings = replace(room.context.settings, **settings)


def mails(room):
    return room.rows(select(*MAIL.c).order_by(MAIL.c.id))


def completed(room, job_id):
    """The event as the engine writes it, taken round by the relay."""
    with room.context.app.begin() as connection:
        extra = {"duration": 1.0, "output": {}, "succeeded_count": 2, "failed_count": 0}
        emit(connection, fetch(connection, job_id), JobCompleted, **extra)
    listeners = ListenerRegistry({})
    listeners.add(LISTENER, "mail", [JobCompleted], send_report_by_mail(room.context))
    relay = Relay(room.context.app, listeners)
    while relay.run_once():
        pass


def sent(inbox):
    parse = email.message_from_bytes
    return [parse(e.content, policy=email.policy.default) for e, _ in inbox.mails]


def test_a_completed_report_is_mailed_once(room, inbox):
    user = add_person(room, "ann@example.org")
    job_id = add_finished(room, ROWS, user, options=TO)
    completed(room, job_id)
    completed(room, job_id)
    assert Mailer(room.context).run_once() == 2
    assert Mailer(room.context).run_once() == 0
    assert [(m.address, m.state) for m in mails(room)] == [
        ("ann@example.org", "sent"), ("out@example.net", "sent"),
    ]  # fmt: skip
    assert sorted(str(m["To"]) for m in sent(inbox)) == ["ann@example.org", "out@example.net"]
    with room.context.app.connect() as connection:
        assert set(connection.scalars(select(EventReceipt.state))) == {"done"}


def test_another_round_is_mailed_again(room, inbox):
    add_person(room, "ann@example.org")
    job_id = add_finished(room, ROWS, options={**TO, "mailTo": ["ann@example.org"]})
    completed(room, job_id)
    with room.context.app.begin() as connection:
        connection.execute(update(JOB).where(JOB.c.id == job_id).values(round=2))
    completed(room, job_id)
    assert Mailer(room.context).run_once() == 2
    first, second = sent(inbox)
    assert first["Message-ID"] != second["Message-ID"]


def test_what_stands_in_it(room, inbox):
    user = add_person(room, "ann@example.org")
    job_id = add_finished(
        room, ROWS, user, options={"mailTo": ["ann@example.org"], "mailFormat": "csv"}
    )
    completed(room, job_id)
    Mailer(room.context).run_once()
    [mail] = sent(inbox)
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert mail["Subject"] == "Sales: 2 rows, 2026-03-01"
    assert mail["From"] == "Engine <engine@example.org>"
    for part in ("At least: 2", "=tea", "1,234", f"https://jobs.example.org/jobs/{job_id}"):
        assert part in text
        assert part.replace("At least: 2", "At least") in html
    assert "<b>jam" not in html
    [file] = mail.iter_attachments()
    assert file.get_filename() == "sales-report.csv"
    assert file.get_content().splitlines()[1:] == ["'=tea,1234", "<b>jam</b>,8"]


def test_a_workbook_can_be_opened(room, inbox):
    add_person(room, "ann@example.org")
    options = {"mailTo": ["ann@example.org"], "mailFormat": "xlsx"}
    completed(room, add_finished(room, ROWS, options=options))
    Mailer(room.context).run_once()
    [file] = sent(inbox)[0].iter_attachments()
    sheet = openpyxl.load_workbook(BytesIO(file.get_content())).active
    assert [[cell.value for cell in row] for row in sheet][2] == ["<b>jam</b>", 8]


def test_a_file_too_large_is_left_out_and_only_the_first_rows_shown(room, inbox, monkeypatch):
    monkeypatch.setattr(letters, "MOST_ATTACHED", 100)
    add_person(room, "ann@example.org")
    rows = [{"kind": f"kind {n}", "pieces": n} for n in range(300)]
    facts = {"cut": True, "of": None}
    completed(
        room, add_finished(room, rows, options={**TO, "mailTo": ["ann@example.org"]}, facts=facts)
    )
    Mailer(room.context).run_once()
    [mail] = sent(inbox)
    text = mail.get_body(("plain",)).get_content()
    assert list(mail.iter_attachments()) == []
    assert "the first 20 of 300 rows" in text
    assert "Cut: these are the first 300 of more rows" in " ".join(text.split())
    assert "kind 19" in text
    assert "kind 20" not in text


def test_a_server_that_is_away_is_tried_again_after_growing_gaps(room, inbox):
    set_up(room, smtp_url="smtp://127.0.0.1:9")
    add_person(room, "ann@example.org")
    completed(room, add_finished(room, ROWS, options={**TO, "mailTo": ["ann@example.org"]}))
    gaps = []
    for _ in range(3):
        Mailer(room.context).run_once()
        [mail] = mails(room)
        gaps.append(mail.next_try_at)
        with room.context.app.begin() as connection:
            connection.execute(update(MAIL).values(next_try_at=None))
    assert mail.state == "pending"
    assert "127.0.0.1:9 cannot be used" in mail.error
    assert gaps[2] - gaps[1] > gaps[1] - gaps[0] > timedelta(seconds=20)
    set_up(room, smtp_url=inbox.url)
    Mailer(room.context).run_once()
    assert mails(room)[0].state == "sent"


def test_it_is_given_up_after_some_tries(room, inbox):
    set_up(room, smtp_url="smtp://127.0.0.1:9")
    add_person(room, "ann@example.org")
    completed(room, add_finished(room, ROWS, options={**TO, "mailTo": ["ann@example.org"]}))
    with room.context.app.begin() as connection:
        connection.execute(update(MAIL).values(attempts=7))
    Mailer(room.context).run_once()
    assert mails(room)[0].state == "failed"


def test_a_mail_over_which_mailers_die_is_given_up(room, inbox):
    add_person(room, "ann@example.org")
    completed(room, add_finished(room, ROWS, options={**TO, "mailTo": ["ann@example.org"]}))
    with room.context.app.begin() as connection:
        connection.execute(update(MAIL).values(attempts=ATTEMPTS))
    Mailer(room.context).run_once()
    [mail] = mails(room)
    assert (mail.state, "ended in the last of 8 tries" in mail.error) == ("failed", True)
    assert inbox.mails == []


def test_a_refusal_for_good_is_not_tried_again(room, inbox):
    inbox.said["ann@example.org"] = "550 No such user"
    add_person(room, "ann@example.org")
    completed(room, add_finished(room, ROWS, options=TO))
    Mailer(room.context).run_once()
    assert [(m.state, "No such user" in (m.error or "")) for m in mails(room)] == [
        ("failed", True), ("sent", False),
    ]  # fmt: skip


def test_a_claimed_mail_is_not_sent_by_another(room, inbox):
    add_person(room, "ann@example.org")
    completed(room, add_finished(room, ROWS, options={**TO, "mailTo": ["ann@example.org"]}))
    [mail] = mails(room)
    one, other = Mailer(room.context), Mailer(room.context)
    one.send = lambda row: {"error": str(other.deliver(row.id)), "state": "sent"}
    assert one.deliver(mail.id)
    assert mails(room)[0].error == "False"
    assert inbox.mails == []


@pytest.mark.parametrize("away", ["person", "result", "server"])
def test_what_is_gone_meanwhile(room, inbox, away):
    user = add_person(room, "ann@example.org", active=away != "person")
    job_id = add_finished(room, ROWS, user, options={**TO, "mailTo": ["ann@example.org"]})
    completed(room, job_id)
    if away == "result":
        room.context.store.delete_folder("reports")
    if away == "server":
        set_up(room, smtp_url="")
    Mailer(room.context).run_once()
    said = {"person": "no active user", "result": "not kept", "server": "SMTP_URL"}[away]
    assert mails(room)[0].state == "failed"
    assert said in mails(room)[0].error
    assert inbox.mails == []


def test_a_person_may_send_it_again(room, inbox):
    add_person(room, "ann@example.org")
    job_id = add_finished(room, ROWS)
    for again in (False, False, True):
        with room.context.app.begin() as connection:
            ask(connection, job_id, 1, "ann@example.org", "tsv", again=again)
        Mailer(room.context).run_once()
    assert len(inbox.mails) == 2


def test_who_may_get_mail(room, inbox):
    add_person(room, "ann@example.org")
    add_person(room, "left@example.org", active=False)
    settings = room.context.settings
    with room.context.app.connect() as connection:
        check_recipients(connection, settings, ["ann@example.org", "any@example.net"])
        for stranger in ("left@example.org", "eve@example.com", "x@sub.example.net"):
            with pytest.raises(InputRefused, match=stranger) as caught:
                check_recipients(connection, settings, ["ann@example.org", stranger])
            assert caught.value.details == {"field": "mailTo"}
        with pytest.raises(InputRefused, match="Set SMTP_URL"):
            check_recipients(connection, replace(settings, smtp_url=""), ["ann@example.org"])
