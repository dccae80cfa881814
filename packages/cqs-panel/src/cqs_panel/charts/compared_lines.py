"""Lines of other markets over candles: the browser scales them to meet the candles at the left edge of the view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from bokeh.models import ColumnDataSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_panel.charts.buckets import Buckets

_APART = 1.6  # buckets between two closes from which there is a hole: months are of several lengths
# `others` is the source of the lines. Its `levels` come as closes and are changed in place, so that nothing is sent.
TOGETHER_JS = """
const together = (others, a, b, base) => {
  const {times: xs, levels: ys} = others.data
  let bottom = Infinity, top = -Infinity, changed = false
  if (!xs.length) return [bottom, top]
  if (others.cqs_of !== ys) {
    others.cqs_of = ys
    others.cqs_closes = ys.map((one) => Float64Array.from(one))
    others.cqs_factors = []
  }
  others.cqs_main = base ??= others.cqs_main ?? 100
  others.cqs_first = others.cqs_closes.map((all, k) => all.find((v, i) => xs[k][i] >= a && xs[k][i] <= b && v > 0))
  for (const [k, closes] of others.cqs_closes.entries()) {
    const factor = others.cqs_first[k] ? base / others.cqs_first[k] : NaN
    if (!Object.is(others.cqs_factors[k], factor)) {
      changed = true
      others.cqs_factors[k] = factor
      for (let i = 0; i < closes.length; i++) ys[k][i] = closes[i] * factor
    }
    for (let i = 0; i < closes.length; i++) if (xs[k][i] >= a && xs[k][i] <= b) {
      if (ys[k][i] < bottom) bottom = ys[k][i]
      if (ys[k][i] > top) top = ys[k][i]
    }
  }
  if (changed) others.change.emit()
  return [bottom, top]
}
"""
# Percent of each line, and of the candles, at a time: for the readout.
PERCENTS_JS = """
const percents = (others, at, close) => {
  const said = {}, text = (share) => isFinite(share) ? `${share >= 0 ? "+" : ""}${(100 * share).toFixed(2)} %` : "–"
  const {times: xs, key} = others.data, {cqs_closes: closes, cqs_first: first} = others
  if (!xs.length || others.cqs_of !== others.data.levels) return said
  for (let k = 0; k < xs.length; k++) {
    let a = 0, b = xs[k].length
    while (a < b) { const m = (a + b) >> 1; if (xs[k][m] <= at) a = m + 1; else b = m }
    said[key[k]] = text(a ? closes[k][a - 1] / first[k] - 1 : NaN)
  }
  said["="] = text(close / others.cqs_main - 1)
  return said
}
"""
Floats = npt.NDArray[np.float64]


class Curve(NamedTuple):
    """Closes over time; NaN interrupts the line.

    Attributes:
        ts: float64 (N,), ms UTC.
        closes: float64 (N,), in the currency of its market.
    """

    ts: Floats
    closes: Floats


def curve_of(bars: Buckets) -> Curve:
    """The closes in the middle of their buckets; one between two holes goes from edge to edge."""
    ts, closes = bars.ts.astype(np.float64), np.array(bars.close)
    if not len(ts):
        return Curve(ts, closes)
    parts = np.split(np.arange(len(ts)), np.flatnonzero(np.diff(ts) > _APART * bars.step) + 1)
    xs: list[Floats] = []
    ys: list[Floats] = []
    for part in parts:
        alone = len(part) == 1
        at = ts[part[0]] + np.array([0.0, bars.step]) if alone else ts[part] + bars.step / 2
        xs += [at, at[-1:]]
        ys += [np.repeat(closes[part], 2) if alone else closes[part], np.array([np.nan])]
    return Curve(np.concatenate(xs[:-1]), np.concatenate(ys[:-1]))


class ComparedLines:
    """The source exists from the start; the glyph only once something is compared, since few charts need it.

    Attributes:
        source: `times`, `levels` (closes; in the browser scaled), `color`, and `key` of each line.
    """

    def __init__(self, figure: Any) -> None:
        self._figure, self._begun = figure, False
        self.source = ColumnDataSource({"times": [], "levels": [], "color": [], "key": []})

    def begin(self) -> None:
        """Make the glyph."""
        if not self._begun:
            self._begun = True
            self._figure.multi_line("times", "levels", source=self.source, line_color="color", line_width=1.8)

    def show(self, curves: Sequence[tuple[str, str, Curve]]) -> None:
        """Draw curves, each with its key and color, in place of all."""
        if curves or self.source.data["times"]:
            self.source.data = {
                "times": [curve.ts for _, _, curve in curves],
                "levels": [curve.closes for _, _, curve in curves],
                "color": [color for _, color, _ in curves],
                "key": [key for key, _, _ in curves],
            }
