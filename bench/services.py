"""Real consumer and web processes, started with the runner's own command lines and measured."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from scripts.run import EVENTS, JOBS, ROOT, WEB

BIN = Path(sys.executable).parent
APPLICATION = "jobengine-bench-service"
GRACE_SECONDS = 10.0


class BenchFailed(Exception):
    """A wrong result, or a process that did not do what it should; the message says which."""


def clean_up_when_told() -> None:
    """A plain `kill` ends the bench as Ctrl-C does: services stopped, scratch things removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


class Service:
    """One process and what it forks, in a session of its own so that it can be ended whole."""

    def __init__(self, line: str, environ: Mapping[str, str], log: Path) -> None:
        self.words = shlex.split(line)
        self.environ = {**environ, "PGAPPNAME": APPLICATION}
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(BIN / self.words[0]), *self.words[1:]]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(self.environ),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Gracefully, then by force; nothing of its session is left."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """kill -9 to the process and everything it forked, at one moment."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def check(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise BenchFailed(f"{self.words[1]} ended by itself:\n{tail}")

    def members(self) -> list[psutil.Process]:
        """The process and its children, the oldest first."""
        if self.process is None:
            return []
        try:
            main = psutil.Process(self.process.pid)
            return [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def jobs_consumer(environ: Mapping[str, str], folder: Path, tasks: str = "bench.tasks") -> Service:
    line = JOBS.format(workers=environ["WORKERS"]).replace("tasks.", f"{tasks}.", 1)
    return Service(line, environ, folder / "jobs.log")


def events_consumer(
    environ: Mapping[str, str], folder: Path, tasks: str = "bench.tasks"
) -> Service:
    return Service(EVENTS.replace("tasks.", f"{tasks}.", 1), environ, folder / "events.log")


def web_server(environ: Mapping[str, str], folder: Path, port: int) -> Service:
    """Its log has one line a request: path, microseconds from the request to the answer."""
    line = f"{WEB} --access-logfile - --access-logformat '%(U)s %(D)s'"
    return Service(line.format(host="127.0.0.1", port=port), environ, folder / "web.log")


def wait_for(
    condition: Callable[[], object], seconds: float, what: str, services: Iterable[Service] = ()
) -> None:
    """Until `condition()` is true; a service that ends meanwhile, or the deadline, fails."""
    deadline = time.monotonic() + seconds
    while not condition():
        for service in services:
            service.check()
        if time.monotonic() > deadline:
            raise BenchFailed(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """User and system time so far, of those that still run."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def reset_peaks(processes: Iterable[psutil.Process]) -> None:
    """Linux: forget the highest resident size, so that the next reading is of this job alone."""
    for process in processes:
        with suppress(OSError):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def largest_peak(processes: Iterable[psutil.Process]) -> int:
    """Bytes: the highest resident size since the reset, of the process that had the highest."""
    return max((peak_of(process.pid) for process in processes), default=0)


def peak_of(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
