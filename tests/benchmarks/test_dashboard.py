"""The dashboard against the barest page of panel-material-ui that does the same: ratios, side by side in one run.

Measured in the browser, from the click until the page has settled (`probe.Taken`); medians. The first build of a page
begins when the pointer rests on its entry in the menu (`first`, which has a limit); `sudden` is the click of a pointer
that does not rest, or the keyboard, and has none. The time is that from the click. What is in view counts until none of
it is a placeholder; what lies below the fold comes later and is not in the figures, for the page rests before.

`pytest tests/benchmarks/test_dashboard.py -s -n 0 --views monitor,compare -k first_build` measures some views alone.

Nodes must not grow by a single one over rounds through all views. What a page shows by the time of day would add some:
the demo's bot has been silent for long when the server starts, or an alert for that would come between two rounds.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import pytest

from cqs_core.testing.command import cqs
from cqs_panel import installed_views
from cqs_panel.testing.server import Server

sys.path.insert(0, str(Path(__file__).parent))
from bare import NAMES, served
from probe import loaded, opened, timed

pytestmark = pytest.mark.timeout(1800)
ROUNDS = 3
SWITCH, FIRST, TASK_MS = 3, 8, 200
PAGE = 1.5  # of the bare page, from the address to the settled page
REST_MS = 200  # that the pointer rests on an entry of the menu before a hand presses it


@pytest.fixture(scope="module")
def titles(request):
    """Of the views that are measured: all, or those of `--views`, and those from which they are opened."""
    known = {view.slug: view.title for view in installed_views()} | {"overview": "Overview"}
    chosen = set(filter(None, request.config.getoption("views", "").split(",")))
    return {slug: known[slug] for slug in known if not chosen or slug in chosen | {"plugins", "overview"}}


@pytest.fixture(scope="module")
def bare():
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """What a demo leaves, served."""
    folder = tmp_path_factory.mktemp("demo")
    cqs("demo", "--once", "--bucket", folder)
    (folder / "logs" / ".heartbeat").write_text(str(time.time() - 3600))
    with Server(folder) as server:
        yield server.url


@pytest.fixture(scope="module")
def measured(chromium, bare, url, titles):
    """Every view first built, then switched to, in turns with the bare page's switch: `{name: {view: [Taken]}}`."""
    plain = opened(chromium, bare, "bare-One")
    found = {"first": {}, "sudden": {}, "switch": {}, "bare": {"": []}, "nodes": {"": []}}

    def switched():
        for name in reversed(NAMES):
            found["bare"][""].append(timed(plain, plain.get_by_role("button", name=name).click, f"bare-{name}"))

    def visit(page, slug, kind):
        entry = page.locator(".sidebar").get_by_text(titles[slug], exact=True)
        if kind == "first":
            entry.hover()
            page.wait_for_timeout(REST_MS)
        found[kind].setdefault(slug, []).append(timed(page, entry.click, f"cqs-view-{slug}"))

    for kind in ("first", "sudden") * ROUNDS:
        others = [slug for slug in titles if slug not in ("overview", "plugins")]
        page = opened(chromium, f"{url}?view=plugins", "cqs-view-plugins")
        for slug in ["overview", *others]:
            switched()
            visit(page, slug, kind)
            page.evaluate("(wanted) => probe.whole(wanted)", f"cqs-view-{slug}")  # switches are to and from whole pages
        for _ in range(2):
            for slug in titles:
                visit(page, slug, "switch")
        found["nodes"][""].append(nodes_of_rounds(page, titles))
        page.context.close()
        page = opened(chromium, url, "cqs-view-overview")
        visit(page, "plugins", kind)
        page.context.close()
    plain.context.close()
    return found


def test_dashboard_first_page(chromium, bare, url, titles):
    """The page that is opened by its address, in turns with the bare one."""
    wanted = {"plugins": "cqs-view-plugins", "overview": "cqs-view-overview", "monitor": "cqs-view-monitor"}
    taken = {name: [] for name in ("bare", *wanted)}
    for _ in range(2 * ROUNDS):
        taken["bare"].append(loaded(chromium, bare, "bare-One"))
        for slug, name in wanted.items():
            taken[slug].append(loaded(chromium, f"{url}?view={slug}", name))
    found = {name: statistics.median(all_of[1:]) for name, all_of in taken.items()}  # the first call imports
    print({name: f"{ms:.0f} ms, {ms / found['bare']:.2f} x" for name, ms in found.items()})
    assert found["overview"] <= PAGE * found["bare"]


def nodes_of_rounds(page, titles):
    """How many nodes there are after each of some rounds through all views."""
    counted = []
    for _ in range(4):
        for slug in titles:
            page.locator(".sidebar").get_by_text(titles[slug], exact=True).click()
            page.evaluate("(wanted) => { probe.start(); return probe.settled(wanted) }", f"cqs-view-{slug}")
        counted.append(page.evaluate("probe.nodes()"))
    return counted


def median(takes):
    return statistics.median(one.ms for one in takes)


def ratios(measured, kind):
    """Of each view, to the bare page's switch; printed with what else was seen."""
    unit = median(measured["bare"][""])
    print(f"\n  bare switch {unit:.0f} ms")
    for view, takes in measured[kind].items():
        longest, size = max(one.longest for one in takes), statistics.median(one.kilobytes for one in takes)
        ms = median(takes)
        print(f"  {kind} {view:10} {ms:6.0f} ms {ms / unit:5.1f} x, longest task {longest:4.0f} ms, {size:5.0f} kB")
    return {view: median(takes) / unit for view, takes in measured[kind].items()}


def test_dashboard_switch(measured):
    slow = {view: ratio for view, ratio in ratios(measured, "switch").items() if ratio > SWITCH}
    assert not slow


def test_dashboard_first_build(measured):
    ratios(measured, "sudden")  # for the record: by the keyboard, or a hand that does not rest
    slow = {view: ratio for view, ratio in ratios(measured, "first").items() if ratio > FIRST}
    assert not slow


def test_dashboard_longest_task(measured):
    takes = {view: measured["sudden"][view] + measured["switch"][view] for view in measured["sudden"]}
    longest = {view: statistics.median(one.longest for one in many) for view, many in takes.items()}
    assert max(longest.values()) <= TASK_MS, longest


def test_dashboard_nodes_do_not_grow_with_switches(measured):
    print(measured["nodes"][""])
    for counted in measured["nodes"][""]:
        assert max(counted) == counted[0], counted
