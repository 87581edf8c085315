"""Workbooks through their own process, as forms and previews ask for them."""

import time

import psutil
import pytest

from dashboard.formats.forms import to_form
from dashboard.formats.inspecting import count_rows, preview
from dashboard.formats.reading_choices import Reading
from dashboard.formats.workbook_strings import look_up, shared_texts
from dashboard.formats.workbooks import (
    count_workbook,
    inspect_workbook,
    preview_workbook,
    workbook_batches,
)
from tests.formats.workbook_files import ods, ods_row, ods_text, row, sheet_xml, write_rows, xlsx

ANY = Reading()
ROWS = [["name", "n"], ["a", 1], ["b", 2.5], [None, None], ["c", None]]


@pytest.fixture
def book(tmp_path):
    return write_rows(tmp_path / "a.xlsx", ROWS)


def test_a_look(book):
    seen = preview_workbook(book, "a.xlsx", ANY, 2)
    assert (seen.rows, seen.numbers) == ([["a", "1"], ["b", "2.5"]], [2, 3])
    assert (seen.total_rows, seen.found.sheets) == (3, ("Sheet1",))


def test_the_columns_alone(book):
    assert inspect_workbook(book, "a.xlsx", ANY).columns == ("name", "n")


def test_a_count(book):
    assert count_workbook(book, "a.xlsx", ANY) == 3


def test_the_table_form(book):
    found, batches = workbook_batches(book, "a.xlsx", Reading(header_row=1))
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert found.columns == ("name", "n")
    assert rows[-1] == {"name": "c", "n": None, "__row": 5}
    assert [row["__row"] for row in rows] == [2, 3, 5]


def test_a_form_of_a_workbook(book):
    form = to_form(book, "a.xlsx")
    assert form is not None
    assert sum(map(len, form.pieces)) == sum(place.length for place in form.batches)
    assert [(place.first_row, place.rows) for place in form.batches] == [(2, 3)]


@pytest.mark.parametrize("name", ["a.ods", "no-name-at-all"])
def test_ods_by_what_it_holds(tmp_path, name):
    path = ods(tmp_path / name, ods_row(ods_text("a")) + ods_row(ods_text("1")))
    assert (preview(path, name).found.format, count_rows(path, name)) == ("ods", 1)


def test_a_sheet_of_another_name_is_chosen(tmp_path):
    texts = [sheet_xml(row(1, 'A:t="str":a') + row(2, f"A:{n}")) for n in (1, 2)]
    path = xlsx(tmp_path / "a.xlsx", *texts)
    assert preview_workbook(path, "a.xlsx", Reading(sheet="S2")).rows == [["2"]]


def test_rows_behind_many_blank_cells_are_found(tmp_path):
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(1, 130_000))
    rows = blank + row(200_000, 'A:t="str":a') + row(200_001, "A:1")
    seen = preview_workbook(xlsx(tmp_path / "a.xlsx", sheet_xml(rows)), "a.xlsx", ANY)
    assert (seen.found.header_row, seen.rows, seen.numbers) == (200_000, [["1"]], [200_001])


def test_an_answer_that_nobody_reads_on_ends_its_process(tmp_path):
    rows = [["a" * 30_000], *(["b" * 30_000 + str(n)] for n in range(400))]
    _, batches = workbook_batches(write_rows(tmp_path / "a.xlsx", rows), "a.xlsx", ANY)
    next(batches)
    assert len(readers()) == 1
    del batches
    wait_for(lambda: not readers())


def readers():
    return [child for child in psutil.Process().children() if "workbook" in str(child.cmdline())]


def wait_for(fact):
    until = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < until
        psutil.wait_procs(readers(), timeout=0.1)


class Parts:
    """A package of one part, handed out in small pieces."""

    def __init__(self, text, size):
        self.data, self.size = text.encode(), size

    def pieces(self, _):
        return (self.data[at : at + self.size] for at in range(0, len(self.data), self.size))


@pytest.mark.parametrize("size", [40, 1000])
@pytest.mark.parametrize("gap", ["", "\n  ", "<!-- x -->"])
def test_shared_texts_are_looked_up_wherever_they_lie(size, gap):
    entries = [f"<si><t>text {n} &amp;</t></si>{gap}" for n in range(50)]
    entries[7] = "<si/>"
    package = Parts(f'<sst count="9">{"".join(entries)}</sst>', size)
    every = [text for texts in shared_texts(package, "s") for text in texts]
    assert (every[6], every[7], every[49]) == ("text 6 &", "", "text 49 &")
    for wanted in ([0], [49], [7, 8, 30], range(50)):
        assert look_up(package, "s", set(wanted)) == {number: every[number] for number in wanted}
