"""The price of a market moved far in a short time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Duration, Names, Percent, Signal, in_steps


class PriceMove(AlertKind):
    name = "price_move"
    about = "the price moved"
    scope = "market"
    page = "data"

    over: Percent = Field(5.0, title="By more than")
    market: Names = Field(("BTC",), title="Markets")
    within: Duration = Field(86_400.0, title="Within")

    def measure(self, context: Context, subject: str) -> Signal:
        within = int(self.within * 1000)
        found = context.closes(subject, within)
        if found is None:
            return Signal(note=f"the lake has no candles of {subject} that are short enough")
        ts, closes, length = found
        if not len(ts):
            return Signal(note=f"the lake has no candles of {subject}")
        before = np.searchsorted(ts, ts - within, side="right") - 1  # the last close that is at least that old
        moved = np.where(before >= 0, 100 * np.abs(closes / closes[np.maximum(before, 0)] - 1), np.nan)
        end = ts[-1] + max(within, 2 * length)  # from then on the last candle says nothing
        signal = in_steps(context, np.append(ts, end), np.append(moved, np.nan), self.over)
        if signal.value is None:
            return replace(signal, note=f"the last candle of {subject} is too old")
        return signal
