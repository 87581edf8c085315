"""Files of a folder or a bucket, each taken once."""

import gzip
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fsspec
import pytest
from s3fs import S3FileSystem

from dashboard.errors import ConfigurationError, LeaseLost
from dashboard.formats.table_form import ROW
from dashboard.settings import Settings
from dashboard.sync import folder_source
from dashboard.sync.folder_source import FolderSource
from dashboard.sync.folder_source_places import is_waiting_name, pattern_of
from dashboard.sync.source import Ask, Page, Secret, SourceError

AGO = time.time() - 3600


class LocalDrop:
    """A folder files are dropped into."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.count = folder, str(folder), 0

    def put(self, name: str, data: bytes) -> None:
        """An hour ago, one second after the one before."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.count += 1
        os.utime(path, (AGO + self.count, AGO + self.count))


class BucketDrop:
    """A prefix of a bucket."""

    def __init__(self, url: str) -> None:
        self.path = url
        self.fs = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)

    def put(self, name: str, data: bytes) -> None:
        self.fs.pipe_file(f"{self.path}/{name}", data)


Drop = Any


@pytest.fixture(params=["folder", "bucket"])
def drop(request: pytest.FixtureRequest, tmp_path: Path) -> Drop:
    if request.param == "folder":
        return LocalDrop(tmp_path)
    return BucketDrop(request.getfixturevalue("s3_url"))


@pytest.fixture
def local(tmp_path: Path) -> LocalDrop:
    return LocalDrop(tmp_path / "drop")


def source(drop: Drop, **options: Any) -> FolderSource:
    return FolderSource(drop.path, **{"settle_seconds": 0, **options})


def pages(
    found: FolderSource, taken: Sequence[str] = (), check: Callable[[], None] = lambda: None
) -> list[Page]:
    return list(found.read(Ask(Settings(), taken=lambda _marks: taken, check=check)))


def ids(found: list[Page]) -> list[str]:
    return [row["id"] for page in found for row in page.rows.to_pylist()]


def marks(found: list[Page]) -> list[str]:
    return [page.mark for page in found if page.mark]


def test_each_file_is_taken_once(drop: Drop) -> None:
    drop.put("a.csv", b"id\n1\n")
    first = pages(source(drop))
    drop.put("b.csv", b"id\n2\n")
    second = pages(source(drop), marks(first))
    third = pages(source(drop), marks(first) + marks(second))
    assert (ids(first), ids(second), ids(third)) == (["1"], ["2"], [])
    assert [page.note for page in third] == ["No new files."]


def test_a_file_that_changed_is_taken_again(drop: Drop) -> None:
    drop.put("a.csv", b"id\n1\n")
    first = pages(source(drop))
    drop.put("a.csv", b"id\n2\n")
    assert ids(pages(source(drop), marks(first))) == ["2"]


def test_the_mark_comes_with_the_file_s_last_page(local: LocalDrop) -> None:
    local.put("a.csv", b"id,name\n1,x\n2\n3,y\n")
    found = pages(source(local))
    assert [page.mark is not None for page in found] == [False] * (len(found) - 1) + [True]
    assert [page.refused.code for page in found if page.refused] == ["wrong_cell_count"]
    assert ids(found) == ["1", "3"]


def test_rows_are_numbered_over_all_files(local: LocalDrop) -> None:
    local.put("a.csv", b"id\n1\n2\n")
    local.put("b.csv", b"id\n3\n")
    found = [page for page in pages(source(local)) if page.rows.num_rows]
    rows = [(p.name, r["id"], r[ROW], r[ROW] - p.base) for p in found for r in p.rows.to_pylist()]
    assert rows == [("a.csv", "1", 2, 2), ("a.csv", "2", 3, 3), ("b.csv", "3", 5, 2)]


def test_every_format_an_import_reads(local: LocalDrop) -> None:
    local.put("a.csv.gz", gzip.compress(b"id;name\n1;x\n"))
    local.put("b.jsonl", b'{"id": 2}\n')
    local.put("c.json", b'[{"id": 3}]')
    local.put("d.tsv", "id\tname\n4\tö\n".encode("utf-16"))
    assert sorted(ids(pages(source(local)))) == ["1", "2", "3", "4"]


