"""Who holds a lease: gone only when that is certain."""

import os

import pytest

from dashboard.lib.holder import died_alone, gone, this_process

HERE = this_process()
HOST, PLACE, PID, START, PARENT, PARENT_START = HERE.split("/")


def holder(**parts: str) -> str:
    known = {"host": HOST, "place": PLACE, "pid": PID, "start": START, "parent": PARENT}
    return "/".join([*{**known, **parts}.values(), PARENT_START])


def test_this_one_is_here():
    assert not gone(HERE)
    assert not died_alone(HERE)
    assert len(HERE) <= 160


@pytest.mark.parametrize(
    ("parts", "is_gone"),
    [
        ({"start": "1.00"}, True),
        ({"pid": "999999999"}, True),
        ({"place": "another-boot:1"}, True),
        ({"host": "elsewhere", "pid": "999999999"}, False),
        ({"place": PLACE.split(":")[0] + ":1", "pid": "999999999"}, False),
    ],
)
def test_gone_is_said_only_when_sure(parts: dict[str, str], is_gone: bool):
    assert gone(holder(**parts)) is is_gone


def test_a_worker_that_died_under_a_living_consumer():
    assert died_alone(holder(pid="999999999"))
    assert not died_alone(holder(pid="999999999", parent="999999998"))


def test_a_dead_child_not_yet_waited_for_is_gone():
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, this_process().encode())
        os._exit(0)
    child = os.read(reading, 200).decode()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert gone(child)
    assert died_alone(child)
    os.waitpid(pid, 0)
    for end in (reading, writing):
        os.close(end)
