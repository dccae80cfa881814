"""Layers over candles: marks of trades, lines, tinted stretches of time.

All are rows of three data sources that exist from the start: each glyph that is added to a figure later makes Bokeh
lay out the whole page again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import CDSView, ColumnDataSource, GroupFilter, HoverTool

from cqs_core import DataError
from cqs_panel.theme import ACCENT, AMBER, GREY
from cqs_panel.view import Band, Line, Marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from cqs_panel.theme import Tones
    from cqs_panel.view import Layer

LINE_COLORS = (ACCENT, AMBER, "#a78bfa", "#f472b6", "#34d399", GREY)
_TONES = ("up", "down", "neutral", "warning")
_SHAPES = {"buy": "triangle", "sell": "inverted_triangle"}


@dataclass(frozen=True)
class IndicatorLine(Line):
    """A line of an indicator.

    Attributes:
        color: of the line.
        key: of the indicator on the chart.
        place: of its pane, empty over the price.
    """

    color: str = GREY
    key: str = ""
    place: str = ""


def checked(layer: Any) -> Layer:
    """The layer, with arrays of numbers of one length.

    Raises:
        DataError: it cannot be drawn.
    """
    try:
        if isinstance(layer, Band):
            return replace(layer, start=int(layer.start), end=int(layer.end), tone=_one_of(_TONES, layer.tone))
        ts = np.asarray(layer.ts, np.int64)
        if isinstance(layer, Line):
            return replace(layer, ts=ts, values=_as_long(layer.values, ts))
        if isinstance(layer, Marks):
            price, text = _as_long(layer.price, ts), [str(one) for one in layer.text]
            return replace(layer, ts=ts, price=price, side=_one_of(_SHAPES, layer.side), text=text[: len(ts)])
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"layer {type(layer).__name__} cannot be drawn ({error}); fix its overlay") from None
    raise DataError(f"{type(layer).__name__} is not a layer; give Line, Marks or Band")


def _as_long(values: Any, ts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if ts.ndim != 1 or array.shape != ts.shape:
        raise ValueError(f"shape {array.shape} for times of shape {ts.shape}")
    return array


def _one_of(known: Iterable[str], name: Any) -> Any:
    if name not in known:
        raise ValueError(f"{name!r} is none of {', '.join(known)}")
    return name


class Layers:
    """The layers drawn over one figure, by group; a group is replaced as a whole."""

    def __init__(self, figure: Any, colors: Tones) -> None:
        self._colors = colors
        self._groups: dict[str, Sequence[Layer]] = {}
        self._bands, self.lines, self._marks = (ColumnDataSource(data) for data in self._rows())
        figure.vstrip("left", "right", source=self._bands, fill_color="color", fill_alpha=0.10, line_color=None)
        self.draw_lines(figure, "")
        look = {"size": 11, "fill_color": "color", "line_color": "#ffffff", "line_width": 1.2, "marker": "shape"}
        marks = figure.scatter("x", "y", source=self._marks, **look)
        figure.add_tools(HoverTool(renderers=[marks], tooltips=[("", "@text")], show_arrow=False))

    def draw_lines(self, figure: Any, place: str) -> None:
        """Let a figure show the lines of a place."""
        view = CDSView(filter=GroupFilter(column_name="place", group=place))
        figure.multi_line("xs", "ys", source=self.lines, view=view, line_color="color", line_width=1.4)

    def replace(self, group: str, layers: Sequence[Layer]) -> None:
        """Draw these in place of what the group had."""
        if not layers and not self._groups.get(group):
            return
        self._groups[group] = layers
        self._draw()

    def put(self, group: str, newest: Sequence[IndicatorLine]) -> bool:
        """Draw the newest ends of a group's lines in place of those drawn from there on.

        Returns:
            Whether they fit. Where no point is added, nothing but what changed is sent.
        """
        drawn = [line for line in self._groups.get(group, ()) if isinstance(line, IndicatorLine)]
        joined = [_joined(old, new) for old, new in zip(drawn, newest, strict=False)]
        merged = [line for line in joined if line is not None]
        if not len(drawn) == len(newest) == len(merged):
            return False
        self._groups[group] = merged
        if any(not np.array_equal(line.ts, old.ts) for line, old in zip(merged, drawn, strict=True)):
            self._draw()
        elif ends := list(self._ends(group, newest)):
            self.lines.patch({"ys": ends})
        return True

    def _ends(self, group: str, newest: Sequence[IndicatorLine]) -> Iterator[tuple[tuple[int, slice], Any]]:
        """Row, place in it, and values of each newest end; levels have the same values from end to end."""
        names = list(self._groups)
        above = [one for name in names[: names.index(group)] for one in self._groups[name]]
        first = sum(isinstance(one, Line) for one in above)
        for row, (line, new) in enumerate(zip(self._groups[group], newest, strict=True), first):
            if isinstance(line, Line) and new.key:
                yield (row, slice(len(line.ts) - len(new.ts), len(line.ts))), new.values

    def clear(self) -> None:
        """Take everything away."""
        if any(self._groups.values()):
            self._groups.clear()
            self._draw()

    def _draw(self) -> None:
        for source, data in zip((self._bands, self.lines, self._marks), self._rows(), strict=True):
            if any(map(len, data.values())) or any(map(len, source.data.values())):
                source.data = data

    def _rows(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        layers = [layer for group in self._groups.values() for layer in group]
        lines = [layer for layer in layers if isinstance(layer, Line)]
        return (
            self._band_rows([layer for layer in layers if isinstance(layer, Band)]),
            {
                "xs": [line.ts.astype(np.float64) for line in lines],
                "ys": [line.values.copy() for line in lines],  # patched in place
                "color": _line_colors(lines),
                "key": [getattr(line, "key", "") for line in lines],
                "place": [getattr(line, "place", "") for line in lines],
            },
            self._mark_rows([layer for layer in layers if isinstance(layer, Marks)]),
        )

    def _band_rows(self, bands: Sequence[Band]) -> dict[str, Any]:
        tints = {"up": self._colors.up, "down": self._colors.down, "neutral": GREY, "warning": AMBER}
        return {
            "left": [float(band.start) for band in bands],
            "right": [float(band.end) for band in bands],
            "color": [tints[band.tone] for band in bands],
        }

    def _mark_rows(self, marks: Sequence[Marks]) -> dict[str, Any]:
        tints = {"buy": self._colors.up, "sell": self._colors.down}
        return {
            "x": np.concatenate([np.empty(0), *(mark.ts.astype(np.float64) for mark in marks)]),
            "y": np.concatenate([np.empty(0), *(mark.price for mark in marks)]),
            "shape": [_SHAPES[mark.side] for mark in marks for _ in mark.ts],
            "color": [tints[mark.side] for mark in marks for _ in mark.ts],
            "text": [text for mark in marks for text in [*mark.text, *[mark.label] * (len(mark.ts) - len(mark.text))]],
        }


def _joined(old: IndicatorLine, new: IndicatorLine) -> IndicatorLine | None:
    """A line with a newer end; None if this is not the end of it."""
    if (old.key, old.place, old.label) != (new.key, new.place, new.label):
        return None
    if not new.key:  # a level: it goes from end to end
        return replace(old, ts=np.array([old.ts[0], new.ts[-1]]))
    at = int(np.searchsorted(old.ts, new.ts[0])) if len(new.ts) else len(old.ts)
    common = len(old.ts) - at
    if len(new.ts) < common or not np.array_equal(old.ts[at:], new.ts[:common]):
        return None
    ts, values = np.concatenate([old.ts[:at], new.ts]), np.concatenate([old.values[:at], new.values])
    return replace(old, ts=ts, values=values)


def _line_colors(lines: Sequence[Line]) -> list[str]:
    """Lines of overlays take the colors in turn; those of indicators have one."""
    turn = itertools.cycle(LINE_COLORS)
    return [line.color if isinstance(line, IndicatorLine) else next(turn) for line in lines]
