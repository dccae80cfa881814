"""Indicators on a candle chart: chips above it, lines over the price, and panes below it that are made when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import CrosshairTool, CustomJS, Range1d

from cqs_core import plugins
from cqs_panel.charts.chosen_indicators import (
    ChosenIndicator,
    from_address,
    indicator_lines,
    to_address,
)
from cqs_panel.charts.layers import LINE_COLORS
from cqs_panel.charts.style import pane, time_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_panel.charts.chart_controls import ChartControls
    from cqs_panel.charts.layers import IndicatorLine, Layers
    from cqs_panel.charts.sources import CandleSource
    from cqs_panel.state import PageState

_HEIGHT = 110  # pixels of a pane
_FIT = """
const {xs, ys, place} = source.data
let bottom = Infinity, top = -Infinity
for (let k = 0; k < xs.length; k++) if (place[k] === mine)
  for (let i = 0; i < xs[k].length; i++) if (xs[k][i] >= x.start && xs[k][i] <= x.end && isFinite(ys[k][i])) {
    bottom = Math.min(bottom, ys[k][i])
    top = Math.max(top, ys[k][i])
  }
if (top >= bottom) {
  const pad = (top - bottom || Math.abs(top) || 1) * 0.12
  y.setv({start: bottom - pad, end: top + pad})
}
"""


class IndicatorPanes:
    """What the user added to a chart.

    Args:
        page: the view that shows it.
        controls: with the choice, `lines`.
        layers: of the chart.
        figures: the column of the price's and the volume's figure; panes come between them.
        x_range: that all figures share.
        crosshair: the line through all of them.
    """

    def __init__(
        self, page: PageState, controls: ChartControls, layers: Layers, figures: Any, x_range: Any, crosshair: Any
    ) -> None:
        self._page, self._controls, self._layers = page, controls, layers
        self._figures, self._x, self._crosshair = figures, x_range, crosshair
        self._known = plugins().indicators()
        self._chosen: list[ChosenIndicator] = []
        self._panes: list[Any] = []
        self._window: tuple[CandleSource, tuple[int, int], int] | None = None
        self._told: list[str] = []
        self._computed: set[str] = set()  # texts of those whose lines are drawn, or failed
        self._turn = 0  # of the last request
        self._asked = 0  # of the last one for all of the window
        self._whole = False  # whether that is under way
        self._since: int | None = None  # from here on candles are others than those that lines were computed from
        controls.update(catalog=[[name, one.title] for name, one in self._known.items()])
        self.choose()

    def answer(self, what: str, value: Any) -> None:
        """What the user did with a chip, or the list above the chart: `add`, `change`, `remove`."""
        chosen = list(self._chosen)
        if what == "add" and value in self._known:
            chosen.append(ChosenIndicator(self._known[value], self._known[value].parameters))
        elif what == "remove" and (at := self._place(value)) is not None:
            del chosen[at]
        elif what == "change" and isinstance(value, dict) and (at := self._place(value.get("key"))) is not None:
            chosen[at] = chosen[at].changed(list(value.get("values") or ()))
        self._controls.choose(lines=to_address(chosen))
        self.choose()

    def _place(self, key: Any) -> int | None:
        return int(key) if isinstance(key, str) and key.isdecimal() and int(key) < len(self._chosen) else None

    @property
    def height(self) -> int:
        """Pixels that the panes take."""
        return _HEIGHT * sum(one.of.below for one in self._chosen)

    def choose(self) -> None:
        """Show those of the address."""
        self._chosen = from_address(self._controls.chosen["lines"], self._known)
        self._show_chips()
        below = sum(one.of.below for one in self._chosen)
        while len(self._panes) < below:
            self._add_pane()
        for i, one in enumerate(self._panes):
            one.visible = i < below
        self._ask()

    def _show_chips(self) -> None:
        self._controls.update(shown=[self._chip(i, one) for i, one in enumerate(self._chosen)])

    def _chip(self, key: int, one: ChosenIndicator) -> dict[str, Any]:
        kinds = {name: isinstance(value, int) for name, value in one.of.parameters.items()}
        parameters = {
            name: {"value": v, "whole": kinds[name], "least": int(kinds[name])} for name, v in one.parameters.items()
        }
        color = LINE_COLORS[key % len(LINE_COLORS)]
        loading = self._window is not None and one.text not in self._computed
        about = {"key": str(key), "title": one.of.title, "color": color, "parameters": parameters}
        return about | {"loading": loading}

    def _add_pane(self) -> None:
        shown = time_figure(_HEIGHT, x_range=self._x, y_range=Range1d(0, 1), toolbar_location=None)
        shown.xaxis.visible = False
        shown.yaxis.ticker.desired_num_ticks = 3
        shown.add_tools(CrosshairTool(overlay=self._crosshair))
        place = str(len(self._panes))
        self._layers.draw_lines(shown, place)
        args = {"source": self._layers.lines, "x": self._x, "y": shown.y_range, "mine": place}
        fit = CustomJS(args=args, code=_FIT)
        for name in ("start", "end"):
            self._x.js_on_change(name, fit)
        for happening in ("data", "patching"):
            self._layers.lines.js_on_change(happening, fit)
        shown.js_on_change("inner_height", fit)
        self._panes.append(pane(shown))
        self._figures.insert(len(self._panes), self._panes[-1])

    def follow(self, source: CandleSource, start: int, end: int, step: int) -> None:
        """Draw them for `[start, end)`, ms UTC, over buckets of `step` ms."""
        self._window = source, (start, end), step
        self._ask()

    def renew(self, source: CandleSource, since: int, end: int) -> None:
        """Draw what is another now: candles from `since` on changed, up to `end`, ms UTC."""
        if self._window is None or not self._chosen:
            return
        start, step = self._window[1][0], self._window[2]
        self._window = source, (start, end), step
        self._since = since if self._since is None else min(since, self._since)
        if not self._whole:  # else it may have been read before the change, and comes first
            self._ask_newest()

    def clear(self) -> None:
        """Forget the candles: the chart is to show others."""
        self._window = None
        self._turn = self._asked = self._turn + 1
        self._whole = False

    def _ask(self) -> None:
        self._turn = self._asked = turn = self._turn + 1
        self._since = None
        if self._window is None or not self._chosen:
            self._whole, self._told = False, []
            self._layers.replace("indicators", [])
            return
        source, window, step = self._window
        chosen, self._whole = list(self._chosen), True
        self._page.load(
            lambda: (turn, source, chosen, *indicator_lines(source, window, step, chosen)), self._show, quiet=True
        )
        self._show_chips()

    def _ask_newest(self) -> None:
        if self._window is None or self._since is None:
            return
        (source, (_, end), step), begin, chosen = self._window, self._since, list(self._chosen)
        self._turn = turn = self._turn + 1
        self._page.load(
            lambda: (turn, indicator_lines(source, (begin, end), step, chosen)[0]), self._show_newest, quiet=True
        )

    def _show(
        self, found: tuple[int, CandleSource, Sequence[ChosenIndicator], Sequence[IndicatorLine], list[str]]
    ) -> None:
        turn, source, chosen, lines, faults = found
        if self._window is None or source is not self._window[0] or chosen != self._chosen:
            return  # of other candles, or other indicators: the answer for these follows
        self._whole = turn != self._asked  # while the user pans, lines come along
        self._layers.replace("indicators", lines)
        self._computed = {one.text for one in chosen}
        self._show_chips()
        if faults != self._told:
            self._told = faults
            for fault in faults:
                self._page.say(fault)
        if not self._whole:
            self._ask_newest()

    def _show_newest(self, found: tuple[int, Sequence[IndicatorLine]]) -> None:
        turn, lines = found
        if turn < self._asked:  # what was asked for later covers it
            return
        if turn == self._turn:
            self._since = None
        if not self._layers.put("indicators", lines):
            self._ask()
