"""Indicators on candle charts: right at any zoom and from any place, whatever an address or a plugin gives."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
import pandas as pd
import panel as pn
import pytest
from bokeh.models import ColumnDataSource, Span

from cqs_core import plugins
from cqs_panel import FrameCandles, Indicator
from cqs_panel.charts.buckets import MINUTE
from cqs_panel.charts.chart_controls import ChartControls
from cqs_panel.charts.chosen_indicators import ChosenIndicator, from_address, indicator_lines, to_address
from cqs_panel.charts.indicator_panes import IndicatorPanes
from cqs_panel.charts.layers import Layers
from cqs_panel.charts.style import time_figure
from cqs_panel.state import PageState
from cqs_panel.theme import tones

ROWS = 6_000
ys = attrgetter("values")


def mean(candles, n):
    """As `cqs_backtest.indicators`: a row has what is known at its open."""
    values = pd.Series(candles.close[:, 0])
    return values[values.notna()].rolling(n).mean().reindex(values.index).shift(1).to_numpy()


def broken(candles, n):
    raise ValueError("no such day")


KNOWN = {
    "mean": Indicator("mean", "Mean", mean, {"n": 20}),
    "twice": Indicator("twice", "Twice", lambda candles, n: {"a": mean(candles, n), "b": mean(candles, 2 * n)[:, None]},
                       {"n": 5}, below=True, levels=[100], memory=2),
    "wide": Indicator("wide", "Wide", mean, {"n": 3, "width": 2.0}),
    "broken": Indicator("broken", "Broken", broken, {"n": 1}),
    "short": Indicator("short", "Short", lambda candles, n: np.zeros(3), {"n": 1}),
}  # fmt: skip


@pytest.fixture(scope="module")
def source():
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, ROWS)))
    index = pd.date_range("2024-01-01", periods=ROWS, freq="1min", tz="UTC")
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=index)
    return FrameCandles(frame[rng.random(ROWS) > 0.3], "1m")  # a market with holes


@pytest.mark.parametrize("step", [MINUTE, 15 * MINUTE])
def test_a_window_shows_what_the_whole_series_shows(source, step):
    first, last = source.span()
    bars = source.buckets(first, last + 1, step)
    window = int(bars.ts[len(bars) // 2]), int(bars.ts[-1]) + step
    [line], faults = indicator_lines(source, window, step, from_address("mean:40", KNOWN))
    want = pd.Series(bars.close, bars.ts + step // 2).rolling(40).mean()
    assert not faults
    assert ys(line) == pytest.approx(want[line.ts].to_numpy())
    assert line.ts[0] == window[0] + step // 2
    assert line.ts[-1] == bars.ts[-1] + step // 2  # the newest candle has its own value


def test_several_lines_stand_in_a_pane_with_their_levels(source):
    first, last = source.span()
    found, _ = indicator_lines(source, (first, last), MINUTE, from_address("mean:9,twice:5", KNOWN))
    assert [(line.label, line.key, line.place) for line in found] == [
        ("Mean", "0", ""), ("a", "1", "0"), ("b", "1", "0"), ("", "", "0"),
    ]  # fmt: skip
    assert ys(found[-1]).tolist() == [100, 100]


def test_what_fails_is_named_and_the_others_are_drawn(source, monkeypatch):
    monkeypatch.setattr(plugins(), "problems", [])  # those of this process
    first, last = source.span()
    found, faults = indicator_lines(source, (first, last), MINUTE, from_address("broken,short,mean", KNOWN))
    assert [line.label for line in found] == ["Mean"]
    assert faults[0] == "Broken cannot be drawn: no such day"
    assert "it returned shape (3,)" in faults[1]
    assert [problem.where for problem in plugins().problems] == ["indicator broken", "indicator short"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("mean:7,wide:4:1.5", "mean:7,wide:4:1.5"),
        ("mean", "mean:20"),
        ("mean:0,mean:-3,mean:nan,mean:1e9,mean:x,mean:2:3", "mean:20,mean:2"),
        ("<b>,,nothing:5", ""),
        (",".join(f"mean:{n}" for n in range(1, 50)), ",".join(f"mean:{n}" for n in range(1, 9))),
    ],
)
def test_an_address_is_read_as_far_as_it_can_be(text, read):
    assert to_address(from_address(text, KNOWN)) == read


def test_a_changed_parameter_stays_whole_or_as_it_was():
    one = ChosenIndicator(KNOWN["wide"], KNOWN["wide"].parameters)
    assert one.changed(["9.7", "2.5"]).parameters == {"n": 9, "width": 2.5}
    assert one.changed(["", None]).parameters == one.parameters


class Panes:
    """Panes on a page whose threads are done when the test says so."""

    def __init__(self, text):
        self.waiting = {}
        self.page = PageState(self, "x", {"chart-lines": text})
        controls, figure = ChartControls(self.page, "p1", print), time_figure(300)
        self.layers = Layers(figure, tones())
        self.bar = controls.bar
        figures = pn.Column(figure, figure)
        self.panes = IndicatorPanes(self.page, controls, self.layers, figures, figure.x_range, Span())

    def spawn(self, page, work, show, *, quiet):
        self.waiting[show] = work

    def address(self, page):
        """The address is written."""

    def settle(self):
        while self.waiting:
            show, work = self.waiting.popitem()
            show(work())

    @property
    def loading(self):
        return [chip["loading"] for chip in self.bar.state["shown"]]

    @property
    def drawn(self):
        data = self.layers.lines.data
        return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]


@pytest.fixture
def registered(monkeypatch):
    given = []

    def counted(candles, n):
        given.append(len(candles.ts))
        return mean(candles, n)

    known = KNOWN | {"counted": Indicator("counted", "Counted", counted, {"n": 20})}
    monkeypatch.setattr(type(plugins()), "indicators", lambda _: known)
    return given


def tailed(rows, nudge=0.0):
    close = 100 + np.sin(np.arange(rows) / 30)
    close[-1] += nudge
    index = pd.date_range("2024-01-01", periods=rows, freq="1min", tz="UTC")
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=index)
    return FrameCandles(frame, "1m")


def test_a_tick_computes_and_sends_only_what_it_changes(registered, monkeypatch):
    shown = Panes("counted:20,twice:5")
    one = tailed(500)
    first, last = one.span()
    shown.panes.follow(one, first, last + MINUTE, MINUTE)
    assert shown.loading == [True, True]
    shown.settle()
    assert (shown.loading, registered) == ([False, False], [501])
    sent, patch = [], ColumnDataSource.patch
    monkeypatch.setattr(ColumnDataSource, "patch", lambda self, part: (sent.append(part), patch(self, part)))
    two = tailed(500, 0.5)
    shown.panes.renew(two, last, last + MINUTE)
    shown.settle()
    assert registered[1] < 50
    assert [[where for where, _ in patch["ys"]] for patch in sent] == [[(row, slice(499, 500)) for row in range(3)]]
    assert [len(values) for _, values in sent[0]["ys"]] == [1, 1, 1]
    three = tailed(502)  # two candles more: the lines and the levels go on
    shown.panes.renew(three, last, last + 3 * MINUTE)
    shown.settle()
    whole = Panes("counted:20,twice:5")
    whole.panes.follow(three, first, last + 3 * MINUTE, MINUTE)
    whole.settle()
    for got, want in zip(shown.drawn, whole.drawn, strict=True):
        assert got["xs"].tolist() == want["xs"].tolist()
        assert got["ys"] == pytest.approx(want["ys"], nan_ok=True)
        assert (got["key"], got["place"], got["color"]) == (want["key"], want["place"], want["color"])


class Moving:
    """A source whose newest candles change."""

    def __init__(self, rows):
        self.series, self.to = None, lambda rows, nudge=0.0: setattr(self, "now", tailed(rows, nudge))
        self.to(rows)

    def __getattr__(self, name):
        return getattr(self.now, name)


def test_an_answer_that_a_later_request_covers_is_left_out(registered):
    shown, one = Panes("counted:20"), Moving(300)
    first, last = one.span()
    shown.panes.follow(one, first, last + MINUTE, MINUTE)
    [(whole, work)] = shown.waiting.items()
    answer = work()  # read before the next candle came
    shown.waiting.clear()
    one.to(301)
    shown.panes.renew(one, last, last + 2 * MINUTE)
    assert not shown.waiting
    whole(answer)
    assert (len(shown.drawn[0]["xs"]), shown.loading) == (300, [False])
    shown.settle()
    assert len(shown.drawn[0]["xs"]) == 301
    one.to(301, 5.0)
    shown.panes.renew(one, last + MINUTE, last + 2 * MINUTE)
    [(late, work)] = shown.waiting.items()
    answer = work()
    shown.waiting.clear()
    one.to(301, 7.0)
    shown.panes.follow(one, first, last + 2 * MINUTE, MINUTE)
    shown.settle()
    before = shown.drawn[0]["ys"][-1]
    late(answer)
    assert shown.drawn[0]["ys"][-1] == before


def test_a_line_that_is_changed_says_loading_alone(registered):
    shown, one = Panes("mean:20,counted:20"), tailed(300)
    shown.panes.follow(one, *one.span(), MINUTE)
    shown.settle()
    shown.panes.answer("change", {"key": "1", "values": ["30"]})
    assert shown.loading == [False, True]
    shown.settle()
    assert shown.loading == [False, False]


def test_lines_of_other_candles_are_not_drawn(registered):
    shown, one, other = Panes("mean:20"), tailed(300), tailed(200)
    shown.panes.follow(one, *one.span(), MINUTE)
    [(show, work)] = shown.waiting.items()
    answer = work()
    shown.waiting.clear()
    shown.panes.clear()
    show(answer)
    shown.panes.follow(other, *other.span(), MINUTE)
    show(answer)
    assert shown.drawn == []
