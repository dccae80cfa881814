"""The switch that lets a chart follow the market: what it says, when it follows and when it stops."""

from __future__ import annotations

import gc
from typing import NamedTuple

import pytest
from bokeh.document import Document
from instant import InstantShell

from cqs_core import Lake, Plugins, Series
from cqs_core.host import plugin_registry
from cqs_core.testing.candles import flat_table
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR
from cqs_panel import CandleChart, LakeCandles, LiveFeed, ended
from cqs_panel.charts.sources import DerivedCandles
from cqs_panel.state import PageState

SERIES = Series("upbit", "BTC/KRW", "1h")


class Candle(NamedTuple):
    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class News(NamedTuple):
    state: str = "connecting"
    said: str = ""
    candles: tuple = ()


class Exchange:
    """A feed whose news the test sets; it counts who has joined."""

    def __init__(self):
        self.watchers, self.why, self.news = 0, "", News()
        self.seen = []  # how many followed when another joined

    def obstacle(self, bucket, series, endpoint):
        return self.why

    def join(self, series, endpoint):
        self.seen.append(self.watchers)
        self.watchers += 1
        return Joined(self)

    def tell(self, *candles, state="live", said=""):
        self.news = News(state, said, tuple(Candle(hour * HOUR, 1.0, 2.0, 1.0, price, 1.0) for hour, price in candles))


class Joined:
    def __init__(self, exchange):
        self._exchange = exchange

    @property
    def news(self):
        if isinstance(self._exchange.news, Exception):
            raise self._exchange.news
        return self._exchange.news

    def leave(self):
        self._exchange.watchers -= 1


@pytest.fixture
def exchange(monkeypatch):
    """The only plugin."""
    made, host = Exchange(), Plugins()

    class Plugin:
        @staticmethod
        @plugin_registry.hookspecs.hookimpl
        def register_feeds():
            return [LiveFeed("made", made.obstacle, made.join)]

    host.register(Plugin, "made")
    monkeypatch.setattr(plugin_registry, "_hosts", [host])
    return made


@pytest.fixture
def lake(tmp_path):
    """Ten hours of two markets."""
    lake = Lake(str(tmp_path))
    for market in ("BTC/KRW", "ETH/KRW"):
        lake.append(Series("upbit", market, "1h"), flat_table(10, 0, interval="1h"), 0, 10 * HOUR)
    return lake


def opened(lake, source=None, past="", **query):
    shell = InstantShell(lake.bucket)
    page = PageState(shell, "x", {name.replace("_", "-"): value for name, value in query.items()})
    page.shown = True
    chart = CandleChart(page)
    chart.show(source or LakeCandles(lake.bucket, SERIES), past=past)
    return shell, page, chart


def shown(chart):
    live = chart._controls.bar.state["live"]
    return live["on"], live["said"]


def newest(chart):
    data = chart._data.data
    return data["start"][-1] / HOUR, data["close"][-1]


def test_it_is_off_until_it_is_asked_for_and_follows_what_comes(lake, exchange):
    shell, page, chart = opened(lake)
    assert (shown(chart), exchange.watchers) == ((False, ""), 0)
    chart._act("live", "1")
    assert (shown(chart), exchange.watchers) == ((True, "connecting …"), 1)
    assert page.query == {"live": "1"}
    exchange.tell((8, 7.0), (9, 8.0), (10, 1.5), (11, 1.7))  # the lake's own are left out
    shell.tick()
    assert shown(chart) == (True, "live")
    assert newest(chart) == (11, 1.7)
    exchange.tell(state="reconnecting", said="the exchange does not answer")
    shell.tick()
    assert shown(chart) == (True, "reconnecting …")
    exchange.tell((10, 1.5), (11, 1.7), (12, 1.8))
    shell.tick()
    assert newest(chart) == (12, 1.8)
    chart._act("live", "")
    assert (shown(chart), exchange.watchers, page.query) == ((False, ""), 0, {})
    assert newest(chart) == (9, 1.0)


