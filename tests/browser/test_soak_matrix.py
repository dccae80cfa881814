"""The whole matrix: every page from every page on every bucket, every chart to both ends, reload, back, restarts.

Some minutes: `uv run pytest -m soak -k dashboard`.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import TimeoutError as Late

from buckets import make_damaged, make_empty, make_real
from cqs_core import Bucket
from cqs_panel.testing.server import Server
from plots import box, plots, range_of, reset, settle
from walks import PAGES, around, arrive, first_builds, go

pytestmark = [pytest.mark.browser, pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture
def visit(quiet_visit):
    return quiet_visit


@pytest.fixture(scope="module")
def buckets(demo, tmp_path_factory):
    """Folders by what is in them; `real` is made when the real logs are there."""
    home = tmp_path_factory.mktemp("buckets")
    make_empty(home / "empty", demo)
    make_damaged(home / "damaged", demo)
    return {"demo": demo, "empty": home / "empty", "damaged": home / "damaged", "real": home / "real"}


@pytest.fixture
def served(buckets, request, tmp_path):
    """A dashboard of the demo, or of the bucket that the test names; it may say nothing on its terminal."""
    name = getattr(request, "param", "demo")
    if name == "real" and not buckets[name].exists():
        make_real(buckets[name], request.getfixturevalue("shared_data") / "bot" / "logs")
    with Server(buckets[name], log=tmp_path / "log") as server:
        yield server.url
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize("served", ["demo", "empty", "damaged", "real"], indirect=True)
@pytest.mark.parametrize("row", range(len(first_builds())))
def test_dashboard_every_page_is_built_from_every_page(visit, served, row):
    """Each page is the first that is built after each other one, in a fresh window."""
    walk = first_builds()[row]
    page = visit(f"{served}?view={walk[0]}").page
    arrive(page, walk[0])
    for slug in walk[1:]:
        go(page, slug)
    page.context.close()


@pytest.mark.parametrize("served", ["demo", "damaged"], indirect=True)
def test_dashboard_every_built_page_is_whole_from_every_other(visit, served):
    walk = around()
    page = visit(f"{served}?view={walk[0]}").page
    for slug in walk[1:]:
        go(page, slug)
    page.context.close()


def charted(demo):
    """Addresses of pages that have charts, with what they show when they are used."""
    run = Bucket(str(demo)).folders("runs")[0]
    trades = [*(demo / "logs" / "Main").glob("trades_*.csv")]
    day = max(trades).stem.removeprefix("trades_")
    return {
        "overview": "overview",
        "data": "data",
        "run": f"backtest&run={run}",
        "trade of a run": f"backtest&run={run}&trade=3",
        "monitor": "monitor",
        "day": f"monitor&day={day}",
        "compare": "compare&account=Main",
        "models": "models&version=v1",
    }


CHARTED = ("overview", "data", "run", "trade of a run", "monitor", "day", "compare", "models")


@pytest.mark.parametrize("where", CHARTED)
def test_dashboard_every_chart_is_reset_panned_and_zoomed_to_both_ends(visit, served, demo, where):
    address = charted(demo)[where]
    view = address.partition("&")[0]
    page = visit(f"{served}?view={address}").page
    settle(page, of=view, times=20)  # what comes later moves charts from under the pointer
    charts = [one for one in plots(page) if "WheelZoomTool" in one["tools"]]
    assert charts
    for chart in charts:
        use(page, view, chart)
    page.context.close()


CLICKED = """(id) => Bokeh.documents.flatMap((one) => [...one._all_models.values()]).find((one) => one.id === id)
  .toolbar.tools.some((tool) => tool.type === "WheelZoomTool" && !tool.modifiers.ctrl)"""


def use(page, view, chart):
    """What a trader does with a chart: the wheel to both ends, Reset, a drag to both ends, Reset.

    It begins with Reset, too: a chart that opened on a day of today may show hours to come, where there is nothing yet.
    """
    low, high = chart["bounds"]
    reset(page, chart)
    settle(page, of=view)
    first = range_of(page, chart)
    left, top, width, height = box(page, chart)
    middle = left + width * 0.6, top + height / 2
    page.mouse.move(*middle)
    page.mouse.wheel(0, -200)
    assert range_of(page, chart) == first, "the wheel zooms though nobody clicked the chart"
    click(page, chart)
    wheel_to(page, chart, -300, chart["floor"])
    settle(page, of=view)
    wheel_to(page, chart, 300, high - low)
    settle(page, of=view)
    reset(page, chart)
    settle(page, of=view)
    shown = range_of(page, chart)
    for way, edge in ((1, low), (-1, high)):
        drag_to(page, chart, way, edge)
        settled_without_ink(page, view)
        reset(page, chart)
        settle(page, of=view)
        assert range_of(page, chart) == shown
    page.mouse.move(5, 5)


def click(page, chart):
    """Click a chart, so that the wheel zooms it; once more where the page was still scrolling when it was clicked."""
    for patience in (*[3_000] * 20, 60_000):
        left, top, width, height = box(page, chart)
        page.mouse.click(left + width * 0.6, top + height / 2)
        try:
            return page.wait_for_function(CLICKED, arg=chart["id"], timeout=patience)
        except Late:
            continue
    raise AssertionError(f"the wheel does not zoom though the chart was clicked: {chart}")


def wheel_to(page, chart, step, span):
    """Turn the wheel until the viewport has this span, and then some more: it stays."""
    for _ in range(60):
        page.mouse.wheel(0, step)
    page.wait_for_function(
        "([id, span]) => { const {x_range: x} = Bokeh.documents.flatMap((one) => [...one._all_models.values()])"
        ".find((one) => one.id === id); return Math.abs(x.end - x.start - span) < span * 1e-6 }",
        arg=[chart["id"], span],
    )


MOVED = """([id, before, at, edge]) => {
  const models = Bokeh.documents.flatMap((one) => [...one._all_models.values()])
  const {start, end} = models.find((one) => one.id === id).x_range
  return start !== before || Math.abs((at ? end : start) - edge) < 1 }"""


def drag_to(page, chart, way, edge):
    """Drag the chart right (1) or left (-1) until it is at the end of its bounds, and once more: it stays there."""
    at = 0 if way > 0 else 1
    from_, to = (0.1, 0.9) if way > 0 else (0.9, 0.1)
    left, top, width, height = box(page, chart)
    there = False
    while True:
        before = range_of(page, chart)
        page.mouse.move(left + width * from_, top + height / 2)
        page.mouse.down()
        page.mouse.move(left + width * to, top + height / 2, steps=2)
        page.mouse.up()
        page.wait_for_function(MOVED, arg=[chart["id"], before[0], at, edge])
        if there:
            break
        there = abs(range_of(page, chart)[at] - edge) < 1
    assert abs(range_of(page, chart)[at] - edge) < 1


def settled_without_ink(page, view):
    """At an end of its bounds a chart may show the margin beyond its data, but nothing is loading."""
    page.wait_for_function("Bokeh.documents.every((one) => one.is_idle)")
    page.locator(f".cqs-view-{view}").first.wait_for()


@pytest.mark.parametrize("served", ["demo", "damaged"], indirect=True)
def test_dashboard_reload_and_back_show_what_was_there(visit, served):
    page = visit(f"{served}?view=plugins").page
    for slug in PAGES[:-1]:
        go(page, slug)
        page.reload()
        arrive(page, slug)
    for slug in reversed(PAGES[:-2]):
        page.go_back()
        arrive(page, slug)
    page.context.close()


def test_dashboard_what_is_chosen_outlasts_reload_and_back(visit, served, demo):
    page = visit(f"{served}?view=jobs").page
    for address in charted(demo).values():
        view = address.partition("&")[0]
        page.goto(f"{served}?view={address}")
        arrive(page, view)
        page.reload()
        arrive(page, view)
        assert page.url.endswith(address) or page.url.partition("view=")[2].startswith(view)
    page.context.close()


@pytest.mark.parametrize("ending", ["killed", "told to end"])
def test_dashboard_every_page_comes_back_after_a_restart(visit, buckets, ending):
    with Server(buckets["demo"]) as first:
        url = first.url
        shown = {slug: visit(f"{url}?view={slug}") for slug in PAGES}
        for slug, one in shown.items():
            arrive(one.page, slug)
        if ending == "killed":
            first.kill()
    for one in shown.values():
        one.page.locator(".cqs-offline").get_by_text("Disconnected since").wait_for()
    with Server(buckets["demo"], port=int(url.rstrip("/").rpartition(":")[2])):
        for slug, one in shown.items():
            one.page.locator(".cqs-offline").wait_for(state="detached")
            arrive(one.page, slug)
            one.faults.clear()  # of requests that nobody answered
            go(one.page, "plugins" if slug == "jobs" else "jobs")
            one.page.context.close()
