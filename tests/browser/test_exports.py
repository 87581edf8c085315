"""An export as a person does it: which rows, which columns, a preset, the file; and by keyboard."""

import csv
import re
import secrets
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook

from tests.browser.conftest import sign_in
from tests.browser.test_pages import PHONE, broken_rules

pytestmark = pytest.mark.browser

NEW = "/exports/new?type=flights-export"
FIELDS = (
    "year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time",
    "sched_arr_time", "arr_delay", "carrier", "flight", "tailnum", "origin", "dest", "air_time",
    "distance", "hour", "minute", "time_hour",
)  # fmt: skip
MIDDAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="session")
def carrier(base_url: str, browser: Browser, tmp_path_factory: Any) -> str:
    """A carrier of this test's own with a flight on each of 30 days until yesterday: 1, 2 …"""
    code, folder = f"c{secrets.token_hex(4)}", tmp_path_factory.mktemp("flights")
    other = f"d{code}"
    (folder / "carriers.csv").write_text(f"carrier,name\n{code},One\n{other},Other\n")
    with (folder / "flights.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(FIELDS)
        writer.writerows(flight(name, days) for days in range(1, 31) for name in (code, other))
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    sign_in(page)
    bring(page, "airlines", folder / "carriers.csv")
    bring(page, "flights", folder / "flights.csv")
    context.close()
    return code


def flight(carrier: str, days: int) -> list[Any]:
    at = MIDDAY - timedelta(days=days)
    known = {
        "carrier": carrier, "flight": days, "origin": "JFK", "dest": "=LAX", "distance": 2475,
        "year": at.year, "month": at.month, "day": at.day, "sched_dep_time": 1200,
        "sched_arr_time": 1500, "hour": 12, "minute": 0, "time_hour": at.isoformat(),
    }  # fmt: skip
    return [known.get(name, "") for name in FIELDS]


def bring(page: Page, type_: str, path: Path) -> None:
    page.goto(f"/imports/new?type={type_}")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Upload and import").click()
    page.wait_for_url(re.compile(r"/jobs/\d+|/imports/\d+"))
    if "/imports/" in page.url:
        page.goto(re.sub(r"/imports/(\d+).*", r"/imports/\1/ready", page.url))
        page.get_by_role("button", name="Run import").click()
        page.wait_for_url("**/jobs/*")
    expect(page.locator("#job-live .page-sub .pill")).to_have_text("Completed", timeout=20_000)


def add_filter(page: Page, label: str, op: str, value: str) -> None:
    page.get_by_label("Filter on").select_option(label=label)
    page.get_by_role("button", name="Add filter").click()
    page.get_by_label(f"Operator of {label}").select_option(label=op)
    page.get_by_label(f"Value of {label}").fill(value)


def last_week(page: Page, carrier: str) -> None:
    page.goto(NEW)
    add_filter(page, "Carrier", "is", carrier)
    add_filter(page, "Time hour", "is from", "-7d")
    expect(page.locator("#count")).to_contain_text("7 of ")


def only(page: Page, *labels: str) -> None:
    with page.expect_response("**/exports/new"):
        page.get_by_role("button", name="None", exact=True).click()
    for label in labels:
        page.locator("[data-columns] label", has_text=label).get_by_role("checkbox").check()


def downloaded(page: Page) -> list[list[Any]]:
    expect(page.locator("#job-live .page-sub .pill")).to_have_text("Completed", timeout=20_000)
    with page.expect_download() as download:
        page.locator("#job-output").get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    content = BytesIO(Path(download.value.path()).read_bytes())
    return CalamineWorkbook.from_filelike(content).get_sheet_by_index(0).to_python()


def test_the_flights_of_last_week_as_a_workbook(signed_in: Page, carrier: str):
    last_week(signed_in, carrier)
    only(signed_in, "Flight", "Dest")
    for _ in range(3):
        signed_in.get_by_role("button", name="Move Dest up").click()
    signed_in.get_by_label("Excel (XLSX)").check()
    expect(signed_in.get_by_label("Delimiter")).to_be_hidden()
    signed_in.get_by_label("Save these choices as").fill(f"Last week {carrier}")
    signed_in.get_by_role("button", name="Save", exact=True).click()
    expect(signed_in.get_by_text(f"Saved as “Last week {carrier}”.")).to_be_visible()
    expect(signed_in.get_by_label("Value of Time hour")).to_have_value("-7d")
    signed_in.get_by_role("button", name="Start export").click()
    head, *rows = downloaded(signed_in)
    assert head == ["dest", "flight"]
    assert sorted(row[1] for row in rows) == [1, 2, 3, 4, 5, 6, 7]


def test_all_of_it_by_keyboard(signed_in: Page, carrier: str):
    page, press = signed_in, signed_in.keyboard.press
    page.goto(NEW)
    page.get_by_label("Filter on").focus()
    page.keyboard.type("Carrier")
    press("Tab")
    press("Enter")
    expect(page.get_by_label("Operator of Carrier")).to_be_focused()
    expect(page.locator("#count")).to_contain_text("rows")
    press("Tab")
    page.keyboard.type(carrier)
    press("Enter")
    expect(page.locator("#count")).to_contain_text("30 of")
    expect(page.get_by_label("Value of Carrier")).to_be_focused()
    expect(page.get_by_label("Value of Carrier")).to_have_value(carrier)
    down = page.get_by_role("button", name="Move Id down")
    down.focus()
    press("Space")
    press("Enter")
    expect(down).to_be_focused()
    places = page.locator("[name=order]").evaluate_all("all => all.map(one => one.value)")
    assert places[:3] == ["year", "month", "id"]
    page.get_by_role("button", name="Start export").focus()
    press("Enter")
    page.wait_for_url("**/jobs/*")
    expect(page.locator("#job-output")).to_contain_text("30", timeout=20_000)


def test_what_is_wrong_is_shown_and_the_form_kept(browser: Browser, base_url: str, carrier: str):
    """In a context of its own: the browser notes a 422 as an error."""
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    sign_in(page)
    page.goto(NEW)
    add_filter(page, "Year", "is more than", "long ago")
    expect(page.locator("#count")).to_have_text("not counted: a filter does not fit yet")
    page.get_by_role("button", name="Start export").click()
    expect(page.get_by_role("alert")).to_contain_text("does not fit yet")
    expect(page.get_by_label("Value of Year")).to_have_value("long ago")
    expect(page.get_by_label("Value of Year")).to_have_attribute("aria-invalid", "true")
    context.close()


def test_another_operator_asks_for_its_value_in_its_own_way(signed_in: Page, carrier: str):
    signed_in.goto(NEW)
    add_filter(signed_in, "Carrier", "is", carrier)
    signed_in.get_by_label("Operator of Carrier").focus()
    signed_in.get_by_label("Operator of Carrier").select_option(label="is one of")
    expect(signed_in.get_by_label("Values of Carrier")).to_have_value(carrier)
    expect(signed_in.get_by_label("Operator of Carrier")).to_be_focused()
    signed_in.get_by_label("Values of Carrier").fill(f"{carrier}, d{carrier}")
    expect(signed_in.locator("#count")).to_contain_text("60 of ")
    signed_in.get_by_role("button", name="Remove filter 1").click()
    expect(signed_in.get_by_label("Operator of Carrier")).to_have_count(0)
    expect(signed_in.get_by_label("Filter on")).to_be_focused()


def test_another_type_is_shown_in_place(signed_in: Page, carrier: str):
    signed_in.goto("/exports/new")
    kept = signed_in.evaluate("window.kept = 1")
    types = signed_in.get_by_label("What do you want to export?")
    types.dispatch_event("change")
    signed_in.wait_for_url(f"**{NEW}")
    assert signed_in.evaluate("window.kept") == kept


def test_without_script(browser: Browser, base_url: str, carrier: str):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    page.goto("/exports/new")
    page.get_by_label("Filter on").select_option(label="Carrier")
    page.get_by_role("button", name="Add filter").click()
    page.get_by_label("Value of Carrier").fill(carrier)
    page.get_by_role("button", name="Count").click()
    expect(page.locator("#count")).to_contain_text("30 of ")
    page.get_by_role("button", name="Move Id down").click()
    expect(page.locator("[data-columns] li").first).to_contain_text("Year")
    page.get_by_role("button", name="Start export").click()
    page.wait_for_url("**/jobs/*")
    context.close()


def test_everybody_can_export(signed_in: Page, base_url: str, carrier: str):
    last_week(signed_in, carrier)
    assert broken_rules(signed_in) == []
    signed_in.context.add_cookies([{"name": "theme", "value": "dark", "url": base_url}])
    signed_in.set_viewport_size(PHONE)
    last_week(signed_in, carrier)
    assert broken_rules(signed_in) == []
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
