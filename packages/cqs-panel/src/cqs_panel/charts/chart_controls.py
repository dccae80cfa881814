"""The choices above a candle chart: interval, range and price scale. They are part of the page's address."""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Any, Literal, cast

from cqs_panel.charts.buckets import MINUTE, name_of, steps
from cqs_panel.charts.chart_bar import ChartBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel.state import PageState

Scale = Literal["linear", "log", "percent"]
_SCALES = ("linear", "log", "percent")
_DAY = 1440 * MINUTE
_SAID = {
    "1D": "the last day",
    "1W": "the last week",
    "1M": "the last 30 days",
    "1Y": "the last year",
    "All": "all candles",
}
RANGES = {"1D": _DAY, "1W": 7 * _DAY, "1M": 30 * _DAY, "1Y": 365 * _DAY, "All": math.inf}
_FEWEST = 12  # candles that a range shows at least
# In the address.
_NAMES = {
    "interval": "chart-interval",
    "range": "chart-range",
    "scale": "chart-scale",
    "lines": "chart-lines",
    "live": "live",
}


class ChartControls:
    """The state of a chart's bar. What differs from the usual is in the address, and follows the back button.

    Args:
        page: the view that shows the chart.
        chart: id by which the figures in the browser name their readout.
        act: called with `(what, value)` for each choice of the user: the values of `chosen`, and what others offer.
    """

    def __init__(self, page: PageState, chart: str, act: Callable[[str, Any], None]) -> None:
        self._page, self._act = page, act
        self._base = 0
        self.chosen = self._asked()
        self.bar = ChartBar(state={"chart": chart, "scale": self.scale}, sizing_mode="stretch_width", margin=0)
        self.bar.on_msg(self._heard)
        me = weakref.ref(self)  # a page may make a chart for each run that it opens: it need not keep them all

        def follow(_: Any) -> None:
            if (one := me()) is not None:
                one.follow()
            else:
                page.param.unwatch(watching)

        watching = page.param.watch(follow, "query")

    @property
    def interval(self) -> int:
        """Length of the shortest bucket that the user wants, in ms; 0 leaves it to the zoom."""
        known = steps(self._base) if self._base else ()
        return next((step for step in known if name_of(step) == self.chosen["interval"]), 0)

    @property
    def span(self) -> float | None:
        """The length of the chosen range, in ms."""
        return RANGES.get(self.chosen["range"])

    @property
    def scale(self) -> Scale:
        return cast("Scale", self.chosen["scale"]) if self.chosen["scale"] in _SCALES else "linear"

    def offer(self, base: int) -> None:
        """Offer what candles of this length can show."""
        self._base = base
        intervals = [["", "Auto", "the zoom decides"], *([name_of(step)] * 2 for step in steps(base))]
        ranges = [[name, name, _SAID[name]] for name, span in RANGES.items() if span >= _FEWEST * base]
        self.update(intervals=intervals, ranges=ranges)

    def update(self, **values: Any) -> None:
        """Show these parts of the bar's state, and what is chosen."""
        interval = name_of(self.interval) if self.interval else ""
        state = self.bar.state | values | {"interval": interval, "range": self.chosen["range"], "scale": self.scale}
        if state != self.bar.state:
            self.bar.state = state

    def choose(self, **values: str) -> None:
        """Take over a choice, and put it into the address."""
        self.chosen |= values
        self.update()
        self._page.remember(**{_NAMES[name]: "" if value == "linear" else value for name, value in values.items()})

    def _asked(self) -> dict[str, str]:
        query = self._page.query
        asked = {name: query.get(key, "") for name, key in _NAMES.items()}
        return asked | {"scale": asked["scale"] if asked["scale"] in _SCALES else "linear"}

    def follow(self) -> None:
        """The back button, and links."""
        for name, value in self._asked().items():
            if self.chosen[name] != value:
                self._act(name, value)

    def _heard(self, event: Any) -> None:
        said = event.data
        if isinstance(said, dict) and isinstance(said.get("what"), str):
            self._act(said["what"], said.get("value"))
