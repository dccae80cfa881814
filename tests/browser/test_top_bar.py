"""The bar of every page: the palette by keyboard alone, the bell, the title, the icon, and notifications."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

PLUGIN = Path(__file__).parent / "telling.py"
QUICK = Path(__file__).parent / "quick_bar.py"
pytestmark = pytest.mark.browser
NOTIFICATION = """() => { window.said = []; window.asked = 0
  window.Notification = class { static permission = "default"
    static requestPermission() { window.asked += 1; return Promise.resolve(this.permission = "granted") }
    constructor(title, {body}) { window.said.push(`${title}: ${body}`) } } }"""


SLOW_ICONS = """() => { window.icons = []  // which are there when they are told to be
  window.Image = class { naturalWidth = 0; set src(_) { window.icons.push(this) } } }"""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    return tmp_path_factory.mktemp("candles")


@pytest.fixture(scope="module")
def url(dashboard, bucket):
    return dashboard(bucket, [PLUGIN, QUICK])


def tell(bucket, *keys):
    (bucket / "told.json").write_text(json.dumps(keys))


def palette(page, text):
    page.keyboard.press("Control+k")
    page.get_by_role("dialog", name="Search").wait_for()
    page.keyboard.type(text)


def test_the_palette_finds_pages_things_and_actions_by_keyboard_alone(visit, url, bucket):
    tell(bucket)
    page = visit(f"{url}?view=plugins").page
    palette(page, "unt")
    expect(page.get_by_role("option").first).to_contain_text("Untold")
    page.keyboard.press("Enter")
    page.wait_for_url("**?view=untold")
    expect(page).to_have_title("Untold · cqs")
    page.go_back()
    page.wait_for_url("**?view=plugins")
    palette(page, "fe mo")
    found = page.get_by_role("option", name="Fees of a month")
    expect(found).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.get_by_text("Rule month").wait_for()
    page.keyboard.press(":")
    page.keyboard.type("lap")  # l(ist) a(ll) p(lugins)
    page.get_by_role("option", name="List all plugins").wait_for()
    page.keyboard.press("Enter")
    page.locator(".cqs-dock").get_by_text("List all plugins").wait_for()
    palette(page, "accounts costs")
    expect(page.get_by_role("option").first).to_contain_text("Fees of a month#costs <b>of all</b> accounts")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")  # a key at once after the other
    page.get_by_role("option").nth(1).wait_for()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_bell_tells_on_every_page_what_fires(visit, url, bucket):
    tell(bucket, "a", "b")
    page = visit(f"{url}?view=plugins").page
    page.evaluate(NOTIFICATION)
    expect(page).to_have_title("(2) Plugins · cqs")
    page.wait_for_function("document.querySelector('link[rel~=icon]').href.startsWith('data:image/png')")
    page.get_by_role("button", name="Told: 2, Untold: unknown").click()
    bell = page.get_by_role("dialog", name="Alerts")
    bell.get_by_text("<b>text</b>").first.wait_for()  # as text
    bell.get_by_text("Untold: RuntimeError: the alerts cannot be read").wait_for()
    assert page.evaluate("window.asked") == 0
    bell.get_by_label("Notify me in this browser").check()
    bell.get_by_label("Show today's PnL in the title").check()
    expect(page).to_have_title("(2) +12 EUR · Plugins · cqs")
    bell.get_by_role("link", name="Alert b").click()
    page.get_by_text("Rule b").wait_for()
    tell(bucket, "b", "c")  # one is over, one is new
    page.wait_for_function("window.said.length > 0")
    assert page.evaluate("[window.asked, window.said]") == [1, ["Alert c: <b>text</b>"]]
    page.evaluate(SLOW_ICONS)
    tell(bucket, "c")
    expect(page).to_have_title("(1) +12 EUR · Told · cqs")
    tell(bucket)
    expect(page).to_have_title("+12 EUR · Told · cqs")
    page.evaluate("window.icons.forEach((one) => one.onload())")
    assert page.evaluate("document.querySelector('link[rel~=icon]').href").endswith(".ico")


def test_the_bar_names_the_bucket_and_fits_on_a_phone(visit, url, bucket):
    shown = visit(f"{url}?view=plugins", width=420)
    expect(shown.page.locator(".bucket")).to_be_hidden()
    shown.page.get_by_role("button", name="Search").click()
    shown.page.get_by_role("dialog").get_by_text(f"Bucket: {bucket}").wait_for()
    shown.wait_to_fit()
    shown.page.keyboard.press("Escape")
    shown.page.set_viewport_size({"width": 1400, "height": 900})
    expect(shown.page.locator(".bucket")).to_have_text(bucket.name)
    expect(shown.page.locator(".bucket")).to_have_attribute("title", f"Bucket: {bucket}")