def test_a_broken_file_fails_alone(drop: Drop) -> None:
    drop.put("a.csv", b"id\n1\n")
    drop.put("b.csv", b'id\n2\n"3\n')
    drop.put("c.csv", b"")
    drop.put("d.csv", b"id\n4\n")
    found = pages(source(drop))
    assert sorted(ids(found)) == ["1", "4"]
    told = {page.name: page.refused for page in found if page.refused}
    assert {name: error.code for name, error in told.items()} == {
        "b.csv": "unclosed_quote",
        "c.csv": "file_empty",
    }
    assert told["b.csv"].message.startswith("b.csv: Row 3 opens a quote")
    assert len(marks(found)) == 4
    assert pages(source(drop), marks(found))[0].note == "No new files."


def test_a_file_without_rows_is_taken(local: LocalDrop) -> None:
    local.put("a.csv", b"id\n")
    found = pages(source(local))
    assert (ids(found), len(marks(found))) == ([], 1)


def test_what_is_being_written_is_left(local: LocalDrop) -> None:
    for name in ("a.csv.part", ".b.csv", "c.csv.filepart", "d.tmp", ".sub/e.csv", "~$f.csv"):
        local.put(name, b"id\n1\n")
    assert ids(pages(source(local, glob="**/*"))) == []


def test_names_are_chosen(drop: Drop) -> None:
    for name in ("a1.csv", "a2.txt", "sub/a3.csv", "sub/deep/a4.csv", "sub/a5.csv.part"):
        drop.put(name, b"id\n" + name[-5:-4].encode() + b"\n")
    found = pages(source(drop, glob="**/a?.csv"))
    assert {page.name for page in found} == {"a1.csv", "sub/a3.csv", "sub/deep/a4.csv"}
    assert sorted(ids(found)) == ["1", "3", "4"]


@pytest.mark.parametrize(
    ("glob", "taken"), [("*.csv", ["1"]), ("sub/*.csv", ["3"]), ("*/*/*.csv", ["4"])]
)
def test_a_folder_is_looked_into_no_deeper_than_asked(
    local: LocalDrop, glob: str, taken: list[str]
) -> None:
    for name in ("a1.csv", "sub/a3.csv", "sub/deep/a4.csv", "sub/deep/er/a5.csv"):
        local.put(name, b"id\n" + name[-5:-4].encode() + b"\n")
    assert ids(pages(source(local, glob=glob))) == taken


def test_choices_of_reading_are_followed(local: LocalDrop) -> None:
    local.put("a.txt", b"1|2\n")
    found = pages(source(local, reading={"delimiter": "|", "headerRow": 0, "format": "csv"}))
    assert found[0].rows.to_pylist() == [{"column_1": "1", "column_2": "2", ROW: 1}]


def test_a_run_that_is_stopped(local: LocalDrop) -> None:
    local.put("a.csv", b"id\n1\n")

    def stopped() -> None:
        raise LeaseLost("elsewhere")

    with pytest.raises(LeaseLost):
        pages(source(local), check=stopped)


def test_the_oldest_comes_first(local: LocalDrop) -> None:
    local.put("b.csv", b"id\n1\n")
    local.put("a.csv", b"id\n2\n")
    assert ids(pages(source(local))) == ["1", "2"]


def test_a_file_is_left_until_nobody_touches_it(local: LocalDrop) -> None:
    local.put("old.csv", b"id\n1\n")
    local.put("new.csv", b"id\n2\n")
    os.utime(local.folder / "new.csv")
    assert ids(pages(FolderSource(local.path))) == ["1"]
    os.utime(local.folder / "new.csv", (AGO, time.time() - 11))
    assert sorted(ids(pages(FolderSource(local.path)))) == ["1", "2"]


