"""Keeps a worker small while it goes through millions of records in several threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa


@contextmanager
def lean_memory() -> Iterator[None]:
    """Arrow's own allocators keep what every thread once had; the system's gives it back."""
    usual = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        give_back()
        pa.set_memory_pool(usual)


def give_back() -> None:
    """What is free goes to the machine: after each part, some 5 MB."""
    pa.default_memory_pool().release_unused()
