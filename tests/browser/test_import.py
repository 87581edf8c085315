"""The main job, as a person does it: sign in, import a file with bad rows, read what failed."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in, upload

pytestmark = pytest.mark.browser


def test_import_a_file_and_read_which_rows_failed_and_why(signed_in: Page, imported: str):
    signed_in.goto(imported)
    failures = signed_in.locator("#failures")
    expect(failures).to_contain_text("20 rows")
    first = failures.get_by_role("row").nth(1)
    expect(first).to_contain_text("101")
    expect(first).to_contain_text("name is blank, but a value is needed")


def test_the_counts_of_the_page_add_up(signed_in: Page, imported: str):
    signed_in.goto(imported)
    figures = signed_in.locator(".sum dd").all_inner_texts()
    *outcomes, total = [int(figure.replace(",", "")) for figure in figures]
    assert (sum(outcomes), total) == (2000, 2000)


def test_progress_is_live_without_a_reload(signed_in: Page, carriers: Path):
    upload(signed_in, carriers)
    expect(signed_in.locator("#job-live .page-sub .pill")).to_contain_text("20 failed")
    expect(signed_in.locator("#failures")).to_contain_text("20 rows", timeout=8000)


def test_search_and_clear_the_failures(signed_in: Page, imported: str):
    signed_in.goto(imported)
    signed_in.get_by_label("Search the failures").fill("1,901")
    signed_in.get_by_label("Search the failures").press("Enter")
    rows = signed_in.locator("#failures tbody tr")
    expect(rows).to_have_count(1)
    signed_in.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(20)


def test_the_failed_rows_come_as_a_file(signed_in: Page, imported: str):
    signed_in.goto(imported)
    with signed_in.expect_download() as download:
        signed_in.get_by_role("link", name="Failed rows CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert [row["row in file"] for row in rows] == [str(n) for n in range(101, 2002, 100)]


def test_an_empty_file_is_refused_before_it_is_sent(signed_in: Page, tmp_path: Path):
    (tmp_path / "empty.csv").touch()
    signed_in.goto("/imports/new")
    signed_in.locator("input[type=file]").set_input_files(tmp_path / "empty.csv")
    expect(signed_in.get_by_role("alert")).to_contain_text("is empty")


def test_choosing_a_type_shows_its_columns(signed_in: Page):
    signed_in.goto("/imports/new?type=airlines")
    signed_in.get_by_label("What does the file hold?").select_option("flights")
    expect(signed_in.get_by_role("heading", name="Columns of flights")).to_be_visible()
    expect(signed_in.get_by_role("heading", name="Columns of airlines")).to_be_hidden()


def test_all_of_it_works_without_script(browser: Browser, base_url: str, carriers: Path):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    upload(page, carriers)
    page.goto("/history?q=carriers")
    page.locator(".name").first.click()
    page.goto(f"{page.url}?q=1901")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Airlines")
    context.close()
