"""The switch that lets a shown series follow the market, and a note on how that goes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_core import Series
from cqs_core.time import intervals
from cqs_data.feeds import join, leave, obstacle
from cqs_panel import count, html

if TYPE_CHECKING:
    from cqs_core import SeriesStatus
    from cqs_data.feeds import Feed, News
    from cqs_panel import CandleChart, PageState, TailedCandles

_SECONDS = 0.05  # between two checks for new candles: what a tick waits for on its way to the screen
_CSS = """
:host{width:auto;min-width:0}
.said{display:flex;align-items:baseline;justify-content:flex-end;gap:6px;font-size:12px;line-height:20px;
  color:var(--cqs-muted);text-align:right;overflow-wrap:anywhere}
.said i{flex:none;width:7px;height:7px;border-radius:50%;background:var(--cqs-muted)}
.live i{background:var(--cqs-up);animation:beat 2s ease-in-out infinite} .live b{color:var(--cqs-up);font-weight:600}
.connecting i{animation:beat 1s ease-in-out infinite}
.reconnecting,.refused{color:var(--cqs-warning)} .reconnecting i,.refused i{background:var(--cqs-warning)}
.reconnecting i{animation:beat 1s ease-in-out infinite}
@keyframes beat{50%{opacity:.25}}
@media(prefers-reduced-motion:reduce){.said i{animation:none!important}}
"""
_SHRINKS = {"flex": "0 1 auto", "min-width": "0"}
_SWITCH = {
    "description": "",
    "size": "small",
    "margin": 0,
    "align": "center",
    "stylesheets": [".MuiFormControlLabel-root .MuiFormControlLabel-label{font-size:12px}"],
}


class LiveSwitch(pn.viewable.Viewer):
    """Off at first, since a page makes no request on its own; `?live=1` in the address."""

    on = param.Boolean(default=False, label="Live", doc="Whether the shown series follows the market.")

    def __init__(self, page: PageState, chart: CandleChart) -> None:
        super().__init__()
        self._page, self._chart = page, chart
        self._one: SeriesStatus | None = None
        self._source: TailedCandles | None = None
        self._feed: Feed | None = None
        self._seen: News | None = None
        self._timed = False
        self._note = html("", stylesheets=[_CSS], sizing_mode=None, align="center", styles=_SHRINKS)
        self._switch = pmui.Switch.from_param(self.param.on, **_SWITCH)
        page.param.watch(self._follow, "query")
        page.param.watch(lambda _: self._turn(), "shown")
        page.at_end(self.clear)

    def __panel__(self) -> Any:
        narrow = {**_SHRINKS, "gap": "10px", "max-width": "68%"}
        return pn.Row(self._note, self._switch, margin=0, align="center", styles=narrow)

    def show(self, one: SeriesStatus, source: TailedCandles) -> None:
        """Follow this series, whose chart shows this source."""
        self._one, self._source, self._seen = one, source, None
        why = obstacle(Series(*one.series), one.sources, self._page.settings.endpoint)
        self._switch.disabled = bool(why)
        self.on = not why and self._page.query.get("live") == "1"
        if not self.on:
            self._say("", why)
        self._turn()

    def clear(self) -> None:
        """Follow nothing until a series is shown again."""
        self._one = None
        self._leave()

    def _leave(self) -> None:
        if self._feed is not None:
            feed, self._feed = self._feed, None
            leave(feed)

    @param.depends("on", watch=True)
    def _remember(self) -> None:
        self._page.remember(live="1" if self.on else None)
        self._turn()
        if not self.on:
            self._say("", "")
            self._draw(())

    def _follow(self, event: Any) -> None:
        if event.old.get("series") == event.new.get("series") and not self._switch.disabled:
            self.on = event.new.get("live") == "1"

    def _turn(self) -> None:
        """Join or leave, as switch, page and series want it."""
        if not (self.on and self._page.shown and self._one):
            self._leave()
            return
        series = Series(*self._one.series)
        if self._feed is None or self._feed.series != series:
            self._leave()
            self._feed, self._seen = join(series, self._page.settings.endpoint), None
        if not self._timed:
            self._timed = True
            self._page.every(_SECONDS, self._look)

    def _look(self) -> None:
        """Show new candles."""
        if self._feed is None or self._one is None or (news := self._feed.news) is self._seen:
            return
        self._seen = news
        self._say(news.state, status_line(news, self._one), news.said)
        self._draw(rows(news, self._one))

    def _draw(self, tail: Any) -> None:
        if self._source is not None and (since := self._source.follow(tail)) is not None:
            self._chart.redraw(since)

    def _say(self, state: str, text: str, more: str = "") -> None:
        dot, first, rest = "<i></i>" if state else "", *text.partition(" · ")[::2]
        shown = f"<b>{escape(first)}</b> · {escape(rest)}" if rest else f"<b>{escape(first)}</b>"
        said = shown if state == "live" else escape(text)
        box = f'<div class="said {state}" role="status" title="{escape(more)}">{dot}<span>{said}</span></div>'
        made = box if text else ""
        if self._note.object != made:
            self._note.object = made


def rows(news: News, one: SeriesStatus) -> list[tuple[float, ...]]:
    """Candles after those of the lake: ts (ms UTC), open, high, low, close, volume."""
    last = -1 if one.last is None else one.last
    return [(c.ts, c.open, c.high, c.low, c.close, c.volume) for c in news.candles if c.ts > last]


def status_line(news: News, one: SeriesStatus) -> str:
    """How it goes, in a line."""
    if news.state == "refused":
        return f"{news.said}; switch Live off and on to ask again"
    missing = behind(news, one)
    late = f" · the lake is {count(missing)} bars behind; update it" if missing else ""
    return f"live{late}" if news.state == "live" else f"{news.state} …"


def behind(news: News, one: SeriesStatus) -> int:
    """Bars between the lake's last candle and the first that the feed has."""
    if one.last is None or not news.candles:
        return 0
    return intervals.count(one.series.interval, one.last + 1, news.candles[0].ts)
