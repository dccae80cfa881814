"""A candle chart that shows a clicked row: its market and time, marked, and named in the title."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_panel.charts.candles import CandleChart
from cqs_panel.charts.sources import DerivedCandles
from cqs_panel.layout import GROWS, WIDE, WRAPS
from cqs_panel.sections import html, section
from cqs_panel.view import Band

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cqs_core import Series
    from cqs_panel.state import PageState
    from cqs_panel.view import Layer

_AROUND = 40  # candles on both sides of a moment


@dataclass(frozen=True)
class Spot:
    """A stretch of time on a market.

    Attributes:
        start: ms UTC, as is `end`; equal for a single moment.
        label: what happened there.
    """

    start: int
    end: int
    label: str


class SpotChart(pn.viewable.Viewer):
    """Candles of one market after another; the chosen stretch is tinted, named in the title and scrolled to.

    Args:
        page: the view that shows it.
        name: CSS class by which the page finds it; one of its kind a page.
        note: next to the title.
        height: of the figures, in pixels.
        actions: small widgets at the right of the title.
        day_start: ms after 00:00 UTC at which days begin.
        own: names of overlays whose subject the page marks by itself.
        chart_name: as `name` of `CandleChart`, where the page has several charts.
    """

    def __init__(
        self,
        page: PageState,
        name: str,
        note: str = "",
        height: int = 340,
        actions: Sequence[Any] = (),
        day_start: int = 0,
        own: Collection[str] = (),
        chart_name: str = "",
    ) -> None:
        super().__init__()
        self._page, self._name, self._note, self._day_start = page, name, note, day_start
        self._series: Series | None = None
        self._past = ""
        self.chart = CandleChart(page, height=height, own=own, name=chart_name)
        self._head, self._left_out = html(""), html("", visible=False)
        self._head.styles = GROWS
        self._above = pn.Row(
            self._head, *actions, sizing_mode="stretch_width", align="center", margin=0, stylesheets=[WRAPS]
        )
        self._place = pn.Column(self._left_out, self.chart, **WIDE)
        self._instead = pn.Column(**WIDE, visible=False)
        self._root = section("", self._above, self._place, self._instead, css_classes=[name])

    def __panel__(self) -> Any:
        return self._root

    @property
    def series(self) -> Series | None:
        """The drawn source."""
        return self._series

    def blank(self, title: str, instead: Any) -> None:
        """Say in place of candles why there are none."""
        self._series = None
        self._head.object = f'<div class="head"><h2>{escape(title)}</h2></div>'
        self._instead[:] = [instead]
        self.chart.leave()
        self._place.visible, self._instead.visible = False, True

    def show(
        self,
        series: Series,
        layers: Sequence[Layer] = (),
        spot: Spot | None = None,
        start: int | None = None,
        past: str = "",
    ) -> None:
        """Draw a market with layers; at a spot where there is one, else from `start`, else the newest candles.

        Args:
            series: of the market.
            layers: over the candles.
            spot: what is tinted and scrolled to.
            start: of the viewport, ms UTC.
            past: why it shows the past and cannot be followed live; empty else.
        """
        from cqs_core.time import intervals

        title = f"{series} · {spot.label}" if spot else str(series)
        note = f'<span class="note">{escape(self._note)}</span>'
        self._head.object = f'<div class="head"><h2>{escape(title)}</h2>{note}</div>'
        self._place.visible, self._instead.visible = True, False
        other = (series, past) != (self._series, self._past)
        self._series, self._past = series, past
        length = intervals.length(series.interval)
        if other:
            margin = max(spot.end - spot.start, _AROUND * length) if spot else 0
            edges = (spot.start - margin, spot.end + margin) if spot else (start, None)
            self._open(DerivedCandles(self._page.bucket, series, self._day_start), *edges, past=past)
        elif spot:
            self.chart.focus(spot.start, spot.end)
        marked = [Band(spot.label, spot.start, max(spot.end, spot.start + length), "warning")] if spot else []
        self.chart.mark([*layers, *marked])
        if spot and self._page.shown:
            self._page.reveal(self._name)

    def _open(self, source: DerivedCandles, start: int | None, end: int | None, *, past: str) -> None:
        self._left_out.visible = False
        self.chart.show(source, start, end, past)
        self._page.load(lambda: (source.series, source.note()), self._show_title, quiet=True)

    def _show_title(self, got: tuple[Series, str]) -> None:
        """Say which bars are not drawn, since they are incomplete."""
        series, note = got
        if series == self._series and note:
            self._left_out.object = f'<div class="note">{escape(note)}</div>'
            self._left_out.visible = True
