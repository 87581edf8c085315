"""Uploads written once: straight into the store's folder, nameless until they are kept."""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from flask import Request
from werkzeug.datastructures import FileStorage
from werkzeug.test import EnvironBuilder, encode_multipart

from dashboard.errors import FileRefused
from dashboard.storage.receiving import SMALL, Arriving, receiving
from dashboard.storage.store import Store

LARGE = b"0123456789" * (SMALL // 10 + 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


@pytest.fixture
def arriving(tmp_path: Path) -> Iterator[Arriving]:
    with Arriving(tmp_path / "uploads") as stream:
        yield stream


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def uploaded(content: bytes, folder: Path | None) -> Request:
    boundary, data = encode_multipart({"file": FileStorage(BytesIO(content), "a.csv")})
    kind = f"multipart/form-data; boundary={boundary}"
    environ = EnvironBuilder(method="POST", data=data, content_type=kind).get_environ()
    return receiving(Request, lambda: folder)(environ)


def test_it_has_no_name_until_it_is_kept(tmp_path: Path, arriving: Arriving) -> None:
    arriving.write(b"abc")
    assert files(tmp_path) == []
    arriving.keep(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_one_not_kept_leaves_nothing(tmp_path: Path) -> None:
    with Arriving(tmp_path) as stream:
        stream.write(b"abc")
    assert files(tmp_path) == []


def test_the_store_takes_it_over_with_size_and_hash(
    tmp_path: Path, store: Store, arriving: Arriving
) -> None:
    for piece in (b"abc", b"def"):
        arriving.write(piece)
    stored = store.put(arriving, folder="uploads", limit=6)
    assert (stored.bytes, stored.sha256) == (6, sha256(b"abcdef").hexdigest())
    assert [path.read_bytes() for path in files(tmp_path)] == [b"abcdef"]


def test_over_the_limit_nothing_is_kept(tmp_path: Path, store: Store, arriving: Arriving) -> None:
    arriving.write(b"abcdef")
    with pytest.raises(FileRefused):
        store.put(arriving, folder="uploads", limit=5)
    assert files(tmp_path) == []


def test_another_file_system_gets_a_copy(
    store: Store, arriving: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Arriving, _path: Path) -> None:
        raise OSError("Invalid cross-device link")

    arriving.write(b"abc")
    monkeypatch.setattr(Arriving, "keep", refuse)
    stored = store.put(arriving, folder="uploads", limit=5)
    assert store.read(stored.key, 0, 3) == b"abc"


def test_a_large_part_arrives_there(tmp_path: Path) -> None:
    request = uploaded(LARGE, tmp_path)
    stream = request.files["file"].stream
    assert isinstance(stream, Arriving)
    assert (stream.read(), stream.size) == (LARGE, len(LARGE))
    request.close()


@pytest.mark.parametrize("where", ["nowhere", "memory", "odd"])
def test_else_as_werkzeug_does(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    folder = {"nowhere": None, "memory": tmp_path, "odd": tmp_path / "file"}[where]
    request = uploaded(b"abc" if where == "memory" else LARGE, folder)
    stream = request.files["file"].stream
    assert not isinstance(stream, Arriving)
    assert stream.read(3) in (b"abc", b"012")
    request.close()
