"""The Backtest page: a run by URL, its trades on candles, kept runs, a comparison; the report, network blocked."""

from __future__ import annotations

import re

import pytest

from cli import cqs, cqs_json

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def kept(sandbox, tmp_path_factory):
    """A bucket with two runs, and their ids."""
    bucket = tmp_path_factory.mktemp("runs") / "bucket"
    cqs_json("fetch", "--symbols", "BTC,ETH", "--interval", "1d", "--bucket", bucket, "--endpoint", sandbox)
    run = ("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--bucket", bucket)
    return bucket, [cqs_json(*run, "--set", f"noise_ratio={ratio}")["run"] for ratio in (0.4, 0.6)]


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (420, True)])
def test_a_run_opens_by_its_address_and_fits(visit, dashboard, kept, width, dark):
    bucket, runs = kept
    seen = visit(f"{dashboard(bucket)}?view=backtest&run={runs[0]}", width=width, dark=dark)
    page = seen.page
    for text in ("Look-ahead", "Parity", "Max drawdown", "Equity and drawdown", "Rolling Sharpe", "Months", "Trades"):
        page.get_by_text(text).first.wait_for()
    assert (
        page.get_by_text("Sharpe", exact=True).first.locator("xpath=..").get_attribute("title").startswith("mean over")
    )
    assert seen.overflow() <= 0


def test_the_form_takes_what_the_run_was_made_of(visit, dashboard, kept):
    bucket, runs = kept
    page = visit(f"{dashboard(bucket)}?view=backtest&run={runs[1]}").page
    page.get_by_text("Noise ratio").locator("xpath=..").get_by_text("0.60").first.wait_for()


def test_a_click_on_a_trade_shows_its_candles(visit, dashboard, kept):
    bucket, runs = kept
    page = visit(f"{dashboard(bucket)}?view=backtest&run={runs[0]}").page
    page.locator(".tabulator-row .tabulator-cell[tabulator-field=reason]").first.wait_for(state="attached")
    cell = page.locator(".tabulator-row .tabulator-cell[tabulator-field=symbol]").first
    market = cell.inner_text()
    cell.click()
    page.get_by_text(f"upbit {market} 1d").wait_for()
    page.get_by_text("fills of this run").wait_for()


def test_kept_runs_open_by_a_click_and_the_back_button_returns(visit, dashboard, kept):
    bucket, runs = kept
    page = visit(f"{dashboard(bucket)}?view=backtest").page
    page.locator(".tabulator-row .tabulator-cell[tabulator-field=strategy]").first.click()
    page.get_by_text(f"run {runs[1]}").wait_for()
    assert f"run={runs[1]}" in page.url
    page.go_back()
    page.wait_for_function("!location.search.includes('run=')")


def test_two_runs_side_by_side(visit, dashboard, kept):
    bucket, runs = kept
    page = visit(f"{dashboard(bucket)}?view=backtest&compare={','.join(runs)}").page
    page.get_by_text("Settings that differ").wait_for()
    page.get_by_text("noise_ratio").first.wait_for()
    page.get_by_text("Trades against run 1").wait_for()


def test_an_unknown_run_is_said_and_the_page_lives_on(visit, dashboard, kept):
    bucket, _ = kept
    page = visit(f"{dashboard(bucket)}?view=backtest&run=nothing").page
    page.get_by_text("unknown run 'nothing'").wait_for()
    page.get_by_role("button", name="Run backtest").wait_for()


def test_the_report_opens_with_the_network_blocked(chromium, kept, tmp_path):
    bucket, runs = kept
    path = tmp_path / "report.html"
    cqs("backtest", "report", runs[0], "--output", path, "--bucket", bucket)
    page = chromium.new_page()
    asked = []
    page.route(re.compile(r"^(?!file:)"), lambda route: (asked.append(route.request.url), route.abort()))
    page.goto(path.as_uri())
    assert page.locator("svg").count() >= 3
    assert page.get_by_text("Excess kurtosis").is_visible()
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert asked == []
    page.close()
