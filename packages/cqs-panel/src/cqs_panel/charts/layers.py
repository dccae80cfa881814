"""Layers over candles: marks of trades, lines, tinted stretches of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import BoxAnnotation, ColumnDataSource, HoverTool

from cqs_panel.theme import ACCENT, AMBER, GREY
from cqs_panel.view import Band, Line, Marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_panel.theme import Tones
    from cqs_panel.view import Layer

_LINES = (ACCENT, AMBER, "#a78bfa", "#f472b6", "#34d399", GREY)
_SHAPES = {"buy": "triangle", "sell": "inverted_triangle"}


class Layers:
    """What is drawn over one figure, by group; a group is replaced as a whole."""

    def __init__(self, figure: Any, colors: Tones) -> None:
        self._figure, self._colors = figure, colors
        self._groups: dict[str, list[Any]] = {}

    def replace(self, group: str, layers: Sequence[Layer]) -> None:
        """Draw these in place of what the group had."""
        self.remove(group)
        drawn: list[Any] = []
        for i, layer in enumerate(layers):
            drawn += self._drawn(layer, _LINES[i % len(_LINES)])
        self._groups[group] = drawn

    def remove(self, group: str) -> None:
        for model in self._groups.pop(group, []):
            if isinstance(model, HoverTool):
                self._figure.tools = [tool for tool in self._figure.tools if tool is not model]
            elif model in self._figure.renderers:
                self._figure.renderers = [one for one in self._figure.renderers if one is not model]
            else:
                self._figure.center = [one for one in self._figure.center if one is not model]

    def clear(self) -> None:
        for group in list(self._groups):
            self.remove(group)

    def _drawn(self, layer: Layer, color: str) -> list[Any]:
        if isinstance(layer, Marks):
            return self._marks(layer)
        if isinstance(layer, Line):
            return [self._figure.line(layer.ts.astype(np.float64), layer.values, color=color, line_width=1.4)]
        return [self._band(layer)]

    def _marks(self, layer: Marks) -> list[Any]:
        text = list(layer.text) or [layer.label] * len(layer.ts)
        source = ColumnDataSource({"x": layer.ts.astype(np.float64), "y": layer.price, "text": text})
        color = self._colors.up if layer.side == "buy" else self._colors.down
        shape = _SHAPES[layer.side]
        look = {"size": 11, "fill_color": color, "line_color": "#ffffff", "line_width": 1.2, "marker": shape}
        drawn = self._figure.scatter("x", "y", source=source, **look)
        tool = HoverTool(renderers=[drawn], tooltips=[("", "@text")], show_arrow=False)
        self._figure.add_tools(tool)
        return [drawn, tool]

    def _band(self, layer: Band) -> Any:
        tint = {"up": self._colors.up, "down": self._colors.down, "neutral": GREY, "warning": AMBER}[layer.tone]
        drawn = BoxAnnotation(left=layer.start, right=layer.end, fill_color=tint, fill_alpha=0.10, line_alpha=0)
        self._figure.add_layout(drawn)
        return drawn
