"""Pages of a plugin that end the process: each fails in its place, and the server goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from cqs_core.testing.waiting import until
from cqs_panel.testing.server import ForkedServer
from walks import follow

HERE = Path(__file__).parent
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "stderr"


@pytest.fixture(scope="module")
def url(log, tmp_path_factory):
    with ForkedServer(tmp_path_factory.mktemp("bucket"), [HERE / "hostile.py"], log=log) as server:
        yield server.url


def test_the_first_page_fails_in_its_place(visit, url):
    page = visit(url).page
    page.get_by_role("alert").get_by_text("SystemExit: built by nobody").first.wait_for()
    page.locator(".sidebar").get_by_text("Overview", exact=True).click()
    page.get_by_text("A good card").wait_for()


ENDING = {
    "loading": "KeyboardInterrupt: typed by nobody",
    "ticking": "SystemExit: ticked by nobody",
    "unshown": "SystemExit: shown by nobody",
    "undrawn": "SystemExit: drawn by nobody",
}


def test_a_view_that_ends_the_process_says_so_and_the_server_goes_on(visit, url):
    page = visit(f"{url}?view=loading").page
    for view, said in ENDING.items():
        follow(page, f"?view={view}")
        page.get_by_role("alert").get_by_text(said).locator("visible=true").first.wait_for()
        other = visit(f"{url}?view=overview").page
        other.get_by_text("A good card").wait_for()
        other.context.close()


def test_the_terminal_names_the_plugin_of_a_card_that_fails_once(visit, url, log):
    for _ in range(2):
        visit(f"{url}?view=overview").page.get_by_text("A good card").wait_for()
    line = "plugin 'hostile' failed, card hostile.card: build: SystemExit: built by nobody"
    until(lambda: line in log.read_text().splitlines())
    assert log.read_text().count("card hostile.card") == 1


def test_a_click_that_ends_the_process_does_not(visit, url):
    page = visit(f"{url}?view=clicked").page
    page.get_by_role("button", name="Leave", exact=True).click()
    page.get_by_role("alert").get_by_text("SystemExit: clicked by somebody").first.wait_for()
    page.get_by_role("button", name="Leave later").click()
    visit(f"{url}?view=overview").page.get_by_text("A good card").wait_for()


def test_what_is_no_page_and_who_took_a_name_is_told(visit, url):
    page = visit(f"{url}?view=plugins").page
    for said in ("whose title is None", "register_views gives 'overview', which 'panel' gave already"):
        page.get_by_text(said).first.wait_for()
