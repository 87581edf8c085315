"""Bytes at rest: whole or not at all, within the limit, exactly the part asked for."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.errors import FileRefused, NotFound
from dashboard.storage.store import Store

LIMIT = 1000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def names(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_what_is_put_can_be_read(store: Store):
    stored = store.put(io.BytesIO(b"a,b\n1,2\n"), folder="uploads", limit=LIMIT)
    assert (stored.bytes, stored.sha256) == (8, hashlib.sha256(b"a,b\n1,2\n").hexdigest())
    with store.open(stored.key) as stream:
        assert stream.read() == b"a,b\n1,2\n"


def test_two_of_the_same_are_apart(store: Store):
    keys = {store.put([b"x"], folder="uploads", limit=LIMIT).key for _ in range(2)}
    assert len(keys) == 2


def test_a_part(store: Store):
    key = store.put([b"01234", b"56789"], folder="uploads", limit=LIMIT).key
    assert store.read(key, 3, 4) == b"3456"


def test_a_part_past_the_end_is_refused(store: Store):
    key = store.put([b"0123"], folder="uploads", limit=LIMIT).key
    with pytest.raises(NotFound, match="shorter"):
        store.read(key, 2, 3)


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_up_to_the_limit(store: Store, size: int):
    assert store.put([b"x" * size], folder="uploads", limit=LIMIT).bytes == size


def test_over_the_limit_leaves_nothing(store: Store, tmp_path: Path):
    with pytest.raises(FileRefused) as refused:
        store.put([b"x" * LIMIT, b"x"], folder="uploads", limit=LIMIT)
    assert (refused.value.status, refused.value.code) == (413, "file_too_large")
    assert names(tmp_path) == []


def test_a_broken_upload_leaves_nothing(store: Store, tmp_path: Path):
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put(pieces(), folder="uploads", limit=LIMIT)
    assert names(tmp_path) == []


def test_deleted_twice(store: Store):
    key = store.put([b"x"], folder="uploads", limit=LIMIT).key
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)
    with pytest.raises(NotFound), store.open(key):
        pass


def test_where_it_lies(store: Store, tmp_path: Path):
    key = store.put([b"x"], folder="uploads", limit=LIMIT).key
    assert store.local_path(key) == tmp_path / "store" / key
    assert Store("memory://jobengine").local_path(key) is None
