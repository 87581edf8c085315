"""Other projects' files: exactly the rows, columns and cells that two other readers agree on.

corpus_files.txt lists them. After `|` stands what is else than that: `refused CODE`, or `only
READER` where the other reader is wrong or gives up, and why.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dashboard.errors import FileRefused
from dashboard.formats.found import Found
from dashboard.formats.reading_choices import Reading
from tests.formats import corpus
from tests.formats.corpus_ours import Numbered, Ours, previewed, read_ours
from tests.formats.corpus_readers import READERS, Records, trimmed

LISTED = Path(__file__).with_name("corpus_files.txt")
AS_FOUND = Reading()
FEWEST = 60


class Case(NamedTuple):
    name: str
    word: str = ""
    value: str = ""
    why: str = ""


def cases() -> list[Case]:
    found = []
    for line in LISTED.read_text().splitlines():
        if line and not line.startswith("#"):
            name, *more = (part.strip() for part in line.split("|"))
            word, _, value = more[0].partition(" ") if more else ("", "", "")
            found.append(Case(name, word, value, more[1] if more else ""))
    return found


CASES = cases()
REFUSED = [case for case in CASES if case.word == "refused"]
READ = [case for case in CASES if case.word != "refused"]


@pytest.fixture(scope="session", autouse=True)
def fetched() -> Path:
    return corpus.corpus_folder()


def comparable(cell: str, format: str) -> str:
    """Where other readers keep no text as written, what they keep of it."""
    if format in ("xlsx", "xls", "ods"):
        return cell.removesuffix("T00:00:00")
    if format != "json-lines":
        return cell
    with suppress(ValueError):
        return repr(float(cell))
    with suppress(ValueError):
        return json.dumps(json.loads(cell), ensure_ascii=False, separators=(",", ":"))
    return cell


def lines(rows: Records, found: Found) -> list[list[str]]:
    cells = [[comparable(cell, found.format) for cell in trimmed(row)] for _, row in rows]
    return [row for row in cells if row]


def from_header(ours: Ours) -> Records:
    """A header of blank cells, or none at all, is no record."""
    return [(ours.found.header_row, list(ours.found.headers)), *ours.rows]


@pytest.mark.parametrize("case", READ, ids=lambda case: case.name)
def test_a_file_is_read_as_others_read_it(case: Case) -> None:
    path = corpus.path_of(case.name)
    ours = read_ours(path, AS_FOUND)
    assert not is_text(path) or shows_the_first(path, ours.rows)
    readers = READERS[ours.found.format]
    if case.word == "only":
        readers = tuple(reader for reader in readers if reader.__name__ == case.value)
    assert readers
    for reader in readers:
        theirs = [
            r for r in reader(path, ours.found) if r[0] is None or r[0] >= ours.found.header_row
        ]
        assert lines(from_header(ours), ours.found) == lines(theirs, ours.found), reader.__name__
        assert all(number is None for number, _ in theirs) or numbers_agree(ours.rows, theirs)


def numbers_agree(ours: list[Numbered], theirs: Records) -> bool:
    return [n for n, cells in ours if trimmed(cells)] == [n for n, cells in theirs[1:] if cells]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_file_is_refused_and_says_why(case: Case) -> None:
    with pytest.raises(FileRefused) as refusal:
        read_ours(corpus.path_of(case.name), AS_FOUND)
    assert refusal.value.code == case.value
    assert refusal.value.message.endswith(".")


def is_text(path: Path) -> bool:
    """A look at a workbook starts a process each time: the import has had one already."""
    return path.suffix in (".csv", ".tsv", ".json")


def shows_the_first(path: Path, rows: list[Numbered]) -> bool:
    seen = previewed(path, AS_FOUND)
    return [(n, trimmed(row)) for n, row in seen] == [(n, trimmed(row)) for n, row in rows[:20]]


def test_the_corpus_is_large_and_of_every_format() -> None:
    suffixes = {Path(case.name).suffix for case in CASES}
    assert {".csv", ".tsv", ".json", ".xlsx", ".xls", ".ods", ".parquet"} <= suffixes
    assert len(CASES) >= FEWEST
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", [c for c in CASES if c.word], ids=lambda case: case.name)
def test_every_exception_has_its_reason(case: Case) -> Any:
    assert case.word in ("refused", "only")
    assert case.value
    assert len(case.why) > 10
