"""A chart of figures on a page, with a line of text: drawn again only where the figures are others."""

from __future__ import annotations

import pickle
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_panel import WIDE, html
from cqs_panel.charts import ChartPane
from cqs_panel.charts import figures as drawn_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from cqs_panel import PageState


class FigureChart(pn.viewable.Viewer):
    """A place for one chart of `cqs_monitor.charts`.

    Args:
        page: that shows it.
        height: in pixels.
        below: whether it may wait until the page rests.
    """

    def __init__(self, page: PageState, height: int, *, below: bool = False) -> None:
        super().__init__()
        self._pane, self._below = ChartPane(page, height), below
        self._figures: Any = None
        self._caption = html("", visible=False)
        self._root = pn.Column(self._pane, self._caption, **WIDE)

    def __panel__(self) -> Any:
        return self._root

    def update(
        self,
        figures: Any,
        draw: Callable[[], Any],
        caption: str = "",
        drawn: list[Any] | None = None,
        still: Callable[[], str] | None = None,
    ) -> None:
        """Show other figures.

        Args:
            figures: all that the chart shows, compared with what is drawn.
            draw: makes the chart of them, in the mode `page`; a function of its own for each kind of chart.
            caption: plain text below it.
            drawn: the chart, from the function `drawn`, where a thread has drawn it already.
            still: makes the picture that stands there until the page rests, where nothing does yet; see `ChartPane`.
        """
        if figures == self._figures:
            return
        picture = still() if still is not None and self._figures is None else ""
        self._figures = figures
        self._caption.param.update(object=f'<span class="note">{escape(caption)}</span>', visible=bool(caption))
        self._pane.draw(draw, below=self._below, key=_key(figures, draw), drawn=drawn, still=picture)


def drawn(figures: Any, draw: Callable[[], Any]) -> list[Any]:
    """The chart that `update` shows for the same arguments; call it in a thread."""
    return drawn_figures(draw, _key(figures, draw))


def _key(figures: Any, draw: Callable[[], Any]) -> Hashable:
    return getattr(draw, "__code__", draw), pickle.dumps(figures)
