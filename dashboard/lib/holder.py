"""Who holds a lease: host, boot, process and its start, so that a gone holder is known at once."""

import os
import socket
from functools import cache
from pathlib import Path

import psutil

SEPARATOR = "/"


@cache
def boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(int(psutil.boot_time()))


def this_process() -> str:
    """`host/boot/pid/start/parent pid/parent start` of the calling process."""
    pid, parent = os.getpid(), os.getppid()
    parts = (socket.gethostname()[:60], boot_id()[:36], pid, _start(pid), parent, _start(parent))
    return SEPARATOR.join(str(part) for part in parts)


def gone(holder: str) -> bool:
    """True only when it is sure: same host, and the process or the whole boot is over."""
    host, boot, pid, start, _, _ = holder.split(SEPARATOR)
    if host != socket.gethostname()[:60]:
        return False
    return boot != boot_id()[:36] or _start(int(pid)) != start


def died_alone(holder: str) -> bool:
    """The worker is gone while the consumer that forked it lives: its own work may have killed it."""
    _, _, _, _, parent, parent_start = holder.split(SEPARATOR)
    return gone(holder) and int(parent) > 1 and _start(int(parent)) == parent_start


def _start(pid: int) -> str:
    """When the process began; empty when it does not run (a zombie does not)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""
