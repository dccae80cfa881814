"""Every page from every page by clicking, every chart to both ends, reload, back, and a server that is restarted.

Opened by address pages are good; what breaks them is the way there. So a page is looked at when it has settled: nothing
is loading, and every figure in view has glyphs in its frame and ink on its canvas. No JavaScript may fail, and the
server may write nothing to its terminal.
"""

from __future__ import annotations

import itertools
import shutil

import pytest

from cli import cqs
from cqs_panel.testing.server import Server
from plots import box, plots, range_of, reset, settle

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PAGES = ["overview", "data", "backtest", "monitor", "compare", "alerts", "models", "jobs", "plugins"]
CHARTED = ["overview", "monitor", "data", "compare"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A bucket as `cqs demo` makes it."""
    folder = tmp_path_factory.mktemp("demo") / "bucket"
    done = cqs("demo", "--bucket", str(folder), "--once", "--no-open")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def served(demo, tmp_path_factory):
    """A dashboard of the demo: its URL, and the file of what it says on its terminal."""
    log = tmp_path_factory.mktemp("log") / "stderr"
    with Server(demo, log=log) as server:
        yield server.url, log


def quiet(log):
    """The server said nothing: no warning, no traceback."""
    assert log.read_text() == ""


def go(page, slug, *, whole=False):
    page.locator(f'.sidebar a[href="?view={slug}"], .sidebar [href="?view={slug}"]').first.click()
    arrive(page, slug, whole=whole)


def arrive(page, slug, *, whole=False):
    page.wait_for_function(
        "(slug) => new URLSearchParams(location.search).get('view') === slug && document.title.length > 0", arg=slug
    )
    settle(page, of=slug, twice=whole)


def around(pages):
    """A walk over every ordered pair of pages."""
    walk = [pages[0]]
    for i, page in enumerate(pages):
        if walk[-1] != page:
            walk.append(page)
        for other in pages[i + 1 :]:
            walk += [other, page]
    return walk


def test_the_walk_has_every_ordered_pair():
    assert set(itertools.permutations(PAGES, 2)) <= set(itertools.pairwise(around(PAGES)))


@pytest.mark.parametrize("pages", [CHARTED, pytest.param(PAGES, marks=pytest.mark.soak)], ids=["charted", "dashboard"])
def test_every_page_is_whole_from_every_page(visit, served, pages):
    url, log = served
    walk = around(pages)
    page = visit(f"{url}?view={walk[0]}").page
    for slug in walk[1:]:
        go(page, slug)
    for slug in pages:
        go(page, slug, whole=True)
    quiet(log)


@pytest.mark.soak
@pytest.mark.parametrize("view", ["overview", "data", "monitor"])
def test_dashboard_every_chart_is_reset_panned_and_zoomed_to_both_ends(visit, served, view):
    url, log = served
    page = visit(f"{url}?view={view}").page
    settle(page, of=view)
    charts = [one for one in plots(page) if "WheelZoomTool" in one["tools"]]
    assert charts
    for chart in charts:
        low, high = chart["bounds"]
        first = range_of(page, chart)
        left, top, width, height = box(page, chart)
        middle = left + width * 0.6, top + height / 2
        page.mouse.move(*middle)
        page.mouse.wheel(0, -200)
        assert range_of(page, chart) == first, "the wheel zooms though nobody clicked the chart"
        left, top, width, height = box(page, chart)
        middle = left + width * 0.6, top + height / 2
        page.mouse.click(*middle)
        wheel_to(page, chart, -300, chart["floor"])
        settle(page, of=view)
        wheel_to(page, chart, 300, high - low)
        settle(page, of=view)
        reset(page, chart)
        settle(page, of=view)
        shown = range_of(page, chart)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 150, middle[1], steps=3)
        page.mouse.up()
        settle(page, of=view)
        reset(page, chart)
        assert range_of(page, chart) == shown
    quiet(log)


def wheel_to(page, chart, step, span):
    """Turn the wheel until the viewport has this span, and then some more: it stays."""
    for _ in range(60):
        page.mouse.wheel(0, step)
    page.wait_for_function(
        "([id, span]) => { const {x_range: x} = Bokeh.documents.flatMap((one) => [...one._all_models.values()])"
        ".find((one) => one.id === id); return Math.abs(x.end - x.start - span) < span * 1e-6 }",
        arg=[chart["id"], span],
    )


@pytest.mark.soak
def test_dashboard_reload_and_back_show_what_was_there(visit, served):
    url, log = served
    page = visit(f"{url}?view=plugins").page
    for slug in PAGES[:-1]:
        go(page, slug)
        page.reload()
        arrive(page, slug)
    for slug in reversed(PAGES[:-2]):
        page.go_back()
        arrive(page, slug)
    quiet(log)


def empty(folder, demo, shared):
    folder.mkdir()


def damaged(folder, demo, shared):
    shutil.copytree(demo, folder)
    candles = min(folder.glob("data/**/*.parquet"))
    candles.write_bytes(candles.read_bytes()[:100])
    next(folder.glob("runs/**/manifest.json")).write_text("{broken")
    next(folder.glob("logs/**/positions.json")).write_text('{"BTC/KR')
    for rules in folder.glob("config/**/*.toml"):
        rules.write_text("[[broken")


def real(folder, demo, shared):
    shutil.copytree(shared / "bot" / "logs", folder / "logs")


@pytest.mark.parametrize(
    "make", [empty, pytest.param(damaged, marks=pytest.mark.soak), pytest.param(real, marks=pytest.mark.soak)]
)
def test_dashboard_every_page_is_whole_on_other_buckets(visit, demo, tmp_path, make, request):
    shared = request.getfixturevalue("shared_data") if make is real else None
    make(tmp_path / "bucket", demo, shared)
    with Server(tmp_path / "bucket", log=tmp_path / "stderr") as server:
        page = visit(f"{server.url}?view=plugins").page
        for slug in [*PAGES, *reversed(PAGES[:-1])]:
            go(page, slug)
        quiet(tmp_path / "stderr")


def test_a_server_that_is_restarted_is_told_and_found_again(visit, demo):
    with Server(demo) as first:
        url = first.url
        shown = visit(f"{url}?view=monitor")
        settle(shown.page, of="monitor")
    shown.page.locator(".cqs-offline").get_by_text("Disconnected since").wait_for()
    assert shown.page.locator("html").get_attribute("data-cqs-offline")
    with Server(demo, port=int(url.rstrip("/").rpartition(":")[2])):
        shown.page.locator(".cqs-offline").wait_for(state="detached", timeout=30_000)
        arrive(shown.page, "monitor")
        go(shown.page, "data")
        shown.faults.clear()  # of requests that nobody answered


@pytest.mark.soak
@pytest.mark.parametrize("start", PAGES)
def test_dashboard_every_page_is_built_from_every_page(visit, served, start):
    """The whole matrix: each page is the first that is built after each other one."""
    url, log = served
    for slug in (one for one in PAGES if one != start):
        page = visit(f"{url}?view={start}").page
        arrive(page, start)
        go(page, slug, whole=True)
        page.context.close()
    quiet(log)
