"""The runner behind `make run`: starts, restarts and stops real child processes."""

import signal
import socket
import sys
import threading
from dataclasses import replace

import pytest

from config import Settings
from scripts.run import Runner, Service, StartRefused, refuse_taken_port, services

SLEEPS = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]


@pytest.fixture
def settings() -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return Settings(port=probe.getsockname()[1])


def stubborn_child() -> Service:
    """Deaf to SIGTERM from its first moment: an ignored signal stays ignored in a new process."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = Service("stubborn", SLEEPS)
    child.start()
    signal.signal(signal.SIGTERM, before)
    return child


def test_one_stop_ends_every_child(settings):
    runner = Runner([Service("one", SLEEPS), Service("two", SLEEPS)])
    runner.on_signal(signal.SIGINT, None)
    assert runner.run(settings, "") == 0
    assert [s.exit_code for s in runner.services] == [-signal.SIGTERM] * 2


def test_a_child_that_fails_stops_the_others(settings, capfd):
    broken = Service("broken", [sys.executable, "-S", "-c", "raise SystemExit(3)"])
    other = Service("other", SLEEPS)
    assert Runner([broken, other]).run(settings, "") == 1
    assert other.exit_code == -signal.SIGTERM
    assert "The broken ended (exit code 3)" in capfd.readouterr().out


def test_a_killed_child_is_started_again(capfd):
    child = Service("consumer", SLEEPS)
    child.start()
    first = child.process
    child.signal(signal.SIGKILL)
    first.wait()
    runner = Runner([child])
    assert runner.restart(child)
    assert child.running
    runner.stop()


def test_a_child_killed_over_and_over_is_given_up():
    child = Service("consumer", SLEEPS, short_lives=2)
    child.start()
    child.signal(signal.SIGKILL)
    child.process.wait()
    assert not child.may_restart()


def test_a_later_second_stop_forces(monkeypatch):
    monkeypatch.setattr("scripts.run.FORCE_AFTER_SECONDS", -1.0)
    runner = Runner([stubborn_child()])
    runner.on_signal(signal.SIGINT, None)
    threading.Timer(0.1, runner.on_signal, (signal.SIGINT, None)).start()
    runner.stop()
    assert runner.services[0].process.wait() == -signal.SIGKILL


def test_a_signal_passed_on_twice_at_once_does_not_force():
    runner = Runner([])
    runner.on_signal(signal.SIGTERM, None)
    runner.on_signal(signal.SIGTERM, None)
    assert not runner.force


def test_a_taken_port_is_named_with_a_way_out(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartRefused, match=f"PORT={port + 1} make run"):
            refuse_taken_port(replace(settings, port=port))


def test_commands_carry_the_settings(settings):
    web, jobs, events = services(replace(settings, workers=3))
    assert f"127.0.0.1:{settings.port}" in web.command
    assert jobs.command[jobs.command.index("-w") + 1] == "3"
    assert "huey" in jobs.command[0]
    assert "tasks.events_queue" in events.command
