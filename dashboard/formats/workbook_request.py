"""What a workbook's reader is asked, and how it answers: frames of child.py on standard output."""

import json
import os
import resource
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.errors import FileRefused
from dashboard.formats.child_frames import END, HEAD, REFUSAL

SPARE_SECONDS = 5  # seconds of processor time beyond the limit on waiting


@dataclass(frozen=True, slots=True)
class Request:
    """`rows`: how many a preview shows. `chosen`, `sheet`, `header_row`: None = find out."""

    action: str
    path: Path
    chosen: str | None
    sheet: str | None
    header_row: int | None
    rows: int


def send(kind: bytes, data: Any) -> None:
    out = sys.stdout.buffer
    size = memoryview(data).nbytes
    out.write(HEAD.pack(kind, size))
    out.write(data)


def send_json(kind: bytes, value: Any) -> None:
    send(kind, json.dumps(value).encode())


def serve(act: Callable[[Request], None]) -> None:
    """Read the request, set the limits, act, and say how it ended."""
    asked = json.loads(sys.stdin.buffer.readline())
    limit(asked.pop("limits"))
    threading.Thread(target=end_with_parent, daemon=True).start()
    request = Request(**{**asked, "path": Path(asked["path"])})
    try:
        act(request)
        send(END, b"")
    except FileRefused as error:
        send_refusal(error)
    except (MemoryError, RecursionError):
        sys.stderr.write("out of memory\n")
        sys.stderr.flush()
        os._exit(3)
    sys.stdout.buffer.flush()
    # Not by the end of the interpreter, which would wait for the thread that listens.
    os._exit(0)


def send_refusal(error: FileRefused) -> None:
    said = {"code": error.code, "message": error.message, "details": error.details}
    send_json(REFUSAL, said)


def limit(limits: dict[str, float]) -> None:
    memory, seconds = int(limits["memory"]), int(limits["seconds"]) + SPARE_SECONDS
    cores = os.cpu_count() or 1
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds * cores, seconds * cores))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_with_parent() -> None:
    """Its end of our standard input closes when it dies, or when it has heard enough."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(2)
