"""Runs a report in a process of its own, which is killed when it may not go on."""

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from dashboard.formats.child import KEPT_ENVIRONMENT, LOG_BYTES, ROOT, pipe
from dashboard.reports.refusals import ReportRefused, TargetAway, died, too_large, too_slow

log = logging.getLogger("jobengine.reports")
MODULE = "dashboard.reports.child_run"
# To import pandas and open the database; not counted as the report's own time.
START_SECONDS, GRACE_SECONDS, TICK_SECONDS = 60.0, 2.0, 0.2
MOST_ANSWER = 4 << 20


def run_child(request: Mapping[str, Any], check: Callable[[], None]) -> dict[str, Any]:
    """The facts of the report, whose file is then behind the descriptor `request["output"]`.

    `request` has report (its class path), url, parameters, now, output, timeout (seconds), memory
    (bytes). `check` is called five times a second; what it raises ends the process, as does the
    end of this one. Raises ReportRefused, TargetAway.
    """
    line = json.dumps({**request, "paths": sys.path}).encode() + b"\n"
    with tempfile.TemporaryFile() as said, started(said, request["output"]) as process:
        with suppress(BrokenPipeError):
            pipe(process.stdin).write(line)
        answer = Answer(process, check, START_SECONDS)
        if answer.line().get("ready"):
            answer.seconds = request["timeout"] + GRACE_SECONDS
            answer.line()
        return facts_of(answer, request, said)


@contextmanager
def started(said: IO[bytes], output: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Ended with all that it started, whatever happens inside."""
    process = subprocess.Popen(  # noqa: S603 (our own module, nothing from outside on its command line)
        [sys.executable, "-P", "-m", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        env=environment(),
        bufsize=0,
        pass_fds=[output],
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    """Nothing of the engine's own: its settings hold secrets."""
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    paths = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    # Arenas for threads that never run would count against the limit on memory.
    sparing = {"OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    return {**kept, **sparing, "MALLOC_ARENA_MAX": "2", "PYTHONPATH": os.pathsep.join(paths)}


class Answer:
    """Lines of the process; `last` is the newest, empty when it ended without one."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", check: Callable[[], None], seconds: float
    ) -> None:
        self.process, self.check, self.seconds = process, check, seconds
        self.late = False
        self.last: dict[str, Any] = {}
        self._held = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe(process.stdout), selectors.EVENT_READ)

    def line(self) -> dict[str, Any]:
        """Waits `seconds` at most."""
        self.last, deadline = {}, time.monotonic() + self.seconds
        while b"\n" not in self._held:
            self.check()
            if time.monotonic() > deadline:
                self.late = True
                return self.last
            if not self._selector.select(TICK_SECONDS):
                continue
            data = os.read(pipe(self.process.stdout).fileno(), 1 << 16)
            self._held += data
            if not data or len(self._held) > MOST_ANSWER:
                return self.last
        line, _, rest = bytes(self._held).partition(b"\n")
        self._held = bytearray(rest)
        self.last = json.loads(line)
        return self.last


def facts_of(answer: Answer, request: Mapping[str, Any], said: IO[bytes]) -> dict[str, Any]:
    found = answer.last
    if "names" in found:
        return found
    if "refused" in found:
        note(said, found["refused"]["code"])
        raise ReportRefused(found["refused"]["message"], code=found["refused"]["code"])
    if "away" in found:
        raise TargetAway(found["away"])
    if answer.late:
        raise too_slow(request["timeout"])
    code = answer.process.wait(GRACE_SECONDS)
    text = note(said, f"exit {code}")
    if code == -signal.SIGXCPU:
        raise too_slow(request["timeout"])
    if any(word in text.lower() for word in ("memory", "bad_alloc")):
        raise too_large(request["memory"])
    raise died()


def note(said: IO[bytes], why: str) -> str:
    """What the process printed, for the log and not for people."""
    said.seek(0, os.SEEK_END)
    said.seek(max(said.tell() - LOG_BYTES, 0))
    text = said.read().decode(errors="replace")
    log.warning("a report ended: %s; %s", why, text)
    return text
