"""Syncs as people use them: run now, look at the job, come back; and nobody is left out."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import PHONE, broken_rules

pytestmark = pytest.mark.browser

TYPE = "airports-sync"


@pytest.mark.parametrize("path", ["/syncs", f"/syncs/{TYPE}"])
def test_everybody_can_use_it(signed_in: Page, base_url: str, path: str):
    signed_in.goto(path)
    assert broken_rules(signed_in) == []
    signed_in.context.add_cookies([{"name": "theme", "value": "dark", "url": base_url}])
    signed_in.set_viewport_size(PHONE)
    signed_in.goto(path)
    assert broken_rules(signed_in) == []
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_run_now_and_back(signed_in: Page):
    """An empty inbox on a fresh install: a clean run of no rows."""
    signed_in.goto("/syncs")
    signed_in.get_by_role("link", name="Airports from the inbox").click()
    signed_in.get_by_role("button", name="Run now").click()
    expect(signed_in).to_have_url(re.compile(r"/jobs/\d+$"))
    expect(signed_in.get_by_text("Completed").first).to_be_visible(timeout=20_000)
    signed_in.get_by_role("link", name="Where it stands").click()
    expect(signed_in.get_by_role("heading", name="Runs")).to_be_visible()
    expect(signed_in.get_by_text("0 files taken")).to_be_visible()
