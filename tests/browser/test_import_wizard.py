"""The whole conversation: upload, reading, columns, check, run; once by keyboard only."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in, upload, write_carriers
from tests.browser.test_pages import PHONE, broken_rules

pytestmark = pytest.mark.browser

NUMBERS = count(1)
File = Callable[[], Path]


@pytest.fixture
def legs(tmp_path: Path) -> File:
    """Semicolons, Latin-1, other headers, days before months, decimal commas: as vendors write."""

    def write() -> Path:
        first = next(NUMBERS) * 1000
        rows = [f"Ü{first + n};ZZ;{n % 9 + 1:02}.04.2013;1.234,{n % 10};" for n in range(300)]
        path = tmp_path / f"flüge-{first}.csv"
        header = "Referenz;Carrier;Tag;Distance (km);Bemerkung"
        path.write_bytes("\n".join([header, *rows, ""]).encode("latin-1"))
        return path

    return write


def send(page: Page, path: Path, type_: str = "flight-legs") -> None:
    page.goto(f"/imports/new?type={type_}")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Upload and import").click()
    page.wait_for_url("**/imports/*/*")


def pick(page: Page, column: str, field: str) -> None:
    page.get_by_label(column, exact=True).select_option(label=field)


def match(page: Page) -> None:
    pick(page, "Referenz", "Reference *")
    pick(page, "Tag", "Day *")
    pick(page, "Distance (km)", "Distance km *")
    page.get_by_label("How Tag is written").select_option("DMY")
    page.get_by_label("How Distance (km) is written").select_option(",.")


def test_the_whole_conversation(signed_in: Page, tmp_path: Path, legs: File):
    carriers = tmp_path / "zz.csv"
    carriers.write_text(f"carrier,name\nZZ,Zed Air\nY{next(NUMBERS)},Other\n")
    signed_in.goto("/imports/new?type=airlines")
    signed_in.get_by_label("Insert new, update the rest").check()
    signed_in.locator("input[type=file]").set_input_files(carriers)
    signed_in.get_by_role("button", name="Upload and import").click()
    signed_in.wait_for_url("**/jobs/*")
    expect(signed_in.locator("#job-live")).to_contain_text("Completed", timeout=15_000)

    send(signed_in, legs())
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text("match columns")
    signed_in.get_by_role("link", name="Reading").click()
    expect(signed_in.locator("#reading")).to_contain_text("Ü")
    expect(signed_in.get_by_label("Delimiter")).to_contain_text("Semicolon")
    signed_in.get_by_role("link", name="Continue").click()
    expect(signed_in.locator("#mapping")).to_contain_text("sampled dates fit")
    match(signed_in)
    signed_in.get_by_role("button", name="Continue", exact=True).last.click()
    signed_in.wait_for_url("**/ready")
    expect(signed_in.locator("main")).to_contain_text("300 rows of flüge")
    signed_in.get_by_role("button", name="Check first").click()
    signed_in.wait_for_url("**/jobs/*")
    signed_in.get_by_role("button", name="Run import").click(timeout=15_000)
    expect(signed_in.locator("#job-live")).to_contain_text("Completed", timeout=15_000)
    expect(signed_in.locator(".sum")).to_contain_text("300")


def test_by_keyboard_only(signed_in: Page, tmp_path: Path):
    signed_in.goto("/imports/new?type=airlines")
    signed_in.get_by_text("Paste rows instead").focus()
    signed_in.keyboard.press("Enter")
    signed_in.keyboard.press("Tab")
    # A row fails, so that these headers are not what later files are compared with.
    signed_in.keyboard.insert_text(f"Code;Airline name\nK{next(NUMBERS)};Keyboard\nK0;\n")
    tab_to(signed_in, "Upload and import")
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_url("**/mapping")
    tab_to(signed_in, "field-0")
    signed_in.keyboard.type("Carrier")
    tab_to(signed_in, "field-1")
    signed_in.keyboard.type("Name")
    tab_to(signed_in, "Continue")
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_url("**/ready")
    tab_to(signed_in, "Run import")
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_url("**/jobs/*")


def tab_to(page: Page, name: str) -> None:
    """Tab until the control of that name or text has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        here = page.evaluate("[document.activeElement.name, document.activeElement.innerText]")
        if name in (here[0], (here[1] or "").strip()):
            return
    pytest.fail(f"{name} is not reached by Tab")


@pytest.mark.parametrize("step", ["reading", "mapping", "ready"])
def test_everybody_can_use_each_step(signed_in: Page, base_url: str, legs: File, step: str):
    send(signed_in, legs())
    address = signed_in.url.replace("mapping", step)
    for theme, size in (("light", None), ("dark", PHONE)):
        signed_in.context.add_cookies([{"name": "theme", "value": theme, "url": base_url}])
        if size:
            signed_in.set_viewport_size(size)
        signed_in.goto(address)
        assert broken_rules(signed_in) == []
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_saved_mappings_can_be_used_by_everybody(signed_in: Page, legs: File):
    send(signed_in, legs())
    match(signed_in)
    signed_in.get_by_label("Save these choices as").fill(f"Vendor {next(NUMBERS)}")
    signed_in.get_by_role("button", name="Save", exact=True).click()
    expect(signed_in.locator("main")).to_contain_text("Saved as")
    signed_in.goto("/settings/mappings")
    assert broken_rules(signed_in) == []


def test_a_wrong_guess_goes_away_when_it_is_corrected(signed_in: Page, tmp_path: Path):
    path = tmp_path / "broken.csv"
    path.write_text(f'carrier,name\nQ{next(NUMBERS)},"never closed\n')
    send(signed_in, path, "airlines")
    expect(signed_in.locator("#reading").get_by_role("alert")).to_contain_text("quote")
    signed_in.get_by_label("Quote").select_option(label="None")
    expect(signed_in.locator(".preview-table")).to_contain_text('"never closed')
    expect(signed_in.locator("#reading").get_by_role("alert")).to_have_count(0)


def test_two_columns_on_one_field_are_said_at_once(signed_in: Page, legs: File):
    send(signed_in, legs())
    pick(signed_in, "Referenz", "Day *")
    pick(signed_in, "Tag", "Day *")
    signed_in.get_by_role("button", name="Continue", exact=True).last.click()
    expect(signed_in).to_have_url(signed_in.url)
    said = signed_in.get_by_label("Tag", exact=True).evaluate("field => field.validationMessage")
    assert said == "“Referenz” fills this field already."


def test_a_draft_is_taken_up_in_another_tab(signed_in: Page, legs: File):
    send(signed_in, legs())
    other = signed_in.context.new_page()
    other.goto("/imports/new")
    other.get_by_role("link", name="Continue").first.click()
    expect(other).to_have_url(signed_in.url)


def test_the_conversation_without_script(browser: Browser, base_url: str, legs: File):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    send(page, legs())
    match(page)
    page.get_by_role("button", name="Continue", exact=True).last.click()
    page.get_by_role("button", name="Run import").click()
    page.wait_for_url("**/jobs/*")
    context.close()


def test_the_same_file_again_is_said(signed_in: Page, tmp_path: Path):
    path = write_carriers(tmp_path / "again.csv")
    upload(signed_in, path)
    send(signed_in, path, "airlines")
    expect(signed_in.locator("main")).to_contain_text("This very file ran before")
