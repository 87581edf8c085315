"""After a run: one choice for a cause, one row by hand, the corrected file, and undo."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, upload, write_carriers

pytestmark = pytest.mark.browser
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def failed(signed_in: Page, tmp_path: Path) -> Page:
    """On the page of a job of 2,000 rows that ended with 20 failures."""
    upload(signed_in, write_carriers(tmp_path / "carriers.csv"))
    pill(signed_in, "20 failed")
    signed_in.reload()
    return signed_in


def pill(page: Page, words: str) -> None:
    expect(page.locator("#job-live .page-sub .pill")).to_contain_text(words, timeout=15_000)


def outcomes(page: Page) -> dict[str, str]:
    words = page.locator(".sum dt").all_inner_texts()
    return dict(zip(words, page.locator(".sum dd").all_inner_texts(), strict=True))


def test_one_choice_puts_all_rows_of_a_cause_right(failed: Page):
    failed.get_by_text("Fix these rows").click()
    failed.get_by_label("Value for all these rows").fill("Unknown")
    failed.get_by_role("button", name="Apply and try these rows again").click()
    pill(failed, "Completed")
    assert (outcomes(failed)["Created"], outcomes(failed)["Failed"]) == ("2,000", "0")


def test_rows_left_out_count_as_skipped(failed: Page):
    failed.get_by_text("Fix these rows").click()
    failed.get_by_label("Leave these rows out").check()
    failed.get_by_role("button", name="Apply and try these rows again").click()
    pill(failed, "Completed")
    assert (outcomes(failed)["Created"], outcomes(failed)["Skipped"]) == ("1,980", "20")


def test_one_row_is_corrected_by_hand(failed: Page):
    failed.locator(".whole-row summary").first.click()
    failed.get_by_role("link", name="Correct this row").first.click()
    expect(failed.get_by_role("heading", level=1)).to_have_text("Row 101")
    failed.get_by_label("name").fill("Carrier of row 101")
    failed.get_by_role("button", name="Try this row again").click()
    pill(failed, "19 failed")


def test_the_corrected_file_closes_the_job_clean(failed: Page, tmp_path: Path):
    with failed.expect_download() as download:
        failed.get_by_role("link", name="Failed rows CSV").click()
    rows = list(csv.reader(Path(download.value.path()).read_text().splitlines()))
    fixed = tmp_path / "fixed.csv"
    with fixed.open("w", newline="") as out:
        csv.writer(out).writerows([rows[0], *([row[0], "Mended", *row[2:]] for row in rows[1:])])
    failed.get_by_label("Corrected file").set_input_files(fixed)
    failed.get_by_role("button", name="Upload into this job").click()
    pill(failed, "Completed")
    assert outcomes(failed)["Created"] == "2,000"


def test_an_import_is_undone_by_a_job_with_progress(failed: Page):
    address = failed.url
    failed.once("dialog", lambda dialog: dialog.accept())
    failed.get_by_role("button", name="Undo…").click()
    expect(failed.get_by_role("heading", level=1)).to_contain_text("Undo of Airlines")
    pill(failed, "Completed")
    failed.goto(address)
    expect(failed.get_by_text("This import was undone.")).to_be_visible()


def test_an_open_fix_form_outlives_a_look_elsewhere(failed: Page):
    failed.get_by_text("Fix these rows").click()
    failed.get_by_label("Value for all these rows").fill("half typed")
    failed.wait_for_timeout(3500)
    expect(failed.get_by_label("Value for all these rows")).to_have_value("half typed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_fix_forms_are_accessible(failed: Page, scheme: str, width: int):
    failed.set_viewport_size({"width": width, "height": 844})
    failed.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # two of its literals
    failed.get_by_text("Fix these rows").click()
    failed.evaluate(AXE.read_text())
    found = failed.evaluate("async () => (await axe.run()).violations.map(v => v.id)")
    assert found == []
    assert failed.evaluate("document.documentElement.scrollWidth") <= width
