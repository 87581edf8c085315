"""Bytes at rest, in a folder and in a bucket: whole or not at all, exactly the part asked for."""

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard.errors import ConfigurationError, FileRefused, NotFound
from dashboard.lib.clock import now
from dashboard.storage.store import Store

LIMIT = 1000


def names(store: Store) -> list[str]:
    return [key for key, _ in store.keys("uploads")]


def test_what_is_put_can_be_read(store: Store):
    stored = store.put(io.BytesIO(b"a,b\n1,2\n"), folder="uploads", limit=LIMIT)
    assert (stored.bytes, stored.sha256) == (8, hashlib.sha256(b"a,b\n1,2\n").hexdigest())
    assert store.size(stored.key) == 8
    with store.open(stored.key) as stream:
        assert stream.read() == b"a,b\n1,2\n"


def test_nothing_can_be_put(store: Store):
    stored = store.put([], folder="uploads", limit=LIMIT)
    assert (stored.bytes, stored.sha256) == (0, hashlib.sha256().hexdigest())
    assert (store.read(stored.key, 0, 0), list(store.pieces(stored.key))) == (b"", [])


def test_two_of_the_same_are_apart(store: Store):
    keys = {store.put([b"x"], folder="uploads", limit=LIMIT).key for _ in range(2)}
    assert len(keys) == 2


def test_a_part(store: Store):
    key = store.put([b"01234", b"56789"], folder="uploads", limit=LIMIT).key
    assert store.read(key, 3, 4) == b"3456"
    assert b"".join(store.pieces(key, 3, 9)) == b"345678"


@pytest.mark.parametrize("offset", [2, 4, 9])
def test_a_part_past_the_end_is_refused(store: Store, offset: int):
    key = store.put([b"0123"], folder="uploads", limit=LIMIT).key
    for read in (lambda: store.read(key, offset, 3), lambda: list(store.pieces(key, offset, 12))):
        with pytest.raises(NotFound, match="shorter"):
            read()


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_up_to_the_limit(store: Store, size: int):
    assert store.put([b"x" * size], folder="uploads", limit=LIMIT).bytes == size


def test_over_the_limit_leaves_nothing(store: Store):
    with pytest.raises(FileRefused) as refused:
        store.put([b"x" * LIMIT, b"x"], folder="uploads", limit=LIMIT)
    assert (refused.value.status, refused.value.code) == (413, "file_too_large")
    assert names(store) == []


def test_a_broken_upload_leaves_nothing(store: Store):
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put(pieces(), folder="uploads", limit=LIMIT)
    assert names(store) == []


def test_deleted_twice(store: Store):
    key = store.put([b"x"], folder="uploads", limit=LIMIT).key
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)
    for look in (
        lambda: store.size(key),
        lambda: store.read(key, 0, 1),
        lambda: opened(store, key),
    ):
        with pytest.raises(NotFound, match="gone") as error:
            look()
        assert error.value.code == "file_gone"


def opened(store: Store, key: str) -> None:
    with store.open(key):
        pass


def test_what_another_has_put_is_seen_at_once(store: Store):
    other = Store(store.place)
    for key in ("uploads/x", "uploads/y"):
        before = names(store)
        assert not store.exists(key)
        with other.writer(key) as out:
            out.write(b"x")
        assert (names(store), store.exists(key)) == ([*before, key], True)


def test_a_folder_holds_its_files_and_tells_when(store: Store):
    for key in ("uploads/a", "uploads/deep/b", "uploads-too/c"):
        with store.writer(key) as out:
            out.write(b"x")
    [(key, at)] = store.keys("uploads")
    assert (key, abs(now() - at) < timedelta(seconds=5)) == ("uploads/a", True)
    assert list(store.keys("nothing")) == []


def test_folders_and_what_goes_with_one(store: Store):
    for folder in ("1", "12", "2/1-1", "2/1-2"):
        with store.writer(f"parts/{folder}/000001") as out:
            out.write(b"x")
    assert sorted(store.folders("parts")) == ["parts/1", "parts/12", "parts/2"]
    for prefix in ("parts/1", "parts/2/1-1", "parts/none"):
        store.delete_folder(prefix)
    assert sorted(store.folders("parts")) == ["parts/12", "parts/2"]
    assert store.folders("parts/2") == ["parts/2/1-2"]
    store.delete_folder("parts/2/1-2")
    assert store.folders("parts") == ["parts/12"]


@pytest.mark.parametrize("prefix", ["", "/", ".", "./"])
def test_the_whole_store_is_never_deleted(store: Store, prefix: str):
    with pytest.raises(ValueError, match="whole store"):
        store.delete_folder(prefix)


def test_where_it_lies(folder: Store, bucket: Store, tmp_path: Path):
    key = folder.put([b"x"], folder="uploads", limit=LIMIT).key
    assert (folder.local_path(key), folder.address(key, 60)) == (tmp_path / "store" / key, None)
    assert bucket.local_path(key) is None


@pytest.mark.parametrize(
    "url", ["memory://x", "gs://bucket/x", "s3://", "s3://key:secret@bucket/x"]
)
def test_other_stores_are_refused(url: str):
    with pytest.raises(ConfigurationError, match="STORAGE_URL") as refused:
        Store(url)
    assert "secret" not in refused.value.message


def test_a_store_that_works_says_nothing_and_keeps_nothing(store: Store):
    store.check()
    assert list(store.keys("checks")) == []


def test_a_folder_nobody_may_write_to_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="Not a directory") as error:
        Store(str(tmp_path / "file")).check()
    assert error.value.code == "store_refused"
