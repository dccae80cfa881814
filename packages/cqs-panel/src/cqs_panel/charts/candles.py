"""The candle chart: it asks for what its viewport shows, so that five million candles pan and zoom at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn

from cqs_core import CqsError
from cqs_panel.charts.buckets import name_of
from cqs_panel.charts.candle_figures import CandleFigures
from cqs_panel.charts.candle_view import CandleView
from cqs_panel.charts.changes import Changed, changed
from cqs_panel.charts.chart_controls import ChartControls
from cqs_panel.charts.chart_notes import ChartNotes
from cqs_panel.charts.compared_markets import ComparedMarkets
from cqs_panel.charts.damage_notice import DamageNotice, or_damage
from cqs_panel.charts.indicator_panes import IndicatorPanes
from cqs_panel.charts.layers import Layers
from cqs_panel.charts.live_switch import LiveSwitch
from cqs_panel.charts.newest import NewestEnd
from cqs_panel.charts.overlays import Overlays
from cqs_panel.charts.readout import Readout
from cqs_panel.charts.style import pane
from cqs_panel.charts.viewport import Opened, Viewed, Wanted, opened, step_of, viewed
from cqs_panel.layout import NO_BUTTON, WIDE, fill
from cqs_panel.sections import empty, skeleton
from cqs_panel.theme import tones

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cqs_panel.charts.buckets import Buckets
    from cqs_panel.charts.sources import CandleSource
    from cqs_panel.state import PageState
    from cqs_panel.view import Layer

_CSS = """
:host(.cqs-full){position:fixed;inset:0;z-index:1500;width:100%!important;height:100%!important;overflow:auto;
  box-sizing:border-box;padding:12px;background:var(--cqs-paper);color:var(--cqs-text)}
