"""Live prices: the last candle moves, closes, is followed; nothing goes on when nobody looks."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import psutil
import pytest
from playwright.sync_api import expect

from cqs_core import Lake, Series
from cqs_core.testing.command import cqs_json
from cqs_core.testing.waiting import until
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, MINUTE
from plots import settle

pytestmark = pytest.mark.browser

EXCHANGE = """
from cqs_core.time import clock
from cqs_data.sandbox import Sandbox, Synthetic

began = clock.now()
start = began // 60_000 * 60_000 + 20_000
sped_up = lambda: start + (clock.now() - began) * 60
with Sandbox(Synthetic(sped_up), clock=sped_up) as sandbox:
    print(sandbox.url, flush=True)
    sandbox.wait()
"""
FIND = """
window.models = () => [...Bokeh.documents[0]._all_models.values()]
window.drawn = () => models().find((m) => m.type === "ColumnDataSource" && m.data.volume && m.data.start)
window.newest = () => models().find((m) => m.type === "ColumnDataSource" && m.data.edge)
window.view = () => models().find((m) => m.type === "Range1d" && m.min_interval)
window.bars = () => { const d = drawn().data
  return Array.from(d.start).map((at, i) => [at, d.open[i], d.high[i], d.low[i], d.close[i], d.volume[i]]) }
