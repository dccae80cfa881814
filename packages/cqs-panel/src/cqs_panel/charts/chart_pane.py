"""A HoloViews chart on a page: drawn in a thread, and changed in place where only its data are new."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
from bokeh.models import FactorRange, FixedTicker, GridPlot, LinearColorMapper, Range1d

from cqs_panel.charts.appearance import rendered
from cqs_panel.charts.drawn_once import drawn_once
from cqs_panel.charts.still import STILL_CSS
from cqs_panel.charts.style import pane
from cqs_panel.charts.time_brush import TimeBrush
from cqs_panel.layout import WIDE
from cqs_panel.sections import html, skeleton

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable

    from cqs_panel.charts.time_brush import Stretch
    from cqs_panel.state import PageState

drawing = threading.RLock()
"""Held while charts are made: HoloViews numbers the options of its objects, and two threads would take one number."""


class ChartPane(pn.viewable.Viewer):
    """A place for a chart.

    The browser is sent the new data of a chart that it has; where the user has zoomed, it stays. A chart with other
    parts than the one that is shown takes its place.

    Args:
        page: whose view shows it.
        height: pixels that are kept free until it is drawn.
    """

    def __init__(self, page: PageState, height: int) -> None:
        super().__init__()
        self._page = page
        self._figures: list[Any] = []
        self._wanted: Callable[[], Any] | None = None
        self._key: Hashable | None = None
        self._listener: tuple[str, Callable[[list[Any]], Any]] | None = None
        self._brush: TimeBrush | None = None
        self._height = height
        self._root = pn.Column(min_height=height, **WIDE)

    def __panel__(self) -> Any:
        return self._root

    def draw(
        self,
        make: Callable[[], Any],
        *,
        below: bool = False,
        key: Hashable | None = None,
        drawn: list[Any] | None = None,
        still: str = "",
    ) -> ChartPane:
        """Draw what `make` returns, a HoloViews object, or something else to show; it is called in a thread.

        Args:
            make: of the chart, in the mode `page`.
            below: whether it lies below the fold: then it is drawn when the page rests.
            key: of all that the chart shows. Where it is given, a chart is drawn once for all windows of the process.
            drawn: `figures(make, key)`, where a thread has drawn it already: it is shown at once.
            still: a picture of it from `still_html`, which stands there until the page rests.
        """
        self._wanted, self._key = make, key
        if drawn is not None:
            self._show(drawn)
            return self
        if not len(self._root):
            waiting = html(still, stylesheets=[STILL_CSS]) if still else skeleton(1, self._height, waits=True)
            self._root[:] = [waiting]
        if still:
            self._page.later(self._ask, None)
        elif below:
            self._page.later(self._ask, self._root)
        else:
            self._ask()
        return self

    def on_select(self, column: str, call: Callable[[list[Any]], Any]) -> ChartPane:
        """Call when the user selects glyphs by a tap, a box or a brush.

        Args:
            column: of the glyphs' data.
            call: takes the values of that column, each once; an empty list where nothing is selected any more.
        """
        self._listener = (column, call)
        return self

    def on_brush(self, call: Callable[[Stretch | None], Any]) -> ChartPane:
        """Let the user brush a stretch of a chart over time: by a drag, while `brushing` is on.

        Args:
            call: takes the first and last time, ms UTC; None where the stretch was taken away.
        """
        self._brush = TimeBrush(call)
        return self

    def brushing(self, *, on: bool) -> None:
        """Let drags brush, or move the chart again, which is drawn anew: Bokeh chooses its tool only then."""
        if self._brush is not None:
            self._brush.active, self._figures = on, []
            self._ask()

    def brush(self, stretch: Stretch | None) -> None:
        """Tint a stretch of time; None tints none."""
        if self._brush is not None:
            self._brush.mark(stretch)

    def select(self, column: str, values: Collection[Any]) -> None:
        """Select the glyphs that have one of these values in a column of their data; others fade."""
        wanted = set(values)
        for source in self._sources(column):
            found = [i for i, value in enumerate(np.asarray(source.data[column]).tolist()) if value in wanted]
            if source.selected.indices != found:
                source.selected.indices = found

    def _sources(self, column: str) -> list[Any]:
        renderers = (one for figure in self._figures for one in figure.renderers if hasattr(one, "data_source"))
        return [one.data_source for one in renderers if column in one.data_source.data]

    def _listen(self) -> None:
        if self._listener is None:
            return
        column, call = self._listener
        for source in self._sources(column):

            def selected(_name: str, _old: Any, new: list[int], source: Any = source) -> None:
                values = np.asarray(source.data[column])
                call(list(dict.fromkeys(values[i].item() for i in new if i < len(values))))

            source.selected.on_change("indices", selected)

    def _ask(self) -> None:
        if (make := self._wanted) is not None:
            key = self._key
            self._page.load(lambda: _tried(make, key), self._show, quiet=True)

    def _show(self, drawn: list[Any] | Exception) -> None:
        if isinstance(drawn, Exception):
            if not self._figures:
                self._root.clear()  # the page says why; here nothing is loading any more
            raise drawn
        if self._figures and _alike(self._figures, drawn):
            for old, new in zip(self._figures, drawn, strict=True):
                _take_over(old, new)
            return
        self._figures = drawn if all(hasattr(one, "renderers") for one in drawn) else []
        self._listen()
        if self._brush is not None:
            self._brush.attach(self._figures)
        self._root[:] = [pane(one) if hasattr(one, "renderers") else one for one in drawn]


def figures(make: Callable[[], Any], key: Hashable | None = None) -> list[Any]:
    """The Bokeh figures of a chart, from top to bottom; anything that is not a chart is returned as it is.

    Args:
        make: the chart.
        key: of all that it shows; None for a chart that no other window will show.
    """
    return _drawn(make) if key is None else drawn_once(key, lambda: _drawn(make))


def _tried(make: Callable[[], Any], key: Hashable | None) -> list[Any] | Exception:
    try:
        return figures(make, key)
    except Exception as error:  # noqa: BLE001 - a chart may fail in any way, and its place must know
        return error


def _drawn(make: Callable[[], Any]) -> list[Any]:
    with drawing:
        made = make()
        if isinstance(made, pn.viewable.Viewable | pn.viewable.Viewer):
            return [made]
        drawn = rendered(made)
    return [child[0] for child in drawn.children] if isinstance(drawn, GridPlot) else [drawn]


def _alike(old: Iterable[Any], new: Iterable[Any]) -> bool:
    return [_parts(one) for one in old] == [_parts(one) for one in new]


def _parts(shown: Any) -> Any:
    """What cannot change by its data alone: axes, glyphs with their columns, names in the legend."""
    glyphs = [(type(one.glyph), sorted(one.data_source.data)) for one in shown.renderers if hasattr(one, "glyph")]
    others = [(type(one), getattr(one, "location", None)) for one in shown.renderers if not hasattr(one, "glyph")]
    names = [item.label.value for legend in shown.legend for item in legend.items]
    strokes = [getattr(one.glyph, "line_color", None) for one in shown.renderers if hasattr(one, "glyph")]
    colors = [one if isinstance(one, str) else None for one in strokes]  # others are data
    titles = [axis.axis_label for axis in shown.axis]
    ticks = [getattr(axis.ticker, "ticks", None) for axis in shown.axis]
    return titles, ticks, shown.height, type(shown.x_range), type(shown.y_scale), glyphs, others, names, colors


def _take_over(old: Any, new: Any) -> None:
    for ours, theirs in zip(old.renderers, new.renderers, strict=True):
        if hasattr(ours, "glyph") and not _same(ours.data_source.data, theirs.data_source.data):
            ours.data_source.data = dict(theirs.data_source.data)
    for ours, theirs in zip(old.select(LinearColorMapper), new.select(LinearColorMapper), strict=True):
        ours.update(low=theirs.low, high=theirs.high)
    for ours, theirs in zip(old.axis, new.axis, strict=True):
        if isinstance(ours.ticker, FixedTicker) and isinstance(theirs.ticker, FixedTicker):
            ours.ticker.ticks = theirs.ticker.ticks
            ours.major_label_overrides = theirs.major_label_overrides
    for ours, theirs in ((old.x_range, new.x_range), (old.y_range, new.y_range)):
        _take_range(ours, theirs)


def _take_range(old: Any, new: Any) -> None:
    """The limits of the new range; what is in view stays where the user has moved it."""
    if isinstance(old, FactorRange):
        if list(old.factors) != list(new.factors):
            old.factors = list(new.factors)
    elif isinstance(old, Range1d):
        limits = ("reset_start", "reset_end", "bounds", "min_interval")
        untouched = (old.start, old.end) == (old.reset_start, old.reset_end)
        if [getattr(old, name) for name in limits] != [getattr(new, name) for name in limits]:
            old.update(bounds=None, min_interval=None)  # they would clamp the new ends
            if untouched:
                old.update(start=new.start, end=new.end)
            old.update(**{name: getattr(new, name) for name in limits})


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return all(_equal(old[key], new[key]) for key in new)


def _equal(old: Any, new: Any) -> bool:
    numbers = np.asarray(old).dtype.kind in "fc" and np.asarray(new).dtype.kind in "fc"
    return bool(np.array_equal(old, new, equal_nan=numbers))
