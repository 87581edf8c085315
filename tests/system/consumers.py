"""Real consumers as their own processes, and a way to wait for facts."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(sys.executable).parent / "huey_consumer"
COMMON = "-n -q -d 0.02 -c 1 -s 1 -g TERM -t 7"
COMMANDS = {
    "jobs": f"tasks.jobs_queue -k process -w {{workers}} -m 0.05 {COMMON}",
    "events": f"tasks.events_queue -k thread -w 1 -m 0.25 {COMMON}",
}


class Consumer:
    """One `huey_consumer` in a session of its own."""

    def __init__(self, name: str, environ: dict[str, str], workers: int = 2) -> None:
        words = [str(SCRIPT), *COMMANDS[name].format(workers=workers).split()]
        environ = {**environ, "WORKERS": str(workers)}
        self.process = subprocess.Popen(
            words, cwd=ROOT, env={**os.environ, **environ}, start_new_session=True
        )

    def workers(self) -> list[psutil.Process]:
        """Its forked workers; the scheduler is forked last."""
        return psutil.Process(self.process.pid).children()[:-1]

    def kill_all(self) -> None:
        """As a machine that stops: no process has a word in it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(15)


@contextmanager
def consumer(name: str, environ: dict[str, str], workers: int = 2) -> Iterator[Consumer]:
    """Whatever happens, nothing of it is left running."""
    started = Consumer(name, environ, workers)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.kill_all()


def until(fact: Callable[[], Any], seconds: float = 60) -> Any:
    """The fact, as soon as it is one."""
    end = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < end, "it never came true"
        threading.Event().wait(0.05)
    return found
