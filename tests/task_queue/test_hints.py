"""Hints over every queue: sent after commit, signed, never the truth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huey.exceptions import HueyException
from redis.exceptions import RedisError
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from config import Settings
from dashboard.task_queue.queue import EVENTS, TaskQueue

URLS = [
    "memory:",
    "sqlite",
    pytest.param("postgres_url", marks=pytest.mark.postgres),
    pytest.param("redis_url", marks=pytest.mark.redis),
]


@pytest.fixture(params=URLS)
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TaskQueue]:
    url = request.param
    if url == "sqlite":
        url = f"sqlite:///{tmp_path / 'queue.db'}"
    elif url.endswith("_url"):
        url = request.getfixturevalue(url)
    queue = TaskQueue(Settings(queue_url=url, secret_key="k" * 32))
    yield queue
    for huey in (queue.jobs, queue.events):
        huey.flush()
        huey.storage.close()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = create_engine("sqlite://")
    with Session(engine) as session:
        yield session
    engine.dispose()


def work_off(huey: Any) -> None:
    while huey.pending_count():
        huey.execute(huey.dequeue())


def test_a_hint_reaches_its_handler(queue: TaskQueue):
    heard: list[int] = []
    queue.register("work", heard.append)
    queue.wake("work", 7)
    queue.wake("work", 8)
    work_off(queue.jobs)
    assert heard == [7, 8]


def test_queues_are_apart(queue: TaskQueue):
    queue.register("mail", lambda object_id: None)
    queue.wake("mail", 1, queue=EVENTS)
    assert (queue.jobs.pending_count(), queue.events.pending_count()) == (0, 1)


def test_a_delayed_hint_waits(queue: TaskQueue):
    queue.wake("work", 1, delay=60)
    queue.wake("work", 2)
    messages = [queue.jobs.dequeue() for _ in range(2)]
    assert [queue.jobs.ready_to_run(message) for message in messages] == [False, True]


def test_sent_after_the_commit_only(queue: TaskQueue, session: Session):
    queue.wake_after_commit(session, "work", 1, times=2)
    assert queue.jobs.pending_count() == 0
    session.connection()
    session.commit()
    assert queue.jobs.pending_count() == 2


def test_a_message_of_somebody_else_is_refused(queue: TaskQueue):
    stranger = TaskQueue(Settings(queue_url="memory:", secret_key="x" * 32))
    stranger.wake("work", 1)
    queue.jobs.storage.enqueue(stranger.jobs.storage.dequeue())
    with pytest.raises((HueyException, ValueError)):
        queue.jobs.dequeue()


def test_a_queue_that_is_down_only_delays():
    """Nothing is raised at whoever has just committed a row: the sweeper sends again."""
    queue = TaskQueue(Settings(queue_url="redis://127.0.0.1:1/0", secret_key="k"))
    assert queue.wake("work", 1) is None
    with pytest.raises(RedisError):
        queue.jobs.pending_count()
