"""The stretch of time that a candle chart shows: its limits, where Reset leads, and whether it is the chosen range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel.charts.style import limit
from cqs_panel.charts.viewport import MOST, Wanted, newest_view, possible

if TYPE_CHECKING:
    from cqs_panel.charts.chart_controls import ChartControls
    from cqs_panel.charts.sources import CandleSource

_NARROWEST = 12  # candles


class CandleView:
    """The range of a chart's horizontal axis.

    Args:
        x_range: Bokeh's; the browser moves it, too.
        controls: interval and range that the user chose.

    Attributes:
        source: of the candles.
        ends: opens of the first and the last candle, ms UTC; 0 before they are known.
        edge: ms that may be seen beyond the candles.
        moving: whether the range is being set by the chart, not by the user.
    """

    def __init__(self, x_range: Any, controls: ChartControls) -> None:
        self._x, self._controls = x_range, controls
        self.source: CandleSource | None = None
        self.ends, self.edge = (0, 0), 0.0
        self.moving = False

    @property
    def shown(self) -> tuple[float, float] | None:
        """The range, ms UTC; None while there are no candles, or while it is being set."""
        x = self._x
        return (x.start, x.end) if self.has_candles and not self.moving and possible(x.start, x.end) else None

    @property
    def has_candles(self) -> bool:
        """Whether it is known where the candles of a source are."""
        return self.source is not None and bool(self.ends[1])

    @property
    def last(self) -> int:
        """The end of the last candle, ms UTC."""
        return self.ends[1] + self._base

    @property
    def wanted(self) -> Wanted:
        """The newest end, in the range and the interval that the user chose."""
        return Wanted(span=self._controls.span, least=self._controls.interval)

    @property
    def _base(self) -> int:
        return self.source.base if self.source is not None else 0

    def newest(self) -> tuple[float, float]:
        """The range of `wanted`."""
        return newest_view(self.ends, self._base, self.wanted)

    def open(self, start: float, end: float) -> None:
        """Set the range and its limits."""
        shortest = max(self._base, self._controls.interval)
        self.edge = max((self.last - self.ends[0]) * 0.05, 50 * shortest)
        self._x.update(bounds=None, min_interval=None)  # the browser would force the new range into those of before
        self.place(start, end)
        limit(self._x, self.ends[0], self.last, _NARROWEST * shortest, self.edge)
        self.reset_to()

    def place(self, start: float, end: float) -> None:
        """Set both ends at once."""
        self.moving = True
        self._x.update(start=start, end=end)
        self.moving = False

    def reset_to(self) -> None:
        """Let Reset show the newest candles, whatever the chart opened on."""
        start, end = newest_view(self.ends, self._base, Wanted(least=self._controls.interval))
        self._x.update(reset_start=max(start, self.ends[0] - self.edge), reset_end=end)

    def too_short(self, span: float) -> bool:
        """Whether too few candles of the chosen interval fit into a span."""
        return self._controls.interval * _NARROWEST > span

    def for_interval(self) -> tuple[float, float] | None:
        """The range in which candles of the chosen interval are neither too many nor too few; None without candles."""
        if self.shown is None:
            return None
        (start, end), step = self.shown, self._controls.interval
        if not step or _NARROWEST <= (end - start) / step <= MOST:
            return start, end
        newest = newest_view(self.ends, self._base, Wanted(least=step))
        width = newest[1] - newest[0]
        end = self.last if end >= self.last else max(end, self.ends[0] + width)
        return end - width, end

    def leave_range(self) -> None:
        """Forget the chosen range once the user has moved elsewhere; candles that come later move its view along."""
        if not self._controls.chosen["range"] or self.shown is None:
            return
        (shown_start, shown_end), (start, end) = self.shown, self.newest()
        slack = 0.02 * (end - start) + 2 * self._base
        if abs(shown_end - shown_start - (end - start)) > slack or abs(shown_end - end) > slack:
            self._controls.choose(range="")
