"""The dashboard under load: windows come and go, and many sessions switch views, for minutes.

    SOAK_WINDOWS=60 SOAK_SESSIONS=5 SOAK_MINUTES=2 uv run pytest -n 0 -s -m soak tests/browser/test_soak_dashboard.py

Without these variables: 200 windows, 20 sessions, 10 minutes. Fewer than 200 windows print what they leave, and decide
only about errors: the server's heap grows once more when sessions overlap, which a few windows cannot bear.
"""

from __future__ import annotations

import itertools
import os
import statistics
import time

import psutil
import pytest

from cqs_core.testing.command import cqs
from cqs_core.testing.waiting import until
from cqs_panel.testing.browser import open_visit
from cqs_panel.testing.server import Server
from plots import settle
from walks import PAGES, click

WINDOWS = int(os.environ.get("SOAK_WINDOWS", "200"))
SESSIONS = int(os.environ.get("SOAK_SESSIONS", "20"))
MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
pytestmark = [pytest.mark.browser, pytest.mark.soak, pytest.mark.timeout(60 * MINUTES + 40 * WINDOWS + 1800)]

FIRST, MOST_MB, FLAT_MB = 20, 0.4, 0.2  # a window leaves less than the last in the second half of all windows
P95_SECONDS, MOST_GB = 1.5, 1.5
SEEN = """(slug) => {
  const all = (root, out = []) => { for (const el of root.querySelectorAll("*")) { out.push(el)
    if (el.shadowRoot) all(el.shadowRoot, out) } return out }
  const found = all(document), inView = (el) => { const box = el.getBoundingClientRect()
    return box.width > 0 && box.height > 0 && box.top < innerHeight && box.bottom > 0 && el.checkVisibility() }
  const waits = (el) => el.getAttribute("aria-label") === "Loading" || el.classList.contains("skeleton")
  return found.some((el) => el.classList.contains(`cqs-view-${slug}`) && el.checkVisibility())
    && !found.some((el) => waits(el) && inView(el)) }"""
"""Whether a view is seen, and nothing in the window is a placeholder any more."""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """What a demo leaves."""
    folder = tmp_path_factory.mktemp("demo")
    cqs("demo", "--once", "--bucket", folder)
    return folder


@pytest.fixture
def server(bucket, tmp_path):
    with Server(bucket, log=tmp_path / "log") as running:
        yield running
    assert (tmp_path / "log").read_text() == ""


def opened(chromium, url):
    return open_visit(chromium, url, width=1400, height=900, dark=False)


def memory(server) -> float:
    """MB of the server and of its processes."""
    parent = psutil.Process(server.pid)
    return sum(one.memory_info().rss for one in [parent, *parent.children(recursive=True)]) / 1e6


def settled(server) -> float:
    """MB once the sessions of closed windows have ended, as they do within a minute: then it changes no more."""
    seen = []

    def still():
        seen.append(memory(server))
        return len(seen) > 60 and max(seen[-10:]) - min(seen[-10:]) < 1

    until(still, seconds=300, pause=1)
    return seen[-1]


def test_dashboard_windows_that_come_and_go_leave_nothing(server, chromium):
    """Each view in its turn. The first twenty windows stay until all of it is drawn: what is imported then is kept."""
    faults, seen = [], {}
    for count, slug in zip(range(1, WINDOWS + 1), itertools.cycle(PAGES), strict=False):
        visit = opened(chromium, f"{server.url}?view={slug}")
        if count <= FIRST:
            settle(visit.page, of=slug)
        visit.page.context.close()
        faults += visit.faults
        if count == FIRST or count % (WINDOWS // 4) == 0:
            seen[count] = settled(server)
            print(f"after {count} windows {seen[count]:.1f} MB", flush=True)
    middle = WINDOWS // 4 * 2
    each = (seen[WINDOWS] - seen[FIRST]) / (WINDOWS - FIRST)
    later = (seen[WINDOWS] - seen[middle]) / (WINDOWS - middle)
    print(f"a window leaves {each:.3f} MB, {later:.3f} MB in the second half")
    assert not faults, faults[:10]
    if WINDOWS >= 200:
        assert each < MOST_MB, seen
        assert later < FLAT_MB, seen


def test_dashboard_sessions_at_once_are_served(server, chromium):
    """Twenty people who each switch views every quarter of a minute or so, while all pages keep themselves up to date.

    Each session has built every view before; those first builds are printed.
    """
    visits = [opened(chromium, server.url) for _ in range(SESSIONS)]
    built = [switched(visit.page, slug) for slug in PAGES[1:] for visit in visits]
    took, most, end = [], memory(server), time.monotonic() + 60 * MINUTES
    for slug, visit in ((slug, visit) for slug in itertools.cycle(PAGES) for visit in visits):
        if time.monotonic() > end:
            break
        took.append(switched(visit.page, slug))
        most = max(most, memory(server))
    faults = [fault for visit in visits for fault in visit.faults]
    for visit in visits:
        visit.page.context.close()
    for name, seconds in (("first builds", built), ("switches", took)):
        print(f"{len(seconds)} {name}: median {statistics.median(seconds):.2f} s, p95 {p95(seconds):.2f} s")
    print(f"{most:.0f} MB at most")
    assert not faults, faults[:10]
    assert p95(took) < P95_SECONDS
    assert most < MOST_GB * 1000


def switched(page, slug) -> float:
    """Seconds from a click in the menu until the view is seen."""
    before = time.perf_counter()
    click(page, slug)
    page.wait_for_function(SEEN, arg=slug, polling=20)
    return time.perf_counter() - before


def p95(took) -> float:
    return statistics.quantiles(took, n=20)[-1]
