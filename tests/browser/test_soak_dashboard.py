"""The dashboard under load, for minutes: windows come and go, and many sessions switch views at once."""

from __future__ import annotations

import gc
import itertools
import statistics
import time

import psutil
import pytest

from cqs_core.testing.command import cqs
from cqs_panel.testing.browser import open_visit
from cqs_panel.testing.server import Server
from walks import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.soak, pytest.mark.timeout(3600)]

WINDOWS, FIRST, MOST_MB = 200, 20, 0.4
SESSIONS, MINUTES, P95_SECONDS, MOST_GB = 20, 10, 1.5, 1.5
VIEWS = PAGES
TITLED = "(title) => document.title.startsWith(title)"


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
        faults = [line for line in (tmp_path / "log").read_text().splitlines() if "rror" in line or "Traceback" in line]
        assert not faults, faults[:10]


def memory(server) -> float:
    """MB of the server."""
    return psutil.Process(server.pid).memory_info().rss / 1e6


def settle(server) -> float:
    """MB once the sessions of closed windows have ended."""
    time.sleep(30)
    return memory(server)


def test_dashboard_windows_that_come_and_go_leave_nothing(server, chromium):
    """Each view in its turn; what is built once and kept is there after the first twenty windows."""
    views = itertools.cycle(VIEWS)
    seen = {}
    for count in range(1, WINDOWS + 1):
        open_visit(
            chromium, f"{server.url}?view={next(views)}", width=1400, height=900, dark=False
        ).page.context.close()
        if count == FIRST or count % (WINDOWS // 4) == 0:
            gc.collect()
            seen[count] = settle(server)
    print(seen)
    each = (seen[WINDOWS] - seen[FIRST]) / (WINDOWS - FIRST)
    assert each < MOST_MB, f"{each:.2f} MB a window: {seen}"


def test_dashboard_sessions_at_once_are_served(server, chromium):
    """Sessions switch views again and again."""
    visits = [open_visit(chromium, server.url, width=1400, height=900, dark=False) for _ in range(SESSIONS)]
    took, most, end = [], 0.0, time.monotonic() + 60 * MINUTES
    for round_ in itertools.count():
        if time.monotonic() > end:
            break
        for nth, visit in enumerate(visits):
            menu = visit.page.locator(".sidebar .MuiListItemButton-root")
            item = menu.nth((round_ + nth) % menu.count())
            name = item.inner_text().strip().splitlines()[-1]
            before = time.perf_counter()
            item.click()
            visit.page.wait_for_function(TITLED, arg=name)
            took.append(time.perf_counter() - before)
        most = max(most, memory(server))
    faults = [fault for visit in visits for fault in visit.faults]
    p95 = statistics.quantiles(took, n=20)[-1]
    print(f"{len(took)} switches, p95 {p95:.2f} s, {most:.0f} MB at most")
    for visit in visits:
        visit.page.context.close()
    assert not faults, faults[:10]
    assert p95 < P95_SECONDS
    assert most < MOST_GB * 1000
