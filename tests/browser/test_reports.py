"""A report as a person runs it: form, live result, chart, comparison, file."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_pages import PHONE, broken_rules

pytestmark = pytest.mark.browser

HEADER = (
    "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,"
    "flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour"
)
CARRIERS = "carrier,name\nR1,First Air\nR2,Second Air\n"


def flights() -> str:
    """Forty departures of two carriers in two months, the second one later."""
    lines = [
        f"2013,{1 + n % 2},{1 + n // 2},600,555,{n},800,755,{n + 5 * (n % 2)},R{1 + n % 2},{n},"
        f"N{n},JFK,LAX,300,2475,5,55,2013-0{1 + n % 2}-01T05:00:00Z"
        for n in range(40)
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def import_(page: Page, name: str, path: Path) -> None:
    page.goto(f"/imports/new?type={name}")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Upload and import").click()
    page.wait_for_url("**/jobs/*")
    expect(page.locator("#job-live .page-sub .pill")).to_have_text("Completed", timeout=20_000)


@pytest.fixture(scope="module")
def answer(base_url: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a finished run over records of two carriers."""
    context, folder = browser.new_context(base_url=base_url), tmp_path_factory.mktemp("files")
    page = context.new_page()
    sign_in(page)
    for name, text in (("airlines", CARRIERS), ("flights", flights())):
        (folder / f"{name}.csv").write_text(text)
        import_(page, name, folder / f"{name}.csv")
    run(page, "2013-12")
    context.close()
    return str(page.url)


def run(page: Page, last: str) -> None:
    """Stays on the job's page until the result has come by itself."""
    page.goto("/reports/delays-report")
    page.get_by_label("To month").fill(last)
    page.get_by_role("button", name="Run report").click()
    page.wait_for_url("**/jobs/*")
    expect(page.locator("#report-rows")).to_be_visible(timeout=30_000)


def test_a_report_from_the_form_to_the_chart(signed_in: Page, answer: str) -> None:
    run(signed_in, "2013-12")
    row = signed_in.locator("#report-rows tbody tr").first
    expect(row).to_contain_text("Second Air")
    expect(signed_in.locator("canvas[data-drawn='2']")).to_be_visible()
    assert broken_rules(signed_in) == []
    signed_in.set_viewport_size(PHONE)
    signed_in.emulate_media(color_scheme="dark")
    signed_in.reload()
    expect(signed_in.locator("canvas[data-drawn='2']")).to_be_visible()
    assert broken_rules(signed_in) == []
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_sorting_draws_the_chart_anew(signed_in: Page, answer: str) -> None:
    signed_in.goto(answer)
    signed_in.get_by_role("link", name="Airline").click()
    expect(signed_in.locator("#report-rows [aria-sort=ascending]")).to_have_text("Airline")
    expect(signed_in.locator("#report-rows tbody tr").first).to_contain_text("First Air")
    expect(signed_in.locator("canvas[data-drawn='2']")).to_be_visible()


def test_two_runs_are_compared(signed_in: Page, answer: str) -> None:
    run(signed_in, "2013-12")
    changes = signed_in.locator("#report-changes")
    expect(changes).to_contain_text("0 changed · 0 added · 0 gone · 2 the same")
    run(signed_in, "2013-01")
    expect(changes.get_by_label("Run")).to_be_visible()
    changes.get_by_role("button", name="Compare").click()
    expect(changes).to_contain_text("0 changed · 0 added · 1 gone · 1 the same")
    expect(changes).to_contain_text("which had other parameters")


def test_the_file_has_the_rows_of_the_page(signed_in: Page, answer: str) -> None:
    signed_in.goto(answer)
    with signed_in.expect_download() as begun:
        signed_in.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(begun.value.path().read_text().splitlines()))
    assert [row["airline"] for row in rows] == ["Second Air", "First Air"]
