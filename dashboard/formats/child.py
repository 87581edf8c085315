"""Run a reader in a process of its own, with a limit on memory and on time (I9).

The reader is a module run with `python -m`. It gets one line of JSON on its standard input and
answers in frames on its standard output; what else it says is for the log. It ends when its
standard input does, so that it never outlives the process that asked.
"""

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from dashboard.errors import FileRefused
from dashboard.formats import child_refusals
from dashboard.formats.child_frames import END, HEAD, REFUSAL

logger = logging.getLogger("jobengine.formats")
ROOT = Path(__file__).resolve().parents[2]
MEMORY_BYTES = 2 << 30
MOST_FRAME_BYTES = 256 << 20
READ_BYTES = 1 << 20
LOG_BYTES = 4_000
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class Frame(NamedTuple):
    """`kind` is one letter; R (a refusal) and E (the end) never reach the caller."""

    kind: bytes
    data: bytes


class LimitsReached(Exception):
    """The reader took longer than it may, or stopped without an end."""


def ask(
    module: str,
    request: Mapping[str, Any],
    *,
    name: str,
    seconds: float,
    memory_bytes: int = MEMORY_BYTES,
) -> Iterator[Frame]:
    """The frames of a reader's answer; `seconds` of waiting in all, not counting the caller's time.

    `name` is the file's, for the log.

    Raises FileRefused: the reader's own refusal, or that it needed too much memory or time.
    Closing the iterator ends the process.
    """
    limits = {"memory": memory_bytes, "seconds": seconds}
    line = json.dumps({**request, "limits": limits}).encode() + b"\n"
    with tempfile.TemporaryFile() as log, start(module, log) as process:
        try:
            pipe(process.stdin).write(line)
            yield from frames(process, seconds)
        except (LimitsReached, BrokenPipeError) as stopped:
            process.kill()
            process.wait()
            raise refusal(process, stopped, log, name) from None
        finally:
            process.kill()


def start(module: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    paths = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    # Arenas for threads that never run would count against the limit on memory.
    environment |= {"OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    environment |= {"MALLOC_ARENA_MAX": "2", "RAYON_NUM_THREADS": "1"}
    return subprocess.Popen(  # noqa: S603 (our own module, nothing from outside on its command line)
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        bufsize=0,
    )


def pipe(end: IO[bytes] | None) -> IO[bytes]:
    if end is None:
        raise ValueError("the reader was started without its pipes")
    return end


def frames(process: subprocess.Popen[bytes], seconds: float) -> Iterator[Frame]:
    """Until the end frame. Raises LimitsReached, or FileRefused as the reader says."""
    reader = FrameReader(process, seconds)
    while True:
        kind, size = HEAD.unpack(reader.take(HEAD.size))
        if size > MOST_FRAME_BYTES:
            raise LimitsReached("a frame is too large")
        data = reader.take(size)
        if kind == END:
            return
        if kind == REFUSAL:
            said = json.loads(data)
            raise FileRefused(said["message"], code=said["code"], details=said["details"])
        yield Frame(kind, data)


class FrameReader:
    """Takes bytes from the reader's output and never waits longer than is left of its time."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.descriptor = pipe(process.stdout).fileno()
        self.left = seconds
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.descriptor, selectors.EVENT_READ)
        self.waiting = bytearray()

    def take(self, size: int) -> bytes:
        while len(self.waiting) < size:
            self.waiting += self.read()
        data = bytes(self.waiting[:size])
        del self.waiting[:size]
        return data

    def read(self) -> bytes:
        began = time.monotonic()
        ready = self.left > 0 and self.selector.select(self.left)
        self.left -= time.monotonic() - began
        if not ready:
            raise LimitsReached("time")
        data = os.read(self.descriptor, READ_BYTES)
        if not data:
            raise LimitsReached("the output ended early")
        return data


def refusal(
    process: subprocess.Popen[bytes], stopped: Exception, log: IO[bytes], name: str
) -> FileRefused:
    """Why a reader that was stopped, or stopped by itself, could not answer."""
    log.seek(0, os.SEEK_END)
    log.seek(max(log.tell() - LOG_BYTES, 0))
    said = log.read().decode(errors="replace")
    logger.warning(
        "The reader of %r stopped: %s; exit %s; %s", name, stopped, process.returncode, said
    )
    if str(stopped) == "time" or process.returncode == -signal.SIGXCPU:
        return child_refusals.too_slow()
    if "memory" in said.lower() or "overflow" in said.lower():
        return child_refusals.too_large()
    return child_refusals.stopped()
