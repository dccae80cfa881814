"""Feeds: one upstream for all who watch, and none for nobody."""

from __future__ import annotations

import gc
import threading

import pytest

from cqs_core import Series
from cqs_core.testing.ports import free_port
from cqs_core.testing.waiting import until
from cqs_core.time import clock
from cqs_core.time.intervals import MINUTE
from cqs_data.feeds import HISTORY, join, obstacle
from cqs_data.sandbox import Sandbox, Synthetic

pytestmark = pytest.mark.once

BTC = Series("upbit", "BTC/KRW", "1m")


def upstreams():
    return [thread for thread in threading.enumerate() if thread.name.startswith("live ")]


@pytest.fixture
def joined():
    """Join feeds, and leave those that are left."""
    feeds = []

    def go(series, endpoint):
        feeds.append(join(series, endpoint))
        return feeds[-1]

    yield go
    for feed in feeds:
        feed.leave()
    until(lambda: not upstreams())


@pytest.fixture
def fast():
    """An exchange whose minutes close every second; it and its candles."""
    began, start = clock.now(), clock.now() // MINUTE * MINUTE + 20_000

    def sped_up():
        return start + (clock.now() - began) * 60

    source = Synthetic(sped_up)
    with Sandbox(source, clock=sped_up) as running:
        yield running, source


def test_a_page_of_closed_candles_comes_before_the_one_under_way(joined, sandbox):
    feed = joined(BTC, sandbox.url)
    until(lambda: feed.news.state == "live")
    news = feed.news
    assert [candle.closed for candle in news.candles] == [True] * len(news.closed) + [False]
    assert news.candle.ts == pytest.approx(clock.now() // MINUTE * MINUTE, abs=MINUTE)
    assert news.closed[0].ts >= news.candle.ts - HISTORY * MINUTE
    truth = Synthetic().bars("upbit", "BTC/KRW", "1m", news.closed[0].ts, news.candle.ts)
    assert [candle.ts for candle in news.closed] == truth.ts.tolist()
    shown = [[c.open, c.high, c.low, c.close, c.volume] for c in news.closed]
    assert shown == [pytest.approx(row) for row in truth.values.tolist()]


def test_a_candle_closes_as_the_exchange_has_it_and_is_followed_by_the_next(joined, fast):
    running, source = fast
    feed = joined(BTC, running.url)
    until(lambda: feed.news.state == "live")
    first = feed.news.candle.ts
    until(lambda: feed.news.candle and feed.news.candle.ts >= first + 3 * MINUTE)
    closed = [candle for candle in feed.news.closed if candle.ts >= first - MINUTE]
    truth = source.bars("upbit", "BTC/KRW", "1m", first - MINUTE, closed[-1].ts + 1)
    assert [candle.ts for candle in closed] == truth.ts.tolist()
    assert [candle.close for candle in closed] == truth.values[:, 3].tolist()
    assert [candle.volume for candle in closed] == pytest.approx(truth.values[:, 4].tolist())


def test_those_who_watch_share_one_upstream_and_the_last_one_ends_it(sandbox):
    first, second = join(BTC, sandbox.url), join(BTC, sandbox.url)
    assert first is second
    until(lambda: first.news.state == "live")
    assert len(upstreams()) == 1
    first.leave()
    assert second.running
    second.leave()
    until(lambda: not upstreams())
    assert not second.running


def test_one_who_leaves_at_once_leaves_nothing_behind(sandbox):
    join(BTC, sandbox.url).leave()
    until(lambda: not upstreams())
    again = join(BTC, sandbox.url)  # is not held up
    until(lambda: again.news.state == "live")
    again.leave()
    until(lambda: not upstreams())


def test_what_the_exchange_refuses_is_said_in_one_line_and_asked_again_by_who_joins_anew(joined, sandbox):
    feed = joined(Series("upbit", "BTX/KRW", "1m"), sandbox.url)
    until(lambda: feed.news.state == "refused")
    assert "BTX/KRW" in feed.news.said
    assert "\n" not in feed.news.said
    until(lambda: not feed.running)
    assert joined(Series("upbit", "BTX/KRW", "1m"), sandbox.url) is not feed


def test_a_lost_connection_is_said_and_what_it_missed_comes_after(joined, caplog):
    port = free_port()
    with Sandbox(Synthetic(), port) as first:
        feed = joined(BTC, first.url)
        until(lambda: feed.news.state == "live")
    until(lambda: feed.news.state == "reconnecting")
    assert feed.news.said
    gc.collect()
    assert "destroyed" not in caplog.text  # tasks of the exchange that was ended while it was listened to
    before, newest = len(feed.news.closed), feed.news.candle.ts

    def sped_up():
        return clock.now() + 7 * MINUTE

    with Sandbox(Synthetic(sped_up), port, sped_up):
        until(lambda: feed.news.state == "live" and feed.news.candle.ts > newest)
        until(lambda: len(feed.news.closed) >= before + 7)
        stamps = [candle.ts for candle in feed.news.candles]
        assert stamps == list(range(stamps[0], stamps[-1] + 1, MINUTE))


def test_a_fault_of_ours_is_raised_where_news_are_asked(joined, monkeypatch):
    async def broken(*_, **__):
        raise ZeroDivisionError("a fault")
        yield

    monkeypatch.setattr("cqs_data.feeds.candle_feed.live_candles", broken)
    feed = joined(BTC, "http://127.0.0.1:9")
    until(lambda: not feed.running)
    with pytest.raises(ZeroDivisionError, match="a fault"):
        _ = feed.news


@pytest.mark.parametrize(
    ("series", "sources", "endpoint", "said"),
    [
        (BTC, ("endpoint",), "http://127.0.0.1:1", ""),
        (BTC, ("exchange",), None, ""),
        (BTC, ("import",), None, ""),
        (BTC, ("endpoint", "import"), None, "CQS_ENDPOINT=URL"),
        (BTC, ("exchange",), "http://127.0.0.1:1", "without CQS_ENDPOINT"),
        (BTC, ("import",), "http://127.0.0.1:1", "without CQS_ENDPOINT"),
        (Series("bithumb", "BTC/KRW", "1d"), ("import",), None, "no candles of 1d"),
        (Series("bitflyer", "BTC/JPY", "1h"), ("exchange",), None, "no live prices that ccxt can follow"),
        (Series("upbti", "BTC/KRW", "1d"), ("import",), None, "did you mean 'upbit'"),
    ],
)
def test_what_is_in_the_way_is_said_with_the_remedy(series, sources, endpoint, said):
    told = obstacle(series, sources, endpoint)
    assert (said in told) if said else not told


def test_an_exchange_without_websockets_refuses_in_one_line(joined):
    feed = joined(Series("bitflyer", "BTC/JPY", "1h"), "http://127.0.0.1:9")
    until(lambda: feed.news.state == "refused")
    assert feed.news.said.startswith("bitflyer has no live prices")
    feed = joined(Series("bitstamp", "BTC/USD", "1h"), "http://127.0.0.1:9")
    until(lambda: feed.news.state == "refused")
    assert feed.news.said.startswith("bitstamp has no live prices")