"""
MINUTES = Series("upbit", "BTC/KRW", "1m")
OHLCV = ["open", "high", "low", "close", "volume"]


@pytest.fixture(scope="module")
def exchange():
    """A sandbox in a process of its own whose minutes close every second, so that connections to it can be counted."""
    with subprocess.Popen([sys.executable, "-c", EXCHANGE], stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip(), process
        process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def bucket(exchange, tmp_path_factory):
    """A day of minutes and ten days of hours of a market."""
    folder = tmp_path_factory.mktemp("live") / "bucket"
    today, source = clock.now() // DAY * DAY, ["--bucket", folder, "--endpoint", exchange[0]]
    cqs_json("fetch", "--symbols", "BTC", "--interval", "1m", "--start", clock.iso(today - DAY), *source)
    cqs_json("fetch", "--symbols", "BTC", "--interval", "1h", "--start", clock.iso(today - 10 * DAY), *source)
    lake = Lake(str(folder))
    unknown = lake.read(MINUTES, today - DAY, today)
    lake.append(Series("upbit", "BTX/KRW", "1m"), unknown, today - DAY, today, source="endpoint")
    return folder


@pytest.fixture
def live(visit, dashboard, bucket, exchange):
    """Open a series, live, with what finds its models."""

    pages = []

    def go(series=MINUTES, *, on=True, **how):
        url = dashboard(bucket, CQS_ENDPOINT=exchange[0])
        page = visit(address(url, series) + ("&live=1" if on else ""), height=1300, **how).page
        page.wait_for_function(
            "Bokeh.documents.length && [...Bokeh.documents[0]._all_models.values()].some("
            "(m) => m.type === 'ColumnDataSource' && m.data.volume?.length)"
        )
        page.evaluate(FIND)
        if on:
            page.locator(".said.live").wait_for()
        pages.append(page)
        return page

    yield go
    for page in pages:
        if not page.is_closed() and switch(page).get_attribute("aria-pressed") == "true":
            switch(page).click()
    until(lambda: connections(exchange) == 0)


def address(url, series):
    return f"{url}?view=data&series={str(series).replace(' ', '+')}"


def connections(exchange):
    """Established connections to the exchange: its websockets, and those kept open for REST."""
    if exchange[1].poll() is not None:
        return 0
    found = psutil.Process(exchange[1].pid).net_connections(kind="tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED for one in found)


def last_of(bucket):
    return next(one.last for one in Lake(str(bucket)).status() if one.series == MINUTES)


def switch(page):
    return page.get_by_role("button", name="Live", exact=True)


def expect_on(page, on=True):
    expect(switch(page)).to_have_attribute("aria-pressed", str(on).lower())


def test_it_is_off_until_it_is_asked_for(live, exchange):
    page = live(on=False)
    settle(page, of="data")
    expect_on(page, False)
    assert connections(exchange) == 0
    last = page.evaluate("bars().at(-1)[0]")
    switch(page).click()
    page.wait_for_url("**live=1**")
    page.locator(".said.live").wait_for()
    page.wait_for_function(f"bars().at(-1)[0] > {last}")
    page.reload()
    page.locator(".said.live").wait_for()
    expect_on(page)


def test_the_last_candle_moves_closes_and_is_followed_without_a_hole_and_the_newest_end_stays_in_view(live, bucket):
    """The line is at the last price."""
    page = live()
    last = last_of(bucket)
    page.wait_for_function(f"bars().at(-1)[0] > {last + 3 * MINUTE}")
    first = page.evaluate("bars().at(-1)")
    page.wait_for_function(f"JSON.stringify(bars().at(-1)) != '{page.evaluate('JSON.stringify(bars().at(-1))')}'")
    page.wait_for_function(f"bars().at(-1)[0] >= {first[0] + 3 * MINUTE}")
    stamps = page.evaluate("bars().map((bar) => bar[0])")
    assert stamps == list(range(int(stamps[0]), int(stamps[-1]) + 1, MINUTE))
    seen = page.evaluate("[view().start, view().end]")
    page.wait_for_function(f"view().end >= {seen[1] + 3 * MINUTE}")
    page.wait_for_function("newest().data.price[0] === bars().at(-1)[4]")
    page.wait_for_function(f"view().end - view().start === {seen[1] - seen[0]} && newest().data.x[0] === view().end")
    page.wait_for_function(f"Math.abs(view().end - bars().at(-1)[0]) <= {2 * MINUTE}")


@pytest.mark.soak
def test_who_has_panned_away_stays_where_he_is(live):
    page = live()
    page.wait_for_function("newest().data.end.length")
    page.evaluate("(() => { const v = view(); v.setv({start: v.start - 36e5, end: v.end - 36e5}) })()")
    page.wait_for_function("Bokeh.documents.every((one) => one.is_idle)")
    seen, end = page.evaluate("[view().start, view().end]"), page.evaluate("newest().data.end[0]")
    page.wait_for_function(f"newest().data.end[0] >= {end + 3 * MINUTE}")
    assert page.evaluate("[view().start, view().end]") == seen


def test_zoomed_out_the_bucket_of_the_live_candle_is_exact(live, bucket, exchange):
    from cqs_data.feeds import join

    page = live()
    page.evaluate("(() => { const v = view(); v.setv({start: v.end - 26 * 36e5, end: v.end}) })()")
    page.wait_for_function("drawn().data.step[0] === 180000")
    shown = page.evaluate("bars().at(-1)[0]")
    feed = join(MINUTES, exchange[0])
    try:
        page.wait_for_function(f"bars().at(-1)[0] >= {shown} + 2 * 180000")  # what was live then is compared
        bars, frame = page.evaluate("bars()"), Lake(str(bucket)).frame(feed.series)
        until(lambda: feed.news.closed and feed.news.closed[-1].ts >= bars[-1][0])
        rows = dict(zip(frame.index.as_unit("ms").asi8.tolist(), frame[OHLCV].to_numpy().tolist(), strict=True))
        rows |= {c.ts: [c.open, c.high, c.low, c.close, c.volume] for c in feed.news.closed if c.ts > max(rows)}
    finally:
        feed.leave()
    assert len(bars) > 300
    for start, opened, high, low, close, volume in bars[1:-2]:
        inside = [rows[ts] for ts in range(int(start), int(start) + 3 * MINUTE, MINUTE)]
        assert opened == inside[0][0]
        assert high == max(row[1] for row in inside)
        assert low == min(row[2] for row in inside)
        assert close == inside[-1][3]
        assert volume == pytest.approx(sum(row[4] for row in inside))


def test_switching_off_ends_the_upstream_and_shows_the_lake_again(live, exchange, bucket):
    page = live()
    until(lambda: connections(exchange) > 0)
    switch(page).click()
    until(lambda: connections(exchange) == 0)
    page.wait_for_function("!location.search.includes('live')")
    last = last_of(bucket)
    page.wait_for_function(f"bars().at(-1)[0] === {last} && view().end <= {last + 60 * MINUTE}")
    page.wait_for_function("newest().data.price[0] === bars().at(-1)[4]")


def test_it_ends_for_another_series_for_a_hidden_view_and_with_the_session(live, exchange):
    page = live()
    page.locator(".tabulator-cell", has_text="1h").first.click()
    page.get_by_text("upbit BTC/KRW 1h", exact=True).wait_for()
    until(lambda: connections(exchange) == 0)
    expect_on(page, False)
    switch(page).click()
    page.locator(".said.live").wait_for()
    page.locator(".sidebar").get_by_text("Jobs", exact=True).click()
    until(lambda: connections(exchange) == 0)
    page.locator(".sidebar").get_by_text("Data", exact=True).click()
    until(lambda: connections(exchange) > 0)
    page.context.close()
    until(lambda: connections(exchange) == 0)


@pytest.mark.soak
def test_windows_share_one_upstream(live, exchange):
    live()
    alone = connections(exchange)
    live()
    assert connections(exchange) == alone


def test_a_series_that_does_not_fit_says_why(visit, dashboard, bucket):
    page = visit(address(dashboard(bucket), MINUTES) + "&live=1").page
    page.get_by_text("start the dashboard with CQS_ENDPOINT=URL").wait_for()
    expect_on(page, False)


def test_what_the_exchange_refuses_is_said_in_the_header(visit, dashboard, bucket, exchange):
    url = dashboard(bucket, CQS_ENDPOINT=exchange[0])
    page = visit(address(url, Series("upbit", "BTX/KRW", "1m")) + "&live=1").page
    page.locator(".said.refused").get_by_text("does not have market symbol BTX/KRW; switch Live off and on").wait_for()


@pytest.mark.parametrize("dark", [pytest.param(False, marks=pytest.mark.soak), True])
def test_a_phone_has_room_for_it(live, dark):
    page = live(width=420, dark=dark)
    page.wait_for_function("document.documentElement.scrollWidth <= 420")


@pytest.mark.soak
def test_a_lost_connection_is_said(live, exchange):
    """The last one: afterwards the exchange is gone."""
    page = live()
    exchange[1].kill()
    exchange[1].wait()
    page.locator(".said.reconnecting").get_by_text("reconnecting …").wait_for()
    expect(page.locator(".said")).to_have_attribute("title", re.compile("^upbit"))  # why, on hover