:host{gap:2px}
"""
_TALLEST = 4_000  # pixels


class CandleChart(pn.viewable.Viewer):
    """Price over volume with one crosshair.

    Args:
        page: the view that shows it.
        height: of both figures, in pixels.
        own: names of overlays whose subject the page marks by itself.
        name: where a page has several charts: a word for each, which keeps their choices apart in the address.
        below: whether the figures may lie below the fold: then they come when they are in view, or the page rests.
    """

    def __init__(
        self, page: PageState, height: int = 420, own: Collection[str] = (), name: str = "", *, below: bool = False
    ) -> None:
        super().__init__()
        self._page = page
        self._wanted: tuple[int | None, int | None] = (None, None)
        self._have: tuple[float, float, int] = (0, 0, 0)
        self._stale: int | None = None  # from here on candles are others than those drawn
        self._missed: int | None = None  # the same, since the viewport's were requested
        self._turn = 0  # of the last redraw; of those that wait for a thread only the last one is read
        self._names: Sequence[str] = ()
        self._choose: Callable[[str], Any] | None = None
        self._height, self._full = height, 0  # the latter while the chart fills the screen
        self._damage = DamageNotice(page, self._open_again)
        self._drawn = CandleFigures(height, colors := tones())
        self._data, self._price, self._volume = self._drawn.data, self._drawn.price, self._drawn.volume
        self._controls = ChartControls(page, self._price.x_range.id, self._act, name)
        self._controls.update(figure=self._price.id, candles=self._data.id)
        self._view = CandleView(self._price.x_range, self._controls)
        self._notes = ChartNotes(page, self._controls, self.focus)
        self._newest = NewestEnd(self._price, colors)
        self._layers = Layers(self._price, colors)
        self._drawn.make_room(self._layers.lines)
        self._readout = Readout(
            self._price, self._volume, self._data, self._newest.data, self._layers.lines, self._drawn.compared.source
        )
        self._overlays = Overlays(page, self._layers, own)
        self._blank = pn.Column(visible=False, **WIDE)
        self._figures = pn.Column(pane(self._price), pane(self._volume), **WIDE, visible=False)
        self._late = pn.Column(skeleton(1, height, waits=True), **WIDE) if below else self._figures
        if below:
            page.later(lambda: fill(self._late, self._figures), self._late)
        x_range = self._price.x_range
        self._indicators = IndicatorPanes(
            page, self._controls, self._layers, self._figures, x_range, self._drawn.crosshair
        )
        self._compared = ComparedMarkets(page, self._controls, self._drawn.compared)
        self._live = LiveSwitch(page, self._controls, self._price, self.redraw, self._compared.live)
        self._drawn.set_scale(self._controls.scale)
        for end in ("start", "end"):
            x_range.on_change(end, self._moved)

    def __panel__(self) -> Any:
        parts = (self._damage, self._blank, self._controls.bar, self._overlays.switches, self._late)
        return pn.Column(*parts, css_classes=["cqs-candles"], stylesheets=[_CSS, NO_BUTTON], **WIDE)

    def show(self, source: CandleSource, start: int | None = None, end: int | None = None, past: str = "") -> None:
        """Show candles of a source from `start` to `end` (ms UTC); by default the chosen range, or the newest 240.

        Args:
            source: one with the name of a series can be followed live.
            start: None is 240 candles before the end.
            end: None is the newest candle.
            past: why it shows the past and cannot be followed live, for a user who wants that; empty else.
        """
        shown = self._live.open(source, past)
        self._view.source, self._stale, self._missed = shown, None, None
        self._layers.clear()
        self._indicators.clear()
        self._newest.clear()
        self._wanted = start, end
        self._controls.offer(source.base)
        self._compared.open(shown)
        self._controls.update(subject=" ".join(source.series[:2]) if source.series else "")
        self._drawn.call("-".join(source.series).replace("/", "-") if source.series else "candles")
        self._open_again()

    def redraw(self, since: int) -> None:
        """Redraw the source's candles from the one that opens at `since` (ms UTC).

        Where the viewport shows the newest end it follows it; elsewhere it stays.

        Args:
            since: the first candle that is another than before.
        """
        stale = since if self._stale is None else min(since, self._stale)
        self._stale, self._missed = stale, _earliest(self._missed, since)
        source, begin, step = self._source, self._begin(stale), self.step
        if source is not None and step:  # else all will be asked for anyway
            self._turn = turn = self._turn + 1
            self._page.load(lambda: (turn, changed(source, begin, step)), self._renew, quiet=True)

    def offer(self, names: Sequence[str], shown: str, choose: Callable[[str], Any]) -> None:
        """Offer other series in a search field above the chart.

        Args:
            names: of all that can be chosen; with one there is no field.
            shown: the one on the chart.
            choose: called with the name that the user chose.
        """
        self._names, self._choose = names, choose
        self._controls.update(symbols=[[name, name] for name in names], symbol=shown)

    def leave(self) -> None:
        """Follow no market until `show` is called again: the chart is hidden."""
        self._live.leave()

    def focus(self, start: int, end: int) -> None:
        """Move the viewport to `[start, end]`, ms UTC: to a trade that was clicked."""
        margin = max(end - start, self._source.base * 40 if self._source else 0)
        self._move(start - margin, end + margin)

    def mark(self, layers: Sequence[Layer]) -> None:
        """Draw layers (marks of trades, lines, bands) in place of those drawn by the last call."""
        self._layers.replace("marks", layers)

    @property
    def step(self) -> int:
        """Length of the buckets that are drawn, in ms."""
        return self._have[2]

    @property
    def _source(self) -> CandleSource | None:
        return self._view.source

    def _open_again(self) -> None:
        source = self._source
        if source is not None:
            self._missed = None
            wanted = self._view.wanted
            if self._wanted != (None, None):
                wanted = Wanted(*self._wanted, least=wanted.least)
            self._page.load(lambda: opened(source, wanted), self._open)

    def _open(self, got: Opened) -> None:
        """Show all at once: with each part that came later the browser would lay out and draw again."""
        source, ends = got.source, got.ends
        if source is not self._source:
            return
        self._damage.clear()
        self._notes.open(source.series)
        self._have = (0, 0, 0)
        if isinstance(ends, CqsError):
            self._show_damage(ends)
            return
        self._blank.visible = ends is None
        if ends is None or got.viewed is None:
            self._figures.visible = False
            self._blank[:] = [empty("No candles", "Fetch this series, and it shows here.")]
            return
        self._view.ends = ends
        self._view.open(*got.view)
        self._show(got.viewed)
        if got.last is not None:
            self._show_last(got.last)
        self._live.begin()
        self._overlays.open(source.series, ends[0], self._view.last)
        self._page.load(lambda: (source, or_damage(source.warm)), self._warmed, quiet=True)

    def _act(self, what: str, value: Any) -> None:
        """What the user chose above the chart."""
        if what == "full" and isinstance(value, int | float):
            self._full = min(int(value), _TALLEST) if value > 0 else 0
            self._resize()
        elif what in self._controls.chosen and isinstance(value, str):
            self._controls.choose(**{what: value})
            {
                "interval": self._choose_interval,
                "range": self._choose_range,
                "scale": lambda: self._drawn.set_scale(self._controls.scale),
                "lines": self._indicators.choose,
                "live": self._choose_live,
                "compare": self._compared.choose,
            }[what]()
        elif what == "note":
            self._notes.answer(value)
        elif what in ("markets", "compare with", "uncompare"):
            self._compare(what, value)
        elif what == "symbol" and value in self._names and self._choose is not None:
            self._choose(value)
        elif what in ("add", "change", "remove"):
            self._indicators.answer(what, value)
            self._resize()

    def _resize(self) -> None:
        """Fill the screen, or be as high as the page wants it; panes of indicators take their part of a screen."""
        self._drawn.resize(max(self._full - self._indicators.height - 40, 240) if self._full else self._height)

    def _choose_range(self) -> None:
        span = self._controls.span
        if self._view.has_candles and span is not None:
            if self._view.too_short(span):
                self._controls.choose(interval="")
            self._move(*self._view.newest())

    def _compare(self, what: str, value: Any) -> None:
        """Add a market or remove one; percent is the scale on which several can be compared."""
        before = bool(self._compared.chosen)
        self._compared.answer(what, value)
        after = bool(self._compared.chosen)
        if after != before and (after or self._controls.scale == "percent"):
            self._controls.choose(scale="percent" if after else "linear")
            self._drawn.set_scale(self._controls.scale)

    def _choose_live(self) -> None:
        """Who wants to see the market move looks at the newest end."""
        shown, last = self._view.shown, self._view.last
        if self._live.on and shown is not None and shown[1] < last:
            self._move(last - (shown[1] - shown[0]), last)
        self._live.turn()

    def _choose_interval(self) -> None:
        """Draw buckets of this length; where the viewport would show too many or too few of them, another one."""
        wanted = self._view.for_interval()
        if wanted is None:
            return
        self._view.open(*wanted)
        self._view.leave_range()
        self._drawn.fit()
        self._ask()

    def _warmed(self, got: tuple[CandleSource, CqsError | None]) -> None:
        """The candles of a far view are loaded, or cannot be read."""
        source, damage = got
        if source is self._source and damage is not None:
            self._show_damage(damage)

    def _show_damage(self, damage: CqsError) -> None:
        """In place of the candles, or above those that can be read."""
        self._figures.visible = bool(self.step)
        self._damage.show(damage)

    def _begin(self, since: int) -> int | None:
        """Start of the drawn bucket with this candle, if the drawn ones go on from there to the newest end."""
        starts = self._data.data["start"]
        at = int(np.searchsorted(starts, since, "right")) - 1
        return int(starts[at]) if at >= 0 and self._have[1] > self._view.ends[1] else None

    def _renew(self, answer: tuple[int, Changed]) -> None:
        turn, got = answer
        if got.source is not self._source or self._stale is None:
            return
        since = self._stale
        if turn == self._turn:  # else more has changed since it was read
            self._stale = None
        moved = got.ends[1] != self._view.ends[1]
        fits = got.begin is not None and got.bars.step == self.step and self._begin(since) == got.begin
        self._view.ends = got.ends
        if moved:
            self._view.reset_to()
        self._show_last(got.last)
        if fits and self._drawn.put(got.begin or 0, got.bars):
            self._have = (self._have[0], got.ends[1] + got.source.base, self.step)
            self._compared.extend(int(self._have[1]))
            self._indicators.renew(got.source, got.begin or 0, int(self._have[1]))
        else:
            self._ask(anew=since < self._have[1])

    def _show_last(self, last: Buckets) -> None:
        """Tell the browser where the newest end is, and the price there."""
        source = self._source
        if source is not None and len(last):
            price, up = float(last.close[-1]), bool(last.close[-1] >= last.open[-1])
            self._newest.show(self._view.last, self._view.edge, source.base, price, up=up)

    def _move(self, start: float, end: float) -> None:
        """Set both ends of the viewport, then ask once."""
        self._view.place(start, end)
        self._drawn.fit()
        self._ask()

    def _moved(self, attr: str, old: float, new: float) -> None:  # noqa: ARG002 - Bokeh asks for this signature
        self._view.leave_range()
        self._ask()

    def _ask(self, *, anew: bool = False) -> None:
        """Ask for the viewport's buckets, unless they lie ready and are wanted no newer."""
        source, shown = self._source, self._view.shown
        if source is None or shown is None:
            return
        a, b = shown
        least = self._controls.interval
        step = step_of(b - a, source.base, least)
        low, high, have = self._have
        first, last = self._view.ends
        if not anew and step == have and (a >= low or low <= first) and (b <= high or high > last):
            return
        self._missed = None
        self._page.load(lambda: viewed(source, (first, last), (a, b), least), self._show, quiet=True)

    def _show(self, got: Viewed) -> None:
        source, asked, bars = got
        if source is not self._source:
            return
        if isinstance(bars, CqsError):
            self._show_damage(bars)
            return
        self._have = asked[0], -(-asked[1] // bars.step) * bars.step, bars.step
        self._figures.visible = True
        market = source.series.market if source.series else ""
        self._readout.show(name_of(bars.step), market, name_of(source.base))
        self._drawn.show(bars)
        self._overlays.follow(source.series, *asked)
        self._compared.follow(*asked, bars.step)
        self._indicators.follow(source, *asked, bars.step)
        if (since := _earliest(self._stale, self._missed)) is not None:
            self.redraw(since)
        self._ask()  # the viewport may have returned to the range drawn before


def _earliest(*times: int | None) -> int | None:
    return min((ts for ts in times if ts is not None), default=None)
