"""Files packed as they are written."""

import gzip
import io
import zipfile
from collections.abc import Iterator

import pyarrow as pa
import pytest

from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_packing import compressed
from dashboard.formats.write_parts import write_batches

PIECES = [b"a" * 1_000, b"", b"b" * 100_000, b"c\n"]


def unzipped(data: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def test_gzip() -> None:
    packed = b"".join(compressed(PIECES, "gzip", "a.csv"))
    assert gzip.decompress(packed) == b"".join(PIECES)
    assert len(packed) < 1_000


def test_zip() -> None:
    packed = b"".join(compressed(PIECES, "zip", "flüge.csv"))
    assert unzipped(packed) == {"flüge.csv": b"".join(PIECES)}
    assert len(packed) < 1_000


def test_none_is_as_it_was() -> None:
    assert list(compressed(PIECES, "none", "a.csv")) == PIECES


@pytest.mark.parametrize("compression", ["gzip", "zip"])
def test_nothing_is_an_archive_all_the_same(compression: str) -> None:
    packed = b"".join(compressed([], compression, "a"))
    assert (gzip.decompress(packed) if compression == "gzip" else unzipped(packed)["a"]) == b""


@pytest.mark.parametrize("compression", ["gzip", "zip"])
def test_pieces_are_packed_as_they_come(compression: str) -> None:
    made = 0

    def pieces() -> Iterator[bytes]:
        nonlocal made
        for number in range(1_000):
            made += 1
            yield b"".join(b"%d," % (number * n % 7_919) for n in range(5_000))

    packed = compressed(pieces(), compression, "a.csv")
    assert sum(len(piece) for piece, _ in zip(packed, range(2), strict=False)) > 10
    assert made < 100


def test_a_packed_file_holds_the_plain_one() -> None:
    table = pa.table({"a": [1, 2]})
    options = WriteOptions("tsv", compression="zip")
    packed = b"".join(write_batches(options, table.schema, [table], name="flights"))
    assert unzipped(packed) == {"flights.tsv": b"a\n1\n2\n"}
