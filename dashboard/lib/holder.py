"""Who holds a lease: host, boot, process and its start, so that a gone holder is known at once."""

import os
import re
import socket
from functools import cache
from pathlib import Path

import psutil

SEPARATOR = "/"


@cache
def boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(int(psutil.boot_time()))


@cache
def pid_space() -> str:
    """Containers may share host name and boot: a process id means something in its space only."""
    path = Path("/proc/self/ns/pid")
    return re.sub(r"\D", "", os.readlink(path)) if path.exists() else ""


def this_process() -> str:
    """`host/boot:pid space/pid/start/parent pid/parent start` of the calling process."""
    pid, parent = os.getpid(), os.getppid()
    place = f"{boot_id()[:36]}:{pid_space()[:12]}"
    parts = (socket.gethostname()[:60], place, pid, _start(pid), parent, _start(parent))
    return SEPARATOR.join(str(part) for part in parts)


def gone(holder: str) -> bool:
    """True only when it is sure: same host, and the process or the whole boot is over."""
    host, place, pid, start, _, _ = holder.split(SEPARATOR)
    boot, _, space = place.partition(":")
    if host != socket.gethostname()[:60]:
        return False
    if boot != boot_id()[:36]:
        return True
    return space == pid_space()[:12] and _start(int(pid)) != start


def died_alone(holder: str) -> bool:
    """The worker is gone while the consumer that forked it lives: its work may have killed it."""
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
