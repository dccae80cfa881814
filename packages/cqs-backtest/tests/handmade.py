"""Candles and orders written by hand."""

import numpy as np

from cqs_core import REASONS, Candles, Costs, Orders
from cqs_core.intervals import DAY

FREE = Costs(fee=0, slip=0, capital=1000)


def market(*bars, **columns):
    """Candles of one symbol `A`, or of several by name; a bar is (open, high, low, close), None is missing."""
    columns = columns or {"A": bars}
    rows = len(next(iter(columns.values())))
    values = np.full((5, rows, len(columns)), np.nan)
    for s, bars_of_one in enumerate(columns.values()):
        for t, bar in enumerate(bars_of_one):
            if bar is not None:
                values[:, t, s] = (*bar, 1.0)
    ts = np.arange(rows, dtype=np.int64) * DAY
    return Candles(ts, tuple(columns), *values).validate()


def orders(candles, **fields):
    """Orders of one symbol as lists by bar; of several as lists of lists. None is no order."""
    made = {name: value if np.isscalar(value) else _array(name, value) for name, value in fields.items()}
    return Orders(**made).validate(candles.shape)


def _array(name, rows):
    values = np.array(rows, dtype=float)  # None becomes NaN
    values = values[:, None] if values.ndim == 1 else values
    return np.nan_to_num(values).astype(bool) if name in ("enter", "exit") else values


def filled(execution):
    """`(bar, symbol, reason, quantity, price)` of each fill, rounded to 9 digits."""
    rows = execution.fills.tolist()
    return [(bar, symbol, REASONS[why], round(q, 9), round(price, 9)) for bar, symbol, why, q, price, _ in rows]


FLAT = (100, 100, 100, 100)
