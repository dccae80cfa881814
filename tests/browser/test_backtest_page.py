"""The Backtest page: a run by URL, its trades on candles, kept runs; the report, network blocked."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cqs_core import Bucket, Lake, Series
from cqs_core.lake import candle_table
from cqs_core.testing.command import cqs, cqs_json
from cqs_core.time.intervals import DAY, HOUR
from cqs_panel.testing.browser import PATIENCE
from plots import box, plots, settle
from walks import arrive, follow

pytestmark = pytest.mark.browser
BRUSHING = """() => Bokeh.documents.flatMap((one) => [...one._all_models.values()])
  .some((one) => one.type === "BoxSelectTool")"""
CLICK_AND_LEAVE = """(button) => {
  button.click()
  const link = Object.assign(document.createElement("a"), {href: "?view=jobs"})
  document.body.append(link); link.click(); link.remove() }"""


@pytest.fixture(scope="module")
def kept(sandbox, tmp_path_factory):
    """A bucket with two runs, and their ids."""
    bucket = tmp_path_factory.mktemp("runs") / "bucket"
    cqs_json("fetch", "--symbols", "BTC,ETH", "--interval", "1d", "--bucket", bucket, "--endpoint", sandbox)
    run = ("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--bucket", bucket)
    return bucket, [cqs_json(*run, "--set", f"noise_ratio={ratio}")["run"] for ratio in (0.4, 0.6)]


@pytest.fixture
def opened(visit, dashboard, kept):
    """Opens the first run by its address, and looks at what its page must have."""
    bucket, runs = kept
    return lambda **window: looked_at(visit(f"{dashboard(bucket)}?view=backtest&run={runs[0]}", **window))


def looked_at(seen):
    page = seen.page
    for text in ("Look-ahead", "Parity", "Max drawdown", "Equity and drawdown", "Rolling Sharpe", "Months", "Trades"):
        page.get_by_text(text).locator("visible=true").first.wait_for()
    sharpe = page.get_by_text("Sharpe", exact=True).first.locator("xpath=..")
    expect(sharpe).to_have_attribute("title", re.compile("^mean over"))
    seen.wait_to_fit()
    return page


def test_a_run_opens_by_its_address_on_a_phone_in_the_dark(opened):
    opened(width=420, dark=True)


def test_a_run_opens_by_its_address_and_a_click_on_a_trade_shows_its_candles(opened):
    page = opened()
    settle(page, of="backtest")
    page.locator(".tabulator-row .tabulator-cell[tabulator-field=reason]").first.wait_for(state="attached")
    cell = page.locator(".tabulator-row .tabulator-cell[tabulator-field=symbol]").first
    market = cell.inner_text()
    cell.click()
    page.get_by_text(f"upbit {market} 1d").wait_for()
    page.get_by_text("fills of this run").wait_for()


def test_kept_runs_are_opened_listed_and_missed(visit, dashboard, kept):
    """One by a click, and the back button returns; all on their page; one that is not there is said."""
    bucket, runs = kept
    page = visit(f"{dashboard(bucket)}?view=backtest").page
    settle(page, of="backtest")
    page.locator(".tabulator-row .tabulator-cell[tabulator-field=title]").first.click()
    page.get_by_text(f"run {runs[1]}").wait_for()
    page.wait_for_url(f"**run={runs[1]}**")
    page.get_by_text("Noise ratio").locator("xpath=..").get_by_text("0.60").first.wait_for()  # the form is the run's
    page.go_back()
    page.wait_for_function("!location.search.includes('run=')")
    page.get_by_role("button", name="All runs").click()
    page.get_by_text("tick some to compare them").wait_for()
    follow(page, "?view=backtest&run=nothing")
    page.get_by_text("unknown run 'nothing'").wait_for()
    page.get_by_role("button", name="Run backtest").wait_for()
    settle(page, of="backtest")
    page.get_by_role("button", name="All runs").evaluate(CLICK_AND_LEAVE)
    arrive(page, "jobs")
    assert page.url.endswith("?view=jobs")  # the server wrote the other address before it heard of the link


def test_a_run_and_its_chart_say_which_bars_were_left_out(visit, dashboard, tmp_path):
    hours = Series("upbit", "BTC/KRW", "1h")
    lake, start = Lake(Bucket(tmp_path, create=True)), 1_704_067_200_000
    values = np.full((24, 5), 100.0) + np.sin(np.arange(24))[:, None] * [0, 1, -1, 0, 0]
    values[:, 1], values[:, 2] = values.max(axis=1), values.min(axis=1)
    for day in range(40):
        lost = day == 5  # its last hour was never fetched
        ts = start + DAY * day + HOUR * np.arange(24 - lost)
        lake.append(hours, candle_table(ts, values[: 24 - lost]), int(ts[0]), int(ts[-1]) + HOUR)
    run = cqs_json("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--bucket", tmp_path)["run"]
    page = visit(f"{dashboard(tmp_path)}?view=backtest&run={run}").page
    told = "1 bar is left out of upbit BTC/KRW 1d, the first at 2024-01-06T00:00 UTC"
    page.get_by_text("Left out 1 bar", exact=True).wait_for()
    page.locator(".cqs-run-chart").get_by_text(told).wait_for()
    expect(page.locator(".note").get_by_text(told)).to_have_count(2)  # under the title and above the chart


def test_the_report_opens_with_the_network_blocked(chromium, kept, tmp_path):
    bucket, runs = kept
    path = tmp_path / "report.html"
    cqs("backtest", "report", runs[0], "--output", path, "--bucket", bucket)
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)
    asked = []
    page.route(re.compile(r"^(?!file:)"), lambda route: (asked.append(route.request.url), route.abort()))
    page.goto(path.as_uri())
    page.wait_for_function("Bokeh.documents[0]?.is_idle")
    page.wait_for_function("[...Bokeh.documents[0].all_models].filter((m) => m.type == 'Figure').length === 6")
    page.get_by_text("Excess kurtosis").wait_for()
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert asked == []
    page.close()


def test_a_stretch_that_is_brushed_has_figures_and_trades_of_its_own_and_is_in_the_address(visit, dashboard, kept):
    bucket, runs = kept
    page = visit(f"{dashboard(bucket)}?view=backtest&run={runs[0]}&before={runs[1]}").page
    settle(page, of="backtest")
    page.get_by_text(re.compile("^[▲▼] from ")).first.wait_for()  # how its figures moved since the run before
    page.get_by_role("button", name="Compare with the run before").wait_for()
    whole = page.get_by_text("at the end", exact=False).first.inner_text()
    page.get_by_text("Brush", exact=True).first.click()
    page.wait_for_function(BRUSHING)
    settle(page, of="backtest")
    left, top, width, height = box(page, next(one for one in plots(page) if "BoxSelectTool" in one["tools"]))
    page.mouse.move(left + 0.3 * width, top + height / 2)
    page.mouse.down()
    page.mouse.move(left + 0.6 * width, top + height / 2, steps=5)
    page.mouse.up()
    page.wait_for_url("**since=**until=**")
    page.get_by_text("the cards above are of this stretch alone").wait_for()
    end = page.get_by_text("at the end", exact=False).first
    expect(end).not_to_have_text(whole)
    part = end.inner_text()
    page.reload()
    page.get_by_text(part).first.wait_for()
    page.get_by_role("button", name="Whole run").click()
    page.get_by_text(whole).first.wait_for()
    page.wait_for_function("!location.search.includes('since=')")
