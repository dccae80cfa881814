"""The Validate page: the tests of a run, and those of the best set of a sweep, which is run and kept first."""

from __future__ import annotations

import pytest

from cqs_core.testing.command import cqs_json
from plots import settle

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SLOW = 90_000  # ms in which four jobs are done on a busy machine


@pytest.fixture(scope="module")
def bucket(sandbox, tmp_path_factory):
    """A lake with two markets."""
    folder = tmp_path_factory.mktemp("tested") / "bucket"
    cqs_json("fetch", "--symbols", "BTC,ETH", "--interval", "1d", "--bucket", folder, "--endpoint", sandbox)
    return folder


@pytest.fixture(scope="module")
def swept(bucket):
    """A finished sweep of six sets."""
    ranges = ("--param", "noise_ratio=0.3,0.6", "--param", "btc_ma=5,10,15")
    command = ("backtest", "sweep", "volatility_breakout", "--symbols", "BTC,ETH", "--bucket", bucket, *ranges)
    return cqs_json(*command)["sweep"]


def verdict(page, name):
    """The card of a verdict, by its exact name."""
    return page.locator(".verdict").filter(has=page.locator("dt", has_text=name)).first


def run(bucket, *options):
    command = ("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--bucket", bucket, *options)
    return cqs_json(*command)["run"]


def test_a_run_is_tested_from_its_own_page_and_the_answers_are_those_of_the_commands(visit, dashboard, bucket):
    made = run(bucket, "--set", "noise_ratio=0.4")
    seen = visit(f"{dashboard(bucket)}?view=backtest&run={made}")
    page = seen.page
    page.get_by_role("button", name="Validate", exact=True).click()
    page.wait_for_function("location.search.includes('view=validate')")
    page.get_by_text("What the tests say").wait_for(timeout=SLOW)
    settle(page, of="validate")  # a field that is drawn again while it is filled keeps what was in it, too
    page.get_by_role("textbox", name="Days to choose").fill("200")
    page.get_by_role("textbox", name="Days to try").fill("60")
    page.get_by_role("textbox", name="Days to try").press("Tab")
    page.wait_for_function("location.search.includes('test_days=60')")
    page.get_by_role("button", name="Run the tests").click()
    for name in ("p-value of the entries", "Stress", "Ruin", "Walk-forward efficiency"):
        verdict(page, name).wait_for(timeout=SLOW)
    page.locator(".job.done").first.wait_for()
    settle(page, of="validate")
    p_value = cqs_json("backtest", "permute", made, "--no-keep", "--bucket", bucket)["p_value"]
    verdict(page, "p-value of the entries").get_by_text(f"{p_value:.3f}", exact=True).wait_for()
    weakest = cqs_json("backtest", "stress", made, "--no-keep", "--bucket", bucket)["weakest"]
    page.get_by_text(weakest[1:]).first.wait_for()
    [walk] = cqs_json("backtest", "searches", "--bucket", bucket)
    assert (walk["kind"], walk["done"]) == ("walk-forward", True)
    page.get_by_role("button", name="Test again").first.wait_for()
    seen.wait_to_fit()


@pytest.mark.parametrize(("width", "dark"), [(420, True)])
def test_the_best_set_of_a_sweep_is_kept_as_a_run_and_tested(visit, dashboard, bucket, swept, width, dark):
    before = len(cqs_json("backtest", "list", "--bucket", bucket))
    address = f"?view=validate&sweep={swept}&tests=permute,stress&shifts=1&samples=50"
    seen = visit(dashboard(bucket) + address, width=width, dark=dark)
    page = seen.page
    page.get_by_text("its best set is run and kept before it is tested").wait_for(timeout=SLOW)
    page.get_by_role("button", name="Run the tests: settings").click()
    page.get_by_role("button", name="Run the tests", exact=True).click()
    for name in ("Stress", "p-value of the entries"):
        verdict(page, name).wait_for(timeout=SLOW)
    runs = cqs_json("backtest", "list", "--bucket", bucket)
    assert len(runs) == before + 1
    best = cqs_json("backtest", "searches", swept, "--bucket", bucket)["result"]["best"]
    made = cqs_json("backtest", "show", runs[0]["id"], "--bucket", bucket)
    assert made["performance"]["sharpe"] == pytest.approx(best["sharpe"])
    seen.wait_to_fit()


def test_a_run_that_is_not_there_is_said_and_one_can_be_chosen(visit, dashboard, bucket, swept):
    page = visit(f"{dashboard(bucket)}?view=validate&run=nothing").page
    page.get_by_text("unknown run 'nothing'").wait_for()
    page.get_by_text("Nothing chosen", exact=True).wait_for()
    page.get_by_label("Run or sweep").first.click()
    page.get_by_text("Sweep of 6 sets: Volatility breakout").first.click()
    page.wait_for_function(f"location.search.includes('sweep={swept}')")
    page.get_by_text("What the tests say").wait_for(timeout=SLOW)
