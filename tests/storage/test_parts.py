"""Parts under their names, and one file made of them: seen when it is whole, hashed on the way."""

import gzip
import io
import os
import signal
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.errors import NotFound
from dashboard.storage import hashing, joining
from dashboard.storage.store import Store
from tests.jobs.room import wait_for

# Over the smallest part of a multipart upload (5 MB), and over a block of ours in sum.
LARGE = os.urandom(1 << 20) * 9


@pytest.fixture
def parts(store: Store) -> list[str]:
    """A large part, an empty one, a small one."""
    return [part(store, number, data) for number, data in enumerate((LARGE, b"", b"small"), 1)]


def part(store: Store, number: int, data: bytes) -> str:
    key = f"parts/job/1-1/{number:06}"
    with store.writer(key) as out:
        out.write(data)
    return key


def content(store: Store, key: str) -> bytes:
    return b"".join(store.pieces(key))


def broken(writing: AbstractContextManager[Any], data: bytes) -> None:
    """Written to and then given up."""
    with suppress(KeyError), writing as out:
        out.write(data)
        raise KeyError


def test_a_part_is_not_there_before_it_is_whole(store: Store):
    with store.writer("parts/a") as out:
        out.write(b"half")
        assert list(store.keys("parts")) == []
    assert content(store, "parts/a") == b"half"


def test_a_part_is_written_again_whole(store: Store):
    for data in (LARGE, b"second"):
        part(store, 1, data)
    assert content(store, "parts/job/1-1/000001") == b"second"
    assert [key for key, _ in store.keys("parts/job/1-1")] == ["parts/job/1-1/000001"]


@pytest.mark.parametrize("data", [b"half", LARGE * 2])
def test_a_broken_part_leaves_what_was_there(store: Store, data: bytes):
    part(store, 1, b"first")
    broken(store.writer("parts/job/1-1/000001"), data)
    assert content(store, "parts/job/1-1/000001") == b"first"


def test_many_small_writes_are_one_part(store: Store):
    with store.writer("parts/a") as out:
        for number in range(5000):
            out.write(b"%d\n" % number)
    assert content(store, "parts/a").split() == [b"%d" % number for number in range(5000)]


def test_parts_become_one_file_in_order(store: Store, parts: list[str]):
    stored = store.assemble([*parts, *parts], folder="exports", head=b"head\n", tail=b"\ntail")
    whole = b"head\n" + (LARGE + b"small") * 2 + b"\ntail"
    assert content(store, stored.key) == whole
    assert (stored.bytes, stored.sha256) == (len(whole), sha256(whole).hexdigest())
    assert [key for key, _ in store.keys("exports")] == [stored.key]


def test_of_no_parts_head_and_tail_are_left(store: Store):
    assert store.assemble([], folder="exports", head=b"a", tail=b"b").bytes == 2


def test_wrapped_on_the_way(store: Store, parts: list[str]):
    def zipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield gzip.compress(b"".join(pieces), compresslevel=1)

    stored = store.assemble(parts, folder="exports", head=b"head", wrap=zipped)
    packed = content(store, stored.key)
    assert gzip.decompress(packed) == b"head" + LARGE + b"small"
    assert stored.sha256 == sha256(packed).hexdigest()


def test_a_missing_part_leaves_no_file(store: Store, parts: list[str]):
    with pytest.raises(NotFound) as error:
        store.assemble([*parts, "parts/none"], folder="exports")
    assert (error.value.code, list(store.keys("exports"))) == ("file_gone", [])


def test_who_makes_the_parts_may_stop(store: Store, parts: list[str]):
    def made() -> Iterator[str]:
        yield from parts
        raise InterruptedError

    with pytest.raises(InterruptedError):
        store.assemble(made(), folder="exports")
    assert list(store.keys("exports")) == []


def test_joining_goes_on_while_parts_are_made(store: Store):
    def made() -> Iterator[str]:
        for number in (1, 2):
            yield part(store, number, b"%d" % number)
            # Asked for the next: this one is joined already.
            store.delete_folder("parts/job")

    stored = store.assemble(made(), folder="exports")
    assert (content(store, stored.key), store.folders("parts")) == (b"12", [])


def test_without_help_of_the_kernel(folder: Store, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_args: object, **_more: object) -> int:
        raise OSError("Function not implemented")

    keys = [part(folder, 1, LARGE), part(folder, 2, b"small")]
    monkeypatch.setattr(joining.os, "copy_file_range", refuse)
    stored = folder.assemble(keys, folder="exports")
    assert content(folder, stored.key) == LARGE + b"small"
    assert stored.sha256 == sha256(LARGE + b"small").hexdigest()


def test_a_file_system_that_knows_no_nameless_files(
    folder: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(os, "O_TMPFILE")
    with folder.writer("parts/a") as out:
        out.write(b"x")
        [seen] = (tmp_path / "store" / "parts").iterdir()
        assert seen.suffix == ".part"
    broken(folder.writer("parts/a"), b"half")
    assert [path.name for path in (tmp_path / "store" / "parts").iterdir()] == ["a"]


def test_a_folder_that_vanishes_meanwhile_is_made_again(folder: Store):
    for _ in range(50):
        part(folder, 1, b"x")
        folder.delete_folder("parts/job/1-1")
    assert folder.folders("parts") == []


def test_a_killed_process_leaves_nothing(folder: Store, tmp_path: Path):
    keys = [part(folder, 1, LARGE)]

    def killed() -> Iterator[str]:
        yield from keys
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        with suppress(BaseException):
            folder.assemble(killed(), folder="exports")
        os._exit(1)
    assert wait_for(child) == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()] == ["000001"]


def test_formats_that_write_a_file_whole(store: Store):
    table = pa.table({"a": list(range(1000))})
    with store.new_file("exports") as out, pq.ParquetWriter(out, table.schema) as writer:
        writer.write_table(table)
    data = content(store, out.stored.key)
    assert pq.read_table(io.BytesIO(data)) == table
    assert (out.stored.bytes, out.stored.sha256) == (len(data), sha256(data).hexdigest())


def test_a_zip_needs_no_seeking(store: Store):
    with (
        store.new_file("exports") as out,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped,
    ):
        zipped.writestr("a.csv", LARGE)
    with zipfile.ZipFile(io.BytesIO(content(store, out.stored.key))) as read:
        assert read.read("a.csv") == LARGE


def test_what_is_not_finished_leaves_nothing(store: Store):
    broken(store.new_file("exports"), LARGE * 2)
    assert list(store.keys("exports")) == []


@pytest.mark.parametrize("size", [0, 1, hashing.WORTH_A_THREAD, 3 * hashing.PIECE + 1])
def test_the_hash_of_memory_and_files(tmp_path: Path, size: int):
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data + b"more")
    sums = hashing.Hashing()
    with (tmp_path / "file").open("rb") as file:
        sums.update(b"first")
        sums.update_from(file.fileno(), size)
        sums.update(b"last")
    assert sums.hexdigest() == sha256(b"first" + data + b"last").hexdigest()


def test_a_hash_of_a_file_that_shrank_is_refused(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"abc")
    sums = hashing.Hashing()
    with (tmp_path / "file").open("rb") as file:
        for _ in range(3):
            sums.update_from(file.fileno(), 4)
    with pytest.raises(OSError, match="ended after 3 of 4"):
        sums.hexdigest()