def test_bars_that_neither_has_are_counted_until_a_job_has_stored_them(lake, exchange):
    shell, _, chart = opened(lake, live="1")
    exchange.tell((15, 1.5))
    shell.tick()
    assert shown(chart) == (True, "live · the lake is 5 bars behind; update it")
    lake.append(SERIES, flat_table(5, 10 * HOUR, interval="1h"), 10 * HOUR, 15 * HOUR)
    chart._live._one.source._stored._listed = (0.0, ())  # a listing serves for 3 s
    for call in shell.jobs:
        call(None)
    shell.tick()
    assert shown(chart) == (True, "live")
    assert [start / HOUR for start in chart._data.data["start"]] == list(range(16))


def test_a_series_that_cannot_be_followed_says_why_and_stays_off(lake, exchange):
    exchange.why = "start the dashboard with CQS_ENDPOINT=URL"
    _, page, chart = opened(lake, live="1")
    assert shown(chart) == (False, exchange.why)
    assert page.query == {}
    exchange.why = ""
    chart._act("live", "1")
    assert exchange.watchers == 1


def test_a_chart_of_the_past_says_so(lake, exchange):
    past = ended("this run", 10 * HOUR, "1h")
    assert past.startswith("this run ends 1970-01-01")
    assert ended("this run", clock.now() - HOUR, "1h") == ""
    assert ended("this run", clock.now() - 10 * DAY, "1w") == ""
    _, _, chart = opened(lake, past=past, live="1")
    assert (shown(chart), exchange.watchers) == ((False, past), 0)


def test_days_of_the_house_cannot_be_followed(lake, exchange):
    _, _, chart = opened(lake, DerivedCandles(lake.bucket, SERIES._replace(interval="1d"), 9 * HOUR))
    chart._act("live", "1")
    assert not shown(chart)[0]
    opened(lake, DerivedCandles(lake.bucket, SERIES, 9 * HOUR), live="1")
    assert exchange.watchers == 1


def test_nothing_is_followed_for_nobody(lake, exchange):
    """A hidden page, a chart that has left its page, one that was thrown away, and the end of the session."""
    shell, page, chart = opened(lake, live="1")
    page.shown = False
    assert exchange.watchers == 0
    page.shown = True
    assert exchange.watchers == 1
    document = Document()
    document.add_root(chart._price)
    shell.tick()
    document.clear()
    shell.tick()
    assert exchange.watchers == 0
    document.add_root(chart._price)
    shell.tick()
    assert exchange.watchers == 1
    for call in shell.ending:
        call()
    assert exchange.watchers == 0
    shell, page, chart = opened(lake, live="1")
    assert exchange.watchers == 1
    del chart
    page.param.watchers = {}
    gc.collect()
    assert exchange.watchers == 0


def test_another_series_is_followed_in_its_place_and_the_same_one_without_a_break(lake, exchange):
    _, _, chart = opened(lake, live="1")
    chart.show(LakeCandles(lake.bucket, SERIES))
    assert (exchange.seen, exchange.watchers) == ([0, 1], 1)
    chart.show(LakeCandles(lake.bucket, Series("upbit", "ETH/KRW", "1h")))
    assert (exchange.seen, exchange.watchers) == ([0, 1, 0], 1)


def test_what_is_compared_follows_with_the_candles(lake, exchange, monkeypatch):
    monkeypatch.setattr("cqs_panel.charts.compared_markets._SECONDS", -1.0)
    shell, _, chart = opened(lake, live="1", chart_compare="upbit ETH/KRW")
    exchange.tell((10, 3.0))
    for _ in range(3):
        shell.tick()
    lines = chart._drawn.compared.source.data
    assert (lines["times"][0][-1] / HOUR, lines["levels"][0][-1]) == (10.5, 3.0)
    assert exchange.watchers == 2
    chart._act("live", "")
    assert exchange.watchers == 0


def test_a_feed_that_breaks_is_named_and_left(lake, exchange):
    shell, _, chart = opened(lake, live="1")
    exchange.news = ZeroDivisionError("a fault")
    shell.tick()
    assert [where for where, _ in shell.faults] == ["live candles"]
    assert (shown(chart)[0], exchange.watchers) == (False, 0)


def test_without_a_feed_there_is_no_button(lake, monkeypatch):
    monkeypatch.setattr(plugin_registry, "_hosts", [Plugins()])
    assert opened(lake)[2]._controls.bar.state.get("live") is None
