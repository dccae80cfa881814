"""Pages by clicking from one to the next, on good and bad buckets, and over a restart of the server.

Opened by address pages are good; what breaks them is the way there. So a page is looked at when it has settled:
nothing is loading, every table has its rows, and every figure in view has glyphs in its frame and ink on its canvas.
The browser may say no error and no warning, and the server nothing at all on its terminal.

Here each bucket is walked through once, each on another way; `test_soak_matrix.py` goes from every page to every page.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from accessibility import addresses, settled
from buckets import make_damaged, make_empty, make_real
from cqs_core import Bucket
from cqs_panel.testing.server import ForkedServer
from plots import settle
from walks import PAGES, arrive, faults, first_builds, follow, go

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
DEPENDS = {
    "overview": "cannot be read",
    "data": "These candles cannot be read",
    "backtest": "cannot be listed",
    "runs": "cannot be listed",
    "optimize": "A sweep cannot be listed",
    "validate": "This cannot be listed",
    "monitor": "positions.json is unreadable",
    "compare": "This cannot be compared",
    "alerts": "config/alerts.toml:1",
    "models": "half upload",
}
"""What each page says of the damaged bucket; the others do not depend on what is damaged."""


@pytest.fixture
def visit(quiet_visit):
    return quiet_visit


def walked(visit, url, walk, look, then=lambda page: None, **window):
    """One window on a walk and back to its first page, looked at everywhere."""
    page = visit(f"{url}?view={walk[0]}", **window).page
    arrive(page, walk[0])
    look(page, walk[0])
    for slug in [*walk[1:], walk[0]]:
        go(page, slug)
        look(page, slug)
    then(page)
    page.context.close()


def fine(page, slug):
    assert faults(page) == [], slug


@pytest.mark.timeout(600)
def test_every_page_of_a_demo_is_whole_and_axe_finds_nothing_serious(visit, demo, tmp_path):
    """In the dark, contrast alone is looked at, in `test_accessible.py`: roles and names are the same."""
    texts, told = addresses(Bucket(str(demo)).folders("runs")[0]), dict[str, list[str]]()

    def looked_at(page, address):
        fine(page, address)
        page.get_by_text(texts[address]).locator("visible=true").first.wait_for()
        if address not in told:
            told[address] = settled(page)

    def looked_at_others(page):
        for address in (one for one in texts if one not in told):
            follow(page, f"?view={address}")
            page.get_by_text(texts[address]).locator("visible=true").first.wait_for()
            settle(page, of=address.partition("&")[0])
            looked_at(page, address)

    with ForkedServer(demo, log=tmp_path / "log") as server:
        walked(visit, server.url, first_builds()[0], looked_at, looked_at_others, height=1400)
    assert (tmp_path / "log").read_text() == ""
    assert set(told) == set(texts)
    assert not any(told.values()), "\n".join(f"{address}: {line}" for address in told for line in told[address])


def test_every_page_of_an_empty_bucket_is_whole(visit, demo, tmp_path):
    make_empty(tmp_path / "bucket", demo)
    with ForkedServer(tmp_path / "bucket", log=tmp_path / "log") as server:
        walked(visit, server.url, first_builds()[3], fine)
    assert (tmp_path / "log").read_text() == ""


def test_every_page_of_a_damaged_bucket_says_what_is_damaged_and_shows_the_rest(visit, demo, tmp_path):
    make_damaged(tmp_path / "bucket", demo)

    def told(page, slug):
        if slug in DEPENDS:
            page.get_by_text(DEPENDS[slug]).locator("visible=true").first.wait_for()
        else:
            fine(page, slug)

    with ForkedServer(tmp_path / "bucket", log=tmp_path / "log") as server:
        walked(visit, server.url, first_builds()[5], told)
    assert (tmp_path / "log").read_text() == ""


def test_every_page_of_real_logs_is_whole(visit, shared_data, tmp_path):
    make_real(tmp_path / "bucket", shared_data / "bot" / "logs")

    def looked_at(page, slug):
        if slug == "compare":  # there are no candles
            page.get_by_text("the lake has no 1d candles").wait_for()
        else:
            fine(page, slug)

    with ForkedServer(tmp_path / "bucket", log=tmp_path / "log") as server:
        walked(visit, server.url, first_builds()[7], looked_at)
    assert (tmp_path / "log").read_text() == ""


def test_the_walks_have_every_ordered_pair():
    from itertools import pairwise, permutations

    from walks import around

    pairs = set(permutations(PAGES, 2))
    assert {pair for walk in first_builds() for pair in pairwise(walk)} == pairs
    assert pairs <= set(pairwise(around()))


def test_a_server_that_is_restarted_is_told_and_found_again(visit, demo):
    with ForkedServer(demo) as first:
        url = first.url
        shown = visit(f"{url}?view=monitor")
        settle(shown.page, of="monitor")
    shown.page.locator(".cqs-offline").get_by_text("Disconnected since").wait_for()
    expect(shown.page.locator("html")).to_have_attribute("data-cqs-offline", re.compile("."))
    with ForkedServer(demo, port=int(url.rstrip("/").rpartition(":")[2])):
        shown.page.locator(".cqs-offline").wait_for(state="detached")
        arrive(shown.page, "monitor")
        go(shown.page, "data")
        shown.page.context.close()  # nothing is asked any more
    shown.faults.clear()  # of requests that nobody answered
