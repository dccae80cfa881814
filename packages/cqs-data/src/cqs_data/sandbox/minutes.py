"""Minutes inside given hours: open, high, low, close and volume of the 60 add up to those of their hour."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from cqs_core.time.intervals import MINUTE
from cqs_data.sandbox.candle_rows import CandleRows, Floats
from cqs_data.sandbox.seeded import bell, uniform

_M = np.arange(61)
_BRIDGE = np.sqrt(_M * (60 - _M)) / 30.0


def minutes(name: str, hours: CandleRows) -> CandleRows:
    """60 candles for each hour; `name` seeds them."""
    if len(hours.ts) == 0:
        return CandleRows.empty()
    seed = crc32(name.encode()) * 1_000_033
    ts = (hours.ts[:, None] + _M[:60] * MINUTE).ravel()
    prices = _prices(seed, hours, ts)
    return CandleRows(ts, np.column_stack([prices, _volumes(seed + 9, hours, ts)]))


def unfinished(bars: CandleRows, now: int) -> CandleRows:
    """Minutes up to `now`, the last as far as it has come."""
    bars = bars.between(0, now + 1)
    bars = CandleRows(bars.ts, bars.values.copy())
    if len(bars.ts) and bars.ts[-1] + MINUTE > now:
        done, (opened, _, _, closed, volume) = (now - bars.ts[-1]) / MINUTE, bars.values[-1]
        price = float(_on_unit(opened + (closed - opened) * done, opened))
        bars.values[-1] = (opened, max(opened, price), min(opened, price), price, round(volume * done, 8))
    return bars


def _prices(seed: int, hours: CandleRows, ts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    opened, high, low, closed = (hours.values[:, i, None] for i in range(4))
    noise = np.c_[bell(seed, ts).reshape(-1, 60), np.zeros(len(hours.ts))]
    path = opened + (closed - opened) * _M / 60 + (high - low) * 0.2 * _BRIDGE * noise
    path = np.clip(path, low, high)
    path[:, 0], path[:, 60] = opened[:, 0], closed[:, 0]
    path = _on_ticks(path, opened)
    highs, lows = np.maximum(path[:, :-1], path[:, 1:]), np.minimum(path[:, :-1], path[:, 1:])
    row = np.arange(len(hours.ts))
    highs[row, (uniform(seed + 5, hours.ts) * 60).astype(np.int64)] = high[:, 0]
    lows[row, (uniform(seed + 6, hours.ts) * 60).astype(np.int64)] = low[:, 0]
    return np.column_stack([part.ravel() for part in (path[:, :-1], highs, lows, path[:, 1:])])


def _on_ticks(path: Floats, opened: Floats) -> Floats:
    inner = _on_unit(path, opened)
    inner[:, 0], inner[:, 60] = path[:, 0], path[:, 60]
    return np.asarray(np.clip(inner, path.min(1, keepdims=True), path.max(1, keepdims=True)))


def _on_unit(price: Floats, opened: Floats) -> Floats:
    """Prices in steps of the fifth figure of the open."""
    unit = 10.0 ** (np.floor(np.log10(opened)) - 4)
    return np.asarray(np.round(np.round(price / unit) * unit, 8))


def _volumes(seed: int, hours: CandleRows, ts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    weights = (0.05 + uniform(seed, ts) ** 2).reshape(-1, 60)
    total = hours.values[:, 4, None]
    parts = np.floor(total * weights / weights.sum(1, keepdims=True) * 1e6) / 1e6
    parts[:, 59] = np.round(total[:, 0] - parts[:, :59].sum(1), 8)
    return np.asarray(parts.ravel())
