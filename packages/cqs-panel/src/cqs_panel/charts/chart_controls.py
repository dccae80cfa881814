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
_CHOICES = ("interval", "range", "scale", "lines", "compare", "live")
_USUAL = "-"  # in the address of a named chart, where the address has another choice for all charts of the page


class ChartControls:
    """The state of a chart's bar. What differs from the usual is in the address, and follows the back button.

    Args:
        page: the view that shows the chart.
        chart: id by which the figures in the browser name their readout.
        act: called with `(what, value)` for each choice of the user: the values of `chosen`, and what others offer.
        name: of a chart that is not the only one of its page: its keys are `chart-{name}-scale`, and so on. What the
            address has as `chart-scale` is followed until the chart has a choice of its own.
    """

    def __init__(self, page: PageState, chart: str, act: Callable[[str, Any], None], name: str = "") -> None:
        self._page, self._act, self._name = page, act, name
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
        self._page.remember(**{self._key(name): self._written(name, value) for name, value in values.items()})

    def _key(self, name: str) -> str:
        """The key of a choice in the address."""
        return f"chart-{self._name}-{name}" if self._name else _shared(name)

    def _written(self, name: str, value: str) -> str:
        """A choice as the address has it; what is usual needs no words, unless other charts have another one."""
        if value not in ("", "linear"):
            return value
        return _USUAL if self._name and self._page.query.get(_shared(name)) else ""

    def _asked(self) -> dict[str, str]:
        query = self._page.query
        asked = {name: query.get(self._key(name), query.get(_shared(name), "")) for name in _CHOICES}
        asked = {name: "" if value == _USUAL else value for name, value in asked.items()}
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


def _shared(name: str) -> str:
    """The key of a choice in addresses of pages with one chart."""
    return name if name == "live" else f"chart-{name}"
