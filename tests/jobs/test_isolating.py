"""I5: a record the target refuses never blocks its chunk."""

from tests.jobs.room import Room, adds_up

LINES = ["a", "refuse b", "c", "bad d", "e", "refuse f"]


def test_refused_records_become_failures(room: Room):
    job = room.run(job_id := room.dispatch(LINES, chunkRows=4))
    assert (job.status, job.created, job.failed, job.isolate) == ("completed", 3, 3, True)
    assert room.failures(job_id) == [(2, "refuse b"), (4, "bad d"), (6, "refuse f")]
    assert room.written() == ["a", "c", "e"]
    assert adds_up(job)


def test_no_error_is_told_for_it(room: Room):
    job_id = room.finished(LINES)
    assert room.events(job_id) == ["JobEnqueued", "JobStarted", "JobProgressed", "JobCompleted"]


def test_a_target_that_refuses_all_the_same(room: Room):
    trouble = {"step": "write", "chunk": 1, "act": "refuse", "times": 9}
    job = room.run(job_id := room.dispatch(LINES, troubles=[trouble]))
    assert (job.status, room.chunks(job_id)[0].error_code) == ("failed", "records_refused")
    assert adds_up(job)


def test_killed_while_isolating(room: Room):
    for chunk in (1, 3):
        trouble = {"step": "committed", "chunk": chunk, "act": "kill"}
        job_id = room.dispatch(LINES, troubles=[trouble])
        while room.in_child(lambda child, job_id=job_id: child.step(job_id)):
            pass
        assert room.failures(job_id) == [(2, "refuse b"), (4, "bad d"), (6, "refuse f")]
        assert room.job(job_id).created == 3
        assert adds_up(room.job(job_id))
    assert room.written() == ["a", "a", "c", "c", "e", "e"]
