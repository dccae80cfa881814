"""The Optimize page: a search that is started, watched, canceled and resumed; its charts, brushes, and sets as runs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from cqs_core.testing.command import cqs_json
from cqs_core.testing.site import Site
from plots import box, double_click, plots, settle

pytestmark = pytest.mark.browser
RULE = """
    import os, time
    from pathlib import Path
    import param
    from cqs_core import Orders, Strategy, hookimpl

    class Slow(Strategy):
        "Holds everything; each set takes long until a file is there."

        id = "a_slow_rule"
        bars = param.Integer(5, bounds=(1, 400), step=1, doc="Not used")
        size = param.Number(0.5, bounds=(0.1, 0.9), step=0.2, doc="Share of equity")

        def orders(self, candles):
            if not Path(os.environ["MAY_GO_ON"]).exists():
                time.sleep(0.2)
            return Orders(enter=candles.present, weight=self.size / candles.shape[1])

    @hookimpl
    def register_strategies():
        return [Slow]
"""


@pytest.fixture(scope="module")
def bucket(sandbox, tmp_path_factory):
    """A lake with two markets."""
    folder = tmp_path_factory.mktemp("searches") / "bucket"
    cqs_json("fetch", "--symbols", "BTC,ETH", "--interval", "1d", "--bucket", folder, "--endpoint", sandbox)
    return folder


@pytest.fixture(scope="module")
def swept(bucket):
    """A finished sweep of twelve sets."""
    ranges = ("--param", "noise_ratio=0.3:0.6:0.1", "--param", "btc_ma=5,10,15")
    command = ("backtest", "sweep", "volatility_breakout", "--symbols", "BTC,ETH", "--bucket", bucket, *ranges)
    return cqs_json(*command)


def start_button(page):
    return page.get_by_role("button", name="Start search")


HAS = """(height) => Bokeh.documents.some((one) =>
  [...one._all_models.values()].some((model) => model.type === "Figure" && model.height === height))"""


def figure(page, height):
    """A chart by its height, once the whole page is there."""
    page.wait_for_function(HAS, arg=height)
    settle(page, of="optimize")
    return next(one for one in plots(page) if one["height"] == height)


def drag(page, x, low, high):
    """Press the mouse, move it up or down a column of the page in steps, as a slow hand does, and let go."""
    page.mouse.move(x - 12, low)
    page.mouse.down()
    page.evaluate("new Promise((done) => setTimeout(done, 350))")  # for Bokeh such a press is not a drag
    page.mouse.move(x, (low + high) / 2)
    page.mouse.move(x + 12, high)
    page.mouse.up()


@pytest.mark.timeout(240)
def test_a_search_is_measured_started_watched_canceled_and_resumed(visit, dashboard, bucket, tmp_path):
    site = Site(tmp_path / "site")
    site.install("slow", RULE)
    url = dashboard(bucket, PYTHONPATH=str(site.folder), MAY_GO_ON=str(tmp_path / "go"))
    address = "?view=optimize&strategy=a_slow_rule&p.bars.range=1:50:1&p.size.range=0.3:0.5:0.2"
    page = visit(url + address).page
    page.get_by_text("100 sets, about").wait_for()
    start_button(page).click()
    page.wait_for_function("location.search.includes('sweep=')")
    page.get_by_text("All sets", exact=True).locator("visible=true").first.wait_for()  # rows have come
    expect(start_button(page)).to_be_disabled()
    page.locator(".cqs-dock").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Resume").wait_for()
    [stopped] = cqs_json("backtest", "searches", "--bucket", bucket)
    assert not stopped["done"]
    (tmp_path / "go").touch()
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("What the answer is worth").wait_for(timeout=90_000)
    [done] = cqs_json("backtest", "searches", "--bucket", bucket)
    assert (done["id"], done["done"], done["sets"]) == (stopped["id"], True, 100)


@pytest.mark.timeout(240)
def test_sets_are_brushed_in_charts_and_table_and_a_cell_opens_its_run_once(visit, dashboard, bucket, swept):
    url = f"{dashboard(bucket)}?view=optimize&sweep={swept['sweep']}"
    seen = visit(url)
    page = seen.page
    page.get_by_text("Best set and best plateau").wait_for()
    left, top, width, height = box(page, figure(page, 320))
    sharpe = left + width * (2 + 0.35) / (5 + 0.7)  # the third of six axes
    brushed = page.get_by_text("of 12 sets are brushed")
    drag(page, sharpe, top + 0.05 * height, top + 0.5 * height)
    brushed.wait_for()
    expect(brushed).to_have_text(re.compile(r"^\s*(\d|10|11)\b"))
    expect(brushed).not_to_have_text(re.compile(r"^\s*0\b"))
    double_click(page, left + 0.5 * width, top + 0.5 * height)
    brushed.wait_for(state="detached")
    kept = len(cqs_json("backtest", "list", "--bucket", bucket))
    for _ in range(2):
        left, top, width, height = box(page, figure(page, 380))
        page.mouse.click(left + 0.9 * width, top + 0.9 * height)  # the largest noise ratio, the shortest average
        page.wait_for_function("location.search.includes('run=')")
        page.get_by_text("Equity and drawdown").wait_for()
        runs = cqs_json("backtest", "list", "--bucket", bucket)
        assert len(runs) == kept + 1
        page.go_back()
        page.wait_for_function("location.search.includes('sweep=')")
    made = cqs_json("backtest", "show", runs[0]["id"], "--bucket", bucket)
    assert {name: made["strategy"]["parameters"][name] for name in ("noise_ratio", "btc_ma")} == {
        "noise_ratio": 0.6,
        "btc_ma": 5,
    }
    assert made["name"].startswith(f"{swept['sweep']} set ")


@pytest.mark.parametrize(("width", "dark"), [(1400, True), (420, False)])
def test_a_sweep_opens_by_its_address_fits_and_shows_what_the_command_says(
    visit, dashboard, bucket, swept, width, dark
):
    url = f"{dashboard(bucket)}?view=optimize&sweep={swept['sweep']}&others=neighborhood&across=num_trades"
    seen = visit(url, width=width, dark=dark)
    page = seen.page
    settle(page, of="optimize")
    said = page.locator(".verdict", has_text="Deflated Sharpe ratio")
    said.get_by_text(f"{swept['dsr']:.1%}").wait_for()
    page.get_by_text("mean with the neighbors").locator("visible=true").first.wait_for()
    page.get_by_role("button", name="Run and keep: best plateau").wait_for()
    seen.wait_to_fit()


def test_a_sweep_that_is_not_there_is_said_and_the_page_lives_on(visit, dashboard, bucket):
    page = visit(f"{dashboard(bucket)}?view=optimize&sweep=nothing").page
    page.get_by_text("unknown sweep 'nothing'").wait_for()
    page.get_by_text("No sweep chosen").wait_for()