@pytest.mark.parametrize("act", ["grows", "goes"])
def test_a_file_that_changes_while_it_is_read_is_left(
    local: LocalDrop, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    local.put("a.csv", b"id\n1\n")
    read = folder_source.file_pieces

    def meanwhile(path: Path, *more: Any) -> Any:
        yield from read(path, *more)
        path.write_bytes(b"id\n1\n2\n") if act == "grows" else path.unlink()

    monkeypatch.setattr(folder_source, "file_pieces", meanwhile)
    found = pages(source(local))
    assert (ids(found), marks(found)) == ([], [])


def test_links_that_lead_out_are_not_followed(local: LocalDrop, tmp_path: Path) -> None:
    local.put("a.csv", b"id\n1\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.csv").write_bytes(b"id\n2\n")
    (local.folder / "b.csv").symlink_to(tmp_path / "other" / "b.csv")
    (local.folder / "sub").symlink_to(tmp_path / "other")
    assert ids(pages(source(local, glob="**/*.csv"))) == ["1"]
    both = source(local, roots=(local.path, str(tmp_path / "other")))
    assert sorted(ids(pages(both))) == ["1", "2"]


def test_the_folder_itself_lies_in_the_roots(local: LocalDrop, tmp_path: Path) -> None:
    local.put("a.csv", b"id\n1\n")
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed" / "drop").symlink_to(local.path)
    for path in (local.path, f"{tmp_path}/allowed/drop"):
        with pytest.raises(SourceError, match="leads out"):
            pages(FolderSource(path, roots=(f"{tmp_path}/allowed",)))


def test_a_relative_folder_lies_in_the_instance_s(tmp_path: Path) -> None:
    ask, found = Ask(Settings(instance=tmp_path)), FolderSource("in/a", settle_seconds=0)
    assert [page.note for page in found.read(ask)] == ["No new files."]
    LocalDrop(tmp_path / "in").put("a/b.csv", b"id\n1\n")
    assert ids(list(found.read(ask))) == ["1"]
    assert found.describe() == "the folder in/a, *"


def test_what_is_no_file_is_left(local: LocalDrop) -> None:
    local.put("a.csv", b"id\n1\n")
    os.mkfifo(local.folder / "b.csv")
    (local.folder / "c.csv").mkdir()
    (local.folder / "d.csv").symlink_to("nowhere")
    assert ids(pages(source(local))) == ["1"]


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there") as gone:
        pages(FolderSource(f"{tmp_path}/none"))
    assert not gone.value.permanent


def test_a_bucket_that_is_not_there_is_told(s3_url: str) -> None:
    with pytest.raises(SourceError, match="no bucket at s3://nobody-has-this"):
        pages(FolderSource("s3://nobody-has-this/a"))
    assert pages(FolderSource(s3_url))[0].note == "No new files."


def test_a_bucket_s_server_that_is_down_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1025")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(S3FileSystem, "retries", 1)
    found = FolderSource("s3://shop/a", access_key=Secret("key"), secret_key=Secret("word"))
    assert found.secret_names == ("key", "word")
    secrets = {"key": "hidden", "word": "hidden"}
    with pytest.raises(SourceError, match="cannot be reached") as down:
        list(found.read(Ask(Settings(), secrets=secrets)))
    assert (down.value.permanent, "hidden" in down.value.message) == (False, False)


def test_an_object_over_the_limit_fails_alone(s3_url: str) -> None:
    drop = BucketDrop(s3_url)
    drop.put("a.csv", b"id\n1\n" + b"2\n" * 99)
    drop.put("b.csv", b"id\n1\n")
    ask = Ask(Settings(max_upload_bytes=50))
    found = list(source(drop).read(ask))
    assert [page.refused.code for page in found if page.refused] == ["file_too_large"]
    assert ids(found) == ["1"]


@pytest.mark.parametrize(
    "options",
    [
        {"path": ""},
        {"path": "../drop"},
        {"path": "s3://"},
        {"path": "http://shop.example/a"},
        {"path": "/drop", "glob": "../*"},
        {"path": "/drop", "glob": "/etc/*"},
        {"path": "/drop", "glob": ""},
        {"path": "/drop", "roots": ("/a/../drop",)},
        {"path": "/drop", "settle_seconds": -1},
        {"path": "/drop", "reading": {"format": "docx"}},
        {"path": "/drop", "access_key": Secret("a"), "secret_key": Secret("b")},
        {"path": "s3://shop", "access_key": Secret("a")},
        {"path": "s3://shop", "access_key": "hidden", "secret_key": "hidden"},
    ],
)
def test_options_are_checked_when_the_source_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        FolderSource(**options)
    assert "hidden" not in refused.value.message


@pytest.mark.parametrize(
    ("glob", "name", "fits"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "a/b.csv", False),
        ("**/*.csv", "b.csv", True),
        ("**/*.csv", "a/c/b.csv", True),
        ("a/**/b?.csv", "a/x/y/b1.csv", True),
        ("a+(1).csv", "a+(1).csv", True),
        ("a.csv", "aXcsv", False),
    ],
)
def test_patterns(glob: str, name: str, fits: bool) -> None:
    assert (pattern_of(glob).fullmatch(name) is not None) is fits


def test_names_of_what_is_being_written() -> None:
    assert is_waiting_name("a/.hidden/b.csv")
    assert is_waiting_name("B.PART")
    assert not is_waiting_name("a.b/part.csv")
