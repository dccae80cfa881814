"""A stretch of time that the user brushes on charts above each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bokeh.events import DoubleTap, SelectionGeometry
from bokeh.models import BoxAnnotation, BoxSelectTool

from cqs_panel.theme import ACCENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Stretch = tuple[int, int]
"""First and last time, ms UTC."""


class TimeBrush:
    """Box selection along the time axis, while `active`; a double click takes the stretch away.

    Args:
        call: gets the stretch that was brushed, or None.
    """

    def __init__(self, call: Callable[[Stretch | None], Any]) -> None:
        self._call = call
        self.active = False
        self._stretch: Stretch | None = None
        self._boxes: list[Any] = []

    def attach(self, figures: Sequence[Any]) -> None:
        """Take figures whose horizontal axis is time in ms, before they are shown."""
        self._boxes = []
        for figure in figures:
            if self.active:
                tool = BoxSelectTool(dimensions="width", renderers=[], description="Brush a stretch of time")
                figure.add_tools(tool)
                figure.toolbar.active_drag = tool
            box = BoxAnnotation(fill_color=ACCENT, fill_alpha=0.14, line_color=ACCENT, line_alpha=0.6, visible=False)
            figure.add_layout(box)
            figure.on_event(SelectionGeometry, self._brushed)
            figure.on_event(DoubleTap, lambda _: self._call(None))
            self._boxes.append(box)
        self.mark(self._stretch)

    def mark(self, stretch: Stretch | None) -> None:
        """Tint a stretch; None tints none."""
        self._stretch = stretch
        for box in self._boxes:
            if stretch is None:
                box.visible = False
            else:
                box.update(left=stretch[0], right=stretch[1], visible=True)

    def _brushed(self, event: Any) -> None:
        """What a browser sends is checked: it may be anything."""
        edges = [event.geometry.get(name) for name in ("x0", "x1")]
        if event.final and all(isinstance(edge, int | float) and math.isfinite(edge) for edge in edges):
            first, last = sorted(edges)
            self._call((math.ceil(first), math.floor(last)))
