"""The shell in a browser: menu, address, back button, themes, a phone, and views that break."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from walks import arrive, follow

HERE = Path(__file__).parent
PLUGINS = [HERE / "samples.py", HERE / "unimportable.py"]
OWN = ["overview", "jobs", "plugins", "plain", "names"]
FAILING_PICTURE = """() => {  // it fails after those that are there already
  const failed = () => { window.failed = true }
  document.body.append(Object.assign(new Image(), {src: "static/js/bokeh.min.js?no=picture", onerror: failed})) }"""
HELD = """() => {  // what the browser sends goes out later, in its order
  const {send} = WebSocket.prototype, held = []
  WebSocket.prototype.send = function(said) { held.push([this, said]) }
  window.release = () => { WebSocket.prototype.send = send; for (const [to, said] of held) send.call(to, said) } }"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    return tmp_path_factory.mktemp("bucket")


@pytest.fixture(scope="module")
def url(dashboard, bucket):
    return dashboard(bucket, PLUGINS)


def menu(page, title):
    return page.locator(".sidebar").get_by_text(title, exact=True)


def test_the_menu_lists_installed_views_and_switches_between_them(visit, url):
    page = visit(url).page
    menu(page, "Plain").click()
    page.get_by_role("button", name="Go to names").wait_for()
    page.wait_for_url("**?view=plain")
    expect(page).to_have_title("Plain · cqs")
    menu(page, "Plugins").click()
    page.get_by_role("cell", name="unimportable", exact=True).first.wait_for()
    page.wait_for_url("**?view=plugins")
    menu(page, "unimportable").click()  # a plugin whose views cannot be imported
    page.get_by_role("alert").get_by_text("a_package_that_is_not_there").first.wait_for()


def test_a_page_is_built_while_the_pointer_rests_on_its_entry_in_the_menu(visit, url):
    page = visit(f"{url}?view=plain").page
    told = page.locator(".cqs-view-plugins").get_by_text("unimportable").first
    menu(page, "Names").hover()  # a plugin's is built when it is asked for
    menu(page, "Plugins").hover()
    told.wait_for(state="attached")
    expect(told).to_be_hidden()
    assert "view=plain" in page.url
    expect(page.locator(".cqs-view-names")).to_have_count(0)
    menu(page, "Plugins").click()
    told.wait_for()
    page.wait_for_url("**?view=plugins")


def test_back_and_forward_move_between_views_and_their_state(visit, url):
    page = visit(url + "?view=plain&market=ETH").page
    expect(page.get_by_role("combobox")).to_have_text("ETH")
    page.get_by_role("button", name="Go to names").click()
    page.get_by_text("메인").first.wait_for()
    page.wait_for_url("**?view=names&market=ETH")
    page.go_back()
    page.get_by_role("button", name="Go to names").wait_for()
    page.wait_for_url("**?view=plain&market=ETH")
    page.go_forward()
    page.get_by_text("메인").first.wait_for()
    page.wait_for_url("**?view=names&market=ETH")


def test_a_view_remembers_its_state_in_the_address(visit, url):
    page = visit(url + "?view=plain").page
    page.get_by_role("combobox").click()
    page.get_by_role("menuitem", name="ETH").click()
    page.wait_for_url("**?view=plain&market=ETH")
    page.reload()
    expect(page.get_by_role("combobox")).to_have_text("ETH")
    page.evaluate(HELD)
    page.get_by_role("combobox").click()
    page.get_by_role("menuitem", name="BTC").click()
    follow(page, "?view=names")  # before the server hears of the choice, and writes it into the address
    page.evaluate("window.release()")
    page.get_by_text("메인").first.wait_for()
    page.wait_for_url("**?view=names")


def test_an_unknown_view_says_which_there_are(visit, url):
    page = visit(url + "?view=plainn").page
    page.get_by_text("did you mean 'plain'?").wait_for()


BROKEN = {"unbuilt": "cannot be built", "unloaded": "cannot be loaded", "ticking": "cannot be updated"}


def test_a_view_that_breaks_says_so_and_the_others_live_on(visit, url):
    page = visit(f"{url}?view=unbuilt").page
    for view, said in BROKEN.items():
        follow(page, f"?view={view}")
        page.get_by_role("alert").get_by_text(said).locator("visible=true").first.wait_for()
        menu(page, "Plain").click()
        page.get_by_role("button", name="Go to names").wait_for()
    menu(page, "Plugins").click()
    for said in BROKEN.values():
        page.get_by_role("article").get_by_text(said).first.wait_for()


def test_a_view_that_fails_at_a_click_says_so_and_keeps_what_it_shows(visit, url):
    page = visit(url + "?view=unchanged").page
    page.get_by_role("button", name="Change").click()
    page.get_by_role("alert").get_by_text("cannot be changed").first.wait_for()
    expect(page.get_by_role("button", name="Change")).to_be_visible()


def test_a_broken_card_leaves_the_other_cards(visit, url):
    page = visit(url).page
    page.get_by_text("Unbuilt card could not be shown").wait_for()
    page.get_by_role("button", name="Go to names").wait_for()
    page.get_by_role("heading", name="Plain card").wait_for()


def test_what_is_loaded_before_the_browser_is_ready_arrives(visit, url):
    page = visit(url + "?view=slow").page
    page.get_by_text("arrived").wait_for()


def test_names_from_outside_are_shown_as_text(visit, url):
    said = []
    shown = visit(url + "?view=names")
    shown.page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    shown.page.get_by_text("<img src=x").first.wait_for()
    shown.page.evaluate(FAILING_PICTURE)
    shown.page.wait_for_function("window.failed")
    assert said == []
    expect(shown.page.locator("img[src=x]")).to_have_count(0)


def test_the_theme_is_the_browsers_until_it_is_chosen_and_then_remembered(visit, url):
    shown = visit(url, dark=True, known=False)
    page = shown.page
    page.wait_for_function("getComputedStyle(document.documentElement).getPropertyValue('--cqs-paper') === '#161a21'")
    page.get_by_role("button", name="Toggle theme").click()
    page.wait_for_function("getComputedStyle(document.documentElement).getPropertyValue('--cqs-paper') === '#ffffff'")
    page.wait_for_function("document.cookie.includes('cqs_theme=light')")
    page.reload()
    page.get_by_text("Unbuilt card could not be shown").wait_for()
    shown.wait()
    page.wait_for_function("getComputedStyle(document.documentElement).getPropertyValue('--cqs-paper') === '#ffffff'")


def test_a_phone_shows_every_page_without_scrolling_sideways(visit, url):
    shown = visit(url, width=420, height=900)
    menu(shown.page, "Plugins").wait_for(state="hidden")
    for view in OWN:
        follow(shown.page, f"?view={view}")
        arrive(shown.page, view)
        shown.wait_to_fit()


def test_a_phones_menu_closes_behind_the_choice(visit, url):
    page = visit(url, width=420, height=900, known=False).page
    page.get_by_role("button", name="Open drawer").click()
    menu(page, "Plugins").click()
    page.get_by_text("Where this runs").wait_for()
    menu(page, "Plugins").wait_for(state="hidden")


def test_two_processes_serve_the_same_pages_and_ask_no_other_host(visit, dashboard, bucket):
    url = dashboard(bucket, PLUGINS, num_procs=2)
    for _ in range(4):
        page = visit(url + "?view=names").page
        page.get_by_text("메인").first.wait_for()
        menu(page, "Plain").click()
        page.get_by_role("button", name="Go to names").wait_for()
