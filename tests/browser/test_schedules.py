"""Schedules in a browser: the preview while one types, and a job that is started."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import PHONE, broken_rules

pytestmark = pytest.mark.browser


def fill_in(page: Page, name: str) -> None:
    page.goto("/schedules/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Job type", exact=True).select_option("flights-export")
    expect(page.get_by_label("Preset")).to_be_visible()


def test_the_next_runs_follow_what_one_types(signed_in: Page):
    fill_in(signed_in, "Typed")
    signed_in.get_by_label("When", exact=True).select_option("cron")
    cron = signed_in.get_by_label("Cron expression")
    cron.press_sequentially("30 7 * * 1-5")
    signed_in.get_by_label("Time zone").fill("Europe/Berlin")
    preview = signed_in.locator("#schedule-preview")
    expect(preview).to_contain_text("Every weekday at 07:30, Europe/Berlin")
    expect(preview.get_by_role("listitem")).to_have_count(5)
    cron.fill("0 0 31 2 *")
    expect(preview).to_contain_text("never comes to pass")
    expect(cron).to_be_focused()


def test_made_run_paused_and_deleted(signed_in: Page):
    fill_in(signed_in, "Morning file")
    signed_in.get_by_label("When", exact=True).select_option("monthly")
    signed_in.get_by_label("Day of the month").fill("31")
    signed_in.get_by_role("button", name="Schedule it").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Morning file")
    signed_in.get_by_role("button", name="Run now").click()
    signed_in.wait_for_url("**/jobs/*")
    signed_in.goto("/schedules")
    row = signed_in.get_by_role("row", name="Morning file")
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("Paused")
    signed_in.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_everybody_can_use_its_pages(signed_in: Page, base_url: str):
    fill_in(signed_in, "Watched")
    signed_in.get_by_role("button", name="Schedule it").click()
    signed_in.wait_for_url("**/schedules/*")
    paths = ["/schedules", "/schedules/new", signed_in.url]
    assert [broken(signed_in, path) for path in paths] == [[], [], []]
    signed_in.context.add_cookies([{"name": "theme", "value": "dark", "url": base_url}])
    signed_in.set_viewport_size(PHONE)
    for path in paths:
        assert broken(signed_in, path) == []
        assert signed_in.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def broken(page: Page, path: str) -> list[tuple[str, str]]:
    page.goto(path)
    return broken_rules(page)
