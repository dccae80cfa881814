"""The candle chart: whatever happens in whatever order, it ends up with exact buckets in view."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_panel import CandleChart, FrameCandles, TailedCandles
from cqs_panel.charts.buckets import MINUTE
from cqs_panel.state import PageState

START = 1_700_000_000_000 // 86_400_000 * 86_400_000
STORED = 3_000
OHLCV = ["open", "high", "low", "close", "volume"]


def candle(minute, nudge=0.0):
    close = 100 + np.sin(minute / 50) * 10
    return (START + minute * MINUTE, close - 0.5, close + 1 + nudge, close - 1, close + nudge, 1.0 + nudge)


STORE = pd.DataFrame(
    [candle(minute)[1:] for minute in range(STORED)],
    index=pd.DatetimeIndex(pd.to_datetime([START + m * MINUTE for m in range(STORED)], unit="ms", utc=True)),
    columns=OHLCV,
)


class Slow:
    """A shell whose work is done when it is asked for, and arrives when the test says so."""

    def __init__(self):
        self.under_way, self.waiting = {}, {}

    def spawn(self, page, work, show, *, quiet):
        if show in self.under_way:
            self.waiting[show] = work
        else:
            self.under_way[show] = work()

    def arrive(self, which=0):
        if not self.under_way:
            return
        show = list(self.under_way)[which % len(self.under_way)]
        show(self.under_way.pop(show))
        if (work := self.waiting.pop(show, None)) is not None:
            self.spawn(None, work, show, quiet=True)

    def settle(self):
        for _ in range(100):
            self.arrive()
        assert not self.under_way


def opened():
    shell = Slow()
    chart = CandleChart(PageState(shell, "x"))
    source = TailedCandles(FrameCandles(STORE, "1m"))
    chart.show(source)
    return shell, chart, source


def exact(chart, source):
    """Whether what is in view is what the source has."""
    drawn, shown = chart._data.data, chart._price.x_range
    want = source.buckets(START, START + 10_000 * MINUTE, chart.step)
    seen = (want.ts + chart.step > shown.start) & (want.ts < shown.end)
    place = {at: i for i, at in enumerate(drawn["start"].tolist())}
    assert sorted(place) == drawn["start"].tolist()
    for i in np.flatnonzero(seen):
        at = place[want.ts[i]]
        assert [drawn[name][at] for name in OHLCV] == pytest.approx([getattr(want, name)[i] for name in OHLCV])


doings = st.one_of(
    st.tuples(st.just("arrive"), st.integers(0, 2)),
    st.tuples(st.just("tick"), st.integers(0, 3)),
    st.tuples(st.just("correct"), st.integers(1, 30)),
    st.tuples(st.just("off"), st.just(0)),
    st.tuples(st.just("show"), st.tuples(st.integers(0, STORED + 60), st.sampled_from([50, 240, 1_500, 3_000]))),
)


@pytest.mark.once
@settings(deadline=None, max_examples=60)
@given(st.lists(doings, max_size=25))
def test_whatever_happens_the_view_ends_up_exact(happening):
    shell, chart, source = opened()
    shell.settle()
    count, nudges = 0, {}
    for what, how in happening:
        if what == "arrive":
            shell.arrive(how)
        elif what == "show":
            end = START + how[0] * MINUTE
            chart._price.x_range.update(start=end - how[1] * MINUTE, end=end)
        else:
            count = 0 if what == "off" else count + how if what == "tick" else count
            at = max(STORED, STORED + count - (how if what == "correct" else 1))  # both tell the same of what is stored
            nudges[at] = nudges.get(at, 0.0) + 0.25
            since = source.follow([candle(m, nudges.get(m, 0.0)) for m in range(STORED - 5, STORED + count) if count])
            if since is not None:
                chart.redraw(since)
    shell.settle()
    exact(chart, source)


def test_a_tick_sends_no_more_than_the_last_bucket(monkeypatch):
    shell, chart, source = opened()
    shell.settle()
    chart.redraw(source.follow([candle(STORED)]))
    shell.settle()
    sent = []
    chart._data.on_change("data", lambda attr, old, new: sent.append("all"))
    monkeypatch.setattr(ColumnDataSource, "patch", lambda _, patches: sent.append(patches))
    chart.redraw(source.follow([candle(STORED, 0.5)]))
    shell.settle()
    last = len(chart._data.data["start"]) - 1
    assert [[part for part, _ in patches["close"]] for patches in sent] == [[slice(last, last + 1)]]


def test_a_source_that_was_left_draws_nothing_any_more():
    shell, chart, source = opened()
    shell.settle()
    chart.redraw(source.follow([candle(STORED)]))
    chart.show(TailedCandles(FrameCandles(STORE[:100], "1m")))
    shell.settle()
    assert chart._data.data["start"][-1] == START + 99 * MINUTE
    assert chart._newest.data.data["end"] == [START + 100 * MINUTE]


def test_a_chart_that_no_browser_has_yet_comes_with_its_axes_set():
    shell, chart, _ = opened()
    shell.settle()
    drawn, shown = chart._data.data, chart._price.x_range
    seen = (drawn["ts"] >= shown.start) & (drawn["ts"] <= shown.end)
    low, high = drawn["low"][seen].min(), drawn["high"][seen].max()
    price, volume = chart._price.y_range, chart._volume.y_range
    assert price.start < low < high < price.end
    assert price.end - price.start < 1.2 * (high - low)
    assert (volume.start, volume.end) == (0, pytest.approx(1.08 * drawn["volume"][seen].max()))


def test_a_chart_in_a_document_is_left_to_its_browser():
    shell, chart, _ = opened()
    Document().add_root(chart._price)
    shell.settle()
    assert (chart._price.y_range.start, chart._price.y_range.end) == (0, 1)
