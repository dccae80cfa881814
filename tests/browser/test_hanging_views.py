"""Pages of a plugin that hang: each becomes an error in its place, and the other pages and windows go on."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAID = "did not come back within 2 s"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(dashboard, tmp_path_factory):
    return dashboard(tmp_path_factory.mktemp("bucket"), [HERE / "hanging.py"])


def alive(page):
    """Until a window that was open all the time has been told something new."""
    before = page.get_by_text("Alive at").inner_text()
    page.get_by_text("Alive at").filter(has_not_text=before).wait_for()


def test_what_hangs_becomes_an_error_and_the_other_windows_go_on(visit, url):
    other = visit(f"{url}?view=calm").page
    page = visit(f"{url}?view=calm").page
    for view in ("Spins", "Sleeps", "Waits", "Catches", "Awaits", "Blocks"):
        page.locator(".sidebar").get_by_text(view, exact=True).click()
        page.locator(f".cqs-view-{view.lower()}").get_by_role("alert").get_by_text(SAID).first.wait_for()
        alive(other)


def test_a_card_that_hangs_becomes_an_error_among_the_others(visit, url):
    page = visit(f"{url}?view=overview").page
    page.get_by_text("A good card").wait_for()
    page.get_by_role("alert").get_by_text(SAID).first.wait_for()
    stuck = page.get_by_role("alert").filter(has_text="Refreshes: this could not be updated")
    stuck.get_by_text(f"{SAID}; the next try is in 12 s").first.wait_for()


def test_two_processes_interrupt_what_hangs_as_one_does(visit, dashboard, tmp_path_factory):
    url = dashboard(tmp_path_factory.mktemp("bucket"), [HERE / "hanging.py"], num_procs=2)
    others = [visit(f"{url}?view=calm").page for _ in range(2)]
    page = visit(f"{url}?view=calm").page
    page.locator(".sidebar").get_by_text("Spins", exact=True).click()
    page.locator(".cqs-view-spins").get_by_role("alert").get_by_text(SAID).first.wait_for()
    page.reload()
    page.locator(".cqs-view-spins").get_by_role("alert").get_by_text(SAID).first.wait_for()
    page.locator(".sidebar").get_by_text("Overview", exact=True).click()
    page.get_by_role("alert").filter(has_text="Refreshes: this could not be updated").wait_for()
    page.get_by_text("A good card").wait_for()
    for other in others:
        alive(other)


def test_loads_that_never_end_are_told_and_leave_threads_to_others(visit, url):
    page = visit(f"{url}?view=calm").page
    page.locator(".sidebar").get_by_text("Loads", exact=True).click()
    page.get_by_role("alert").get_by_text("it has been loading for 2 s").first.wait_for()
    page.locator(".sidebar").get_by_text("Calm", exact=True).click()
    alive(page)
