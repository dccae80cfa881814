"""The charts of all pages follow the market: one button, and one connection for all who look at the same series."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import expect

from cqs_core.testing.command import cqs_json
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR
from cqs_data.sandbox import Sandbox, Synthetic

pytestmark = pytest.mark.browser

HEAD = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
NEWEST = """() => [...Bokeh.documents[0]._all_models.values()]
  .filter((m) => m.type === "ColumnDataSource" && m.data.edge?.length).map((m) => m.data.end[0])"""


@pytest.fixture(scope="module")
def market():
    """An exchange that can stop, and return at its address with a clock that is ahead."""
    running = [Sandbox(Synthetic()).__enter__()]
    port = int(running[0].url.rpartition(":")[2])

    def stop():
        running.pop().__exit__(None, None, None)

    def start(ahead=0):
        def later():
            return clock.now() + ahead

        running.append(Sandbox(Synthetic(later), port, later).__enter__())

    yield running[0].url, stop, start
    while running:
        stop()


@pytest.fixture(scope="module")
def bucket(market, tmp_path_factory):
    """Candles of two markets up to now, a run up to now and one of the past, and a bot that trades."""
    folder, today = tmp_path_factory.mktemp("everywhere") / "bucket", clock.now() // DAY * DAY
    source = ("--bucket", folder, "--endpoint", market[0], "--symbols", "BTC,ETH")
    for interval, days in (("1h", 20), ("1d", 90)):
        cqs_json("fetch", "--interval", interval, "--start", clock.iso(today - days * DAY), *source)
    korea = dt.datetime.fromtimestamp((clock.now() - 3 * DAY) / 1000, dt.timezone(dt.timedelta(hours=9)))
    log = folder / "logs" / "Main" / f"trades_{korea:%Y-%m-%d}.csv"
    log.parent.mkdir(parents=True)
    row = f"{korea.isoformat(timespec='seconds')},{korea:%Y-%m-%d},BUY,BTC,1000.0,5.0,5000.0,,\r\n"
    log.write_text(HEAD + row, newline="")
    return folder


@pytest.fixture(scope="module")
def runs(bucket):
    run = ("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--interval", "1h", "--bucket", bucket)
    end = clock.iso(clock.now() // DAY * DAY - 9 * DAY)[:10]
    return cqs_json(*run)["run"], cqs_json(*run, "--end", end)["run"]


def button(page):
    return page.get_by_role("button", name="Live", exact=True)


def on(page, wanted=True):
    expect(button(page)).to_have_attribute("aria-pressed", str(wanted).lower())


def said(page, state):
    return page.locator(f".said.{state}:visible")


def show(page, name):
    page.locator(".sidebar").get_by_text(name, exact=True).click()


def watch(page):
    """Two markets on the watchlist, one of which the lake does not have, at live prices."""
    card = page.locator(".cqs-watchlist")
    card.get_by_text("You watch no market yet").wait_for()
    card.get_by_role("button", name="Edit").click()
    add = card.get_by_role("combobox", name="Add a market")
    for market in ("BTC/KRW", "SOL/KRW"):
        add.fill(market)
        add.press("Enter")
        card.get_by_role("listitem").filter(has_text=market).get_by_title("live, ").wait_for()
    expect(card.get_by_role("link", name="BTC/KRW")).to_have_count(1)
    expect(card.get_by_role("link", name="SOL/KRW")).to_have_count(0)
    card.get_by_role("button", name="Edit").click()
    expect(add).to_be_hidden()


def test_every_page_follows_the_market_and_recovers_with_it(visit, dashboard, bucket, runs, market):
    """Overview, Monitor, Compare and a run; hidden pages follow nothing; an exchange that returns needs no reload."""
    url, stop, start = market
    address = dashboard(bucket, CQS_ENDPOINT=url)
    page = visit(f"{address}?view=overview&live=1", height=2400).page
    said(page, "live").wait_for()
    watch(page)
    show(page, "Monitor")
    page.wait_for_url("**view=monitor**")
    button(page).wait_for()
    on(page, False)
    button(page).click()
    said(page, "live").wait_for()
    page.wait_for_url("**live=1**")
    stop()
    said(page, "reconnecting").wait_for()
    start(ahead=2 * HOUR)
    page.wait_for_function(f"Math.max(...({NEWEST})()) > {clock.now() + HOUR}")
    said(page, "live").wait_for()
    stop()
    start()
    for query in (f"view=backtest&run={runs[0]}", "view=compare&account=Main"):
        page.goto(f"{address}?{query}&live=1")
        said(page, "live").first.wait_for()
    page.goto(f"{address}?view=backtest&run={runs[1]}")
    button(page).click()
    said(page, "refused").get_by_text("this run ends").wait_for()
    on(page, False)
    page.wait_for_function("!location.search.includes('live=')")
