"""Indicators that the user chose for a candle chart, as its address has them, and their lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import Candles, DataError, plugins
from cqs_core.isolation import limited
from cqs_panel import patience
from cqs_panel.charts.buckets import bucket_start, name_of
from cqs_panel.charts.layers import LINE_COLORS, IndicatorLine
from cqs_panel.theme import GREY
from cqs_panel.view import loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cqs_panel.charts.buckets import Buckets
    from cqs_panel.charts.sources import CandleSource
    from cqs_panel.view import Indicator

_MOST = 8  # on one chart
_LONGEST = 1_000  # the largest parameter: more candles than a chart shows
_PATIENT = 3  # times what a page waits: the first call in a process may have to compile
_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class ChosenIndicator:
    """An indicator with its parameters."""

    of: Indicator
    parameters: Mapping[str, float]

    @property
    def text(self) -> str:
        """As the address has it: `bollinger:20:2`."""
        return ":".join([self.of.name, *(f"{value:g}" for value in self.parameters.values())])

    @property
    def looks_back(self) -> int:
        """Candles that it needs before the first visible one."""
        return math.ceil(self.of.memory * max(self.parameters.values(), default=1)) + 1

    def changed(self, texts: Sequence[Any]) -> ChosenIndicator:
        """With other parameters, in their order; one that cannot be used keeps its value."""
        new = {
            name: _number(text, value, whole=isinstance(self.of.parameters[name], int))
            for (name, value), text in zip(self.parameters.items(), texts, strict=False)
        }
        return replace(self, parameters={**self.parameters, **new})


def _number(text: Any, usual: float, *, whole: bool) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return usual
    if not 0 < value <= _LONGEST or (whole and value < 1):
        return usual
    return int(value) if whole else value


def from_address(text: str, known: Mapping[str, Indicator]) -> list[ChosenIndicator]:
    """Those that an address names; unknown ones are left out."""
    parts = [part.split(":") for part in text.split(",") if part]
    found = (ChosenIndicator(known[name], known[name].parameters).changed(v) for name, *v in parts if name in known)
    return list({one.text: one for one in found}.values())[:_MOST]


def to_address(chosen: Sequence[ChosenIndicator]) -> str:
    return ",".join(one.text for one in chosen)


def indicator_lines(
    source: CandleSource, window: tuple[int, int], step: int, chosen: Sequence[ChosenIndicator]
) -> tuple[list[IndicatorLine], list[str]]:
    """The lines of indicators over the buckets of a window, exact from its first one on.

    Args:
        source: of the candles.
        window: `[start, end)`, ms UTC.
        step: length of the buckets, in ms.
        chosen: the first one has the key "0".

    Returns:
        The lines; and a sentence for each indicator that failed, which is also a problem of its plugin.
    """
    bars = _warmed(source, window, step, max((one.looks_back for one in chosen), default=0))
    lines: list[IndicatorLine] = []
    faults: list[str] = []
    if not len(bars):
        return lines, faults
    candles, place, seconds = _candles(bars, source), 0, _PATIENT * patience.SECONDS
    first = int(np.searchsorted(bars.ts, bucket_start(window[0], step)))
    for key, one in enumerate(chosen):
        here = str(place) if one.of.below else ""
        place += one.of.below
        try:
            found = limited(partial(_values, one, candles), seconds)
            lines += _drawn(one, found, key, here, bars, first)
        except Exception as error:  # noqa: BLE001 - an indicator may fail in any way; the chart and the others live on
            host = plugins()
            host.report(host.owner("register_indicators", one.of.name), f"indicator {one.of.name}", error)
            faults.append(f"{one.of.title} cannot be drawn: {error}")
    return lines, faults


def _warmed(source: CandleSource, window: tuple[int, int], step: int, needed: int) -> Buckets:
    """The buckets of a window, with as many before it as are needed, if there are so many: markets have holes."""
    ends = source.span() or window
    start, end = bucket_start(window[0], step), bucket_start(window[1] - 1, step) + step
    oldest, back = bucket_start(ends[0], step), needed
    while True:
        low = max(oldest, start - back * step)
        bars = source.buckets(low, end, step)
        if low <= oldest or np.searchsorted(bars.ts, start) >= needed:
            return bars
        back *= 4


def _candles(bars: Buckets, source: CandleSource) -> Candles:
    """With an empty row at the end, in which the value after the last candle is found."""
    columns: dict[str, Any] = {name: np.append(getattr(bars, name), np.nan)[:, None] for name in _FIELDS}
    market = source.series.market if source.series else "candles"
    ts = np.append(bars.ts, bars.ts[-1] + bars.step)
    return Candles(ts=ts, symbols=(market,), interval=name_of(bars.step), **columns)


def _values(one: ChosenIndicator, candles: Candles) -> dict[str, npt.NDArray[np.float64]]:
    """By the name of each line: the value after each candle."""
    given = loaded(one.of.compute)(candles, **one.parameters)
    named = given if isinstance(given, Mapping) else {one.of.title: given}
    return {str(name): _column(values, len(candles.ts))[1:] for name, values in named.items()}


def _column(values: Any, rows: int) -> npt.NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.shape not in ((rows,), (rows, 1)):
        raise DataError(f"it returned shape {array.shape} for {rows} rows; return ({rows},)")
    return array.reshape(rows)


def _drawn(
    one: ChosenIndicator, found: Mapping[str, npt.NDArray[np.float64]], key: int, place: str, bars: Buckets, first: int
) -> list[IndicatorLine]:
    """Its lines from a bucket on; over the price they share a color."""
    ts = bars.ts[first:] + bars.step // 2
    lines = []
    for i, (name, values) in enumerate(found.items()):
        color = LINE_COLORS[(key + (i if one.of.below else 0)) % len(LINE_COLORS)]
        lines.append(IndicatorLine(name, ts, values[first:], color, str(key), place))
    levels = one.of.levels if one.of.below and len(ts) else ()
    return lines + [IndicatorLine("", ts[[0, -1]], np.full(2, float(at)), f"{GREY}99", "", place) for at in levels]
