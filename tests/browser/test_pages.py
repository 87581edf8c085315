"""Every page: readable for all (axe), no wider than a phone, and it leaves people alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = [
    "/",
    "/exports",
    "/exports/new?type=flights-export",
    "/syncs",
    "/syncs/airports-sync",
    "/reports",
    "/reports/delays-report",
    "/schedules",
    "/schedules/new",
    "/imports/new",
    "/history",
    "/history?q=nothing",
    "/settings/account",
    "/settings/users",
    "/settings/users/new",
    "/settings/audit",
    "job",
]
PHONE = {"width": 390, "height": 844}


def visit(page: Page, path: str, imported: str) -> None:
    page.goto(imported if path == "job" else path)


def broken_rules(page: Page) -> list[tuple[str, str]]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in found["violations"]]


@pytest.mark.parametrize("path", PATHS)
def test_everybody_can_use_it(signed_in: Page, base_url: str, imported: str, path: str):
    visit(signed_in, path, imported)
    assert broken_rules(signed_in) == []
    signed_in.context.add_cookies([{"name": "theme", "value": "dark", "url": base_url}])
    signed_in.set_viewport_size(PHONE)
    visit(signed_in, path, imported)
    assert broken_rules(signed_in) == []
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_sign_in(page: Page, base_url: str, theme: str):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": base_url}])
    page.goto("/login")
    assert broken_rules(page) == []


def test_a_refresh_never_takes_the_focus(signed_in: Page, imported: str):
    signed_in.goto("/")
    link = signed_in.locator("#overview-live .name").first
    link.focus()
    with signed_in.expect_response("**/overview/live"):
        pass
    expect(link).to_be_focused()


def test_a_refresh_shows_what_is_new(signed_in: Page, imported: str):
    signed_in.goto("/")
    before = signed_in.locator("#overview-live .page-sub time").get_attribute("datetime")
    time = signed_in.locator("#overview-live .page-sub time")
    expect(time).not_to_have_attribute("datetime", before or "")


def test_lost_updates_are_said_and_the_figures_stay(browser: Browser, base_url: str, imported: str):
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    sign_in(page)
    page.route("**/overview/live", lambda route: route.abort())
    expect(page.get_by_text("Live updates paused")).to_be_visible()
    expect(page.locator(".figures")).to_be_visible()
    page.unroute("**/overview/live")
    expect(page.get_by_text("Live updates paused")).to_be_hidden()
    context.close()


def test_slash_goes_to_the_search(signed_in: Page):
    signed_in.goto("/")
    signed_in.keyboard.press("/")
    expect(signed_in.locator(".rail [data-search]")).to_be_focused()


def test_escape_closes_the_menu_and_gives_the_focus_back(signed_in: Page):
    signed_in.set_viewport_size(PHONE)
    signed_in.goto("/")
    summary = signed_in.locator(".menu > summary")
    summary.click()
    signed_in.keyboard.press("Escape")
    expect(signed_in.locator(".menu-body")).to_be_hidden()
    expect(summary).to_be_focused()


def test_the_theme_is_kept(signed_in: Page):
    signed_in.goto("/history")
    signed_in.get_by_role("button", name="System theme").click()
    expect(signed_in.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert signed_in.url.endswith("/history")
