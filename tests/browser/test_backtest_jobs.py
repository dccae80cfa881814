"""The Backtest page's form: a run that is cancelled and run again, and the benchmark that it asks for."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cqs_core.testing.command import cqs_json
from cqs_core.testing.site import Site

pytestmark = pytest.mark.browser

WAITING = """
    import os, time
    from pathlib import Path
    from cqs_core import Orders, Strategy, hookimpl

    class Waiting(Strategy):
        "Buys once a file is there."

        id = "a_waiting_rule"

        def orders(self, candles):
            end = time.monotonic() + 120
            while not Path(os.environ["MAY_GO_ON"]).exists():
                if time.monotonic() > end:
                    raise TimeoutError("nobody cancelled this job, nor let it go on")
                time.sleep(0.05)
            return Orders(enter=candles.present, weight=1 / candles.shape[1])

    @hookimpl
    def register_strategies():
        return [Waiting]
"""


@pytest.fixture(scope="module")
def bucket(sandbox, tmp_path_factory):
    """A lake with two markets and no run."""
    folder = tmp_path_factory.mktemp("jobs") / "bucket"
    cqs_json("fetch", "--symbols", "BTC,ETH", "--interval", "1d", "--bucket", folder, "--endpoint", sandbox)
    return folder


def select(page, label):
    return page.get_by_label(label, exact=True).first


def choose(page, label, option):
    select(page, label).click()
    page.get_by_role("menuitem", name=option, exact=True).click()


def run_button(page):
    return page.get_by_role("button", name="Run backtest")


def test_a_running_backtest_is_cancelled_and_the_form_runs_the_next(visit, dashboard, bucket, tmp_path):
    site = Site(tmp_path / "site")
    site.install("waiting", WAITING)
    url = dashboard(bucket, PYTHONPATH=str(site.folder), MAY_GO_ON=str(tmp_path / "go"))
    page = visit(f"{url}?view=backtest").page
    choose(page, "Strategy", "A waiting rule")
    run_button(page).click()
    page.locator(".job.running").get_by_text("orders and fills").wait_for()
    expect(run_button(page)).to_be_disabled()
    page.get_by_role("button", name="Cancel").click()
    page.locator(".job.cancelled").wait_for()
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")
    assert cqs_json("backtest", "list", "--bucket", bucket) == []
    expect(run_button(page)).to_be_enabled()
    (tmp_path / "go").touch()
    page.locator(".cqs-dock").get_by_role("button", name="Run again").click()
    page.locator(".job.done").wait_for()
    page.locator(".job.cancelled").wait_for(state="hidden")
    run_button(page).click()
    page.get_by_text("Equity and drawdown").wait_for()
    assert [run["strategy"] for run in cqs_json("backtest", "list", "--bucket", bucket)] == ["a_waiting_rule"] * 2


def test_the_form_asks_for_a_benchmark_and_the_page_says_which(visit, dashboard, bucket):
    page = visit(f"{dashboard(bucket)}?view=backtest").page
    choose(page, "Strategy", "Buy and hold")
    select(page, "Benchmark").get_by_text("Equal-weighted basket").wait_for()
    choose(page, "Benchmark", "ETH/KRW")
    run_button(page).click()
    page.get_by_text("in grey: ETH/KRW bought and held").wait_for()
    select(page, "Benchmark").get_by_text("ETH/KRW").wait_for()
    newest = cqs_json("backtest", "list", "--bucket", bucket)[0]["id"]
    assert cqs_json("backtest", "show", newest, "--bucket", bucket)["benchmark"] == "ETH/KRW"
