"""A chart of figures on a page, with a line of text: drawn again only where the figures are others."""

from __future__ import annotations

import pickle
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_panel import WIDE, html
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Callable

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

    def update(self, figures: Any, draw: Callable[[], Any], caption: str = "") -> None:
        """Show other figures.

        Args:
            figures: all that the chart shows, compared with what is drawn.
            draw: makes the chart of them, in the mode `page`; a function of its own for each kind of chart.
            caption: plain text below it.
        """
        if figures == self._figures:
            return
        self._figures = figures
        self._caption.param.update(object=f'<span class="note">{escape(caption)}</span>', visible=bool(caption))
        self._pane.draw(draw, below=self._below, key=(getattr(draw, "__code__", draw), pickle.dumps(figures)))
