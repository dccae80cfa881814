"""Candles and orders written by hand."""

import numpy as np
import pandas as pd

from cqs_core import REASONS, Candles, Costs, Lake, Orders, Series
from cqs_core.lake import candle_table
from cqs_core.time.intervals import DAY, HOUR
from cqs_core.trading.metrics import Daily

FREE = Costs(fee=0, slip=0, capital=1000)


def market(*bars, **columns):
    """Candles of one symbol `A`, or of several by name; a bar is (open, high, low, close[, volume]) or None."""
    columns = columns or {"A": bars}
    rows = len(next(iter(columns.values())))
    values = np.full((5, rows, len(columns)), np.nan)
    for s, bars_of_one in enumerate(columns.values()):
        for t, bar in enumerate(bars_of_one):
            if bar is not None:
                values[:, t, s] = bar if len(bar) == 5 else (*bar, 1.0)
    ts = np.arange(rows, dtype=np.int64) * DAY
    return Candles(ts, tuple(columns), *values).validate()


def daily(returns):
    """Daily returns from 1970 on, each day with a bar."""
    returns = np.asarray(returns, float)
    return Daily(np.arange(len(returns), dtype=np.int64) * DAY, returns, np.ones(len(returns), bool))


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


def frame(closes, *, spread=0.02, start="2024-01-01"):
    """Daily candles around these closes: opens at the previous close, highs and lows `spread` around both."""
    close = np.asarray(closes, dtype=float)
    open_ = np.append(close[0], close[:-1])
    index = pd.date_range(start, periods=len(close), freq="D", tz="UTC", unit="ms")
    top, bottom = np.maximum(open_, close), np.minimum(open_, close)
    return pd.DataFrame(
        {"open": open_, "high": top * (1 + spread), "low": bottom * (1 - spread), "close": close, "volume": 1.0}, index
    )


WAVE = frame(100 * np.exp(np.cumsum(0.03 * np.sin(np.arange(300) / 9))))


def store_hours(bucket, market, days, *lost, exchange="upbit"):
    """Put hourly candles from 2024 on into the lake, but for some hours, counted from the first: never fetched."""
    rows, start = frame(100 + np.sin(np.arange(24 * days) / 5)), 1_704_067_200_000
    values, last = rows.to_numpy(), 0
    for hour in (*lost, 24 * days):
        ts = start + HOUR * np.arange(last, hour)
        series = Series(exchange, market, "1h")
        Lake(bucket).append(series, candle_table(ts, values[last:hour]), start + HOUR * last, start + HOUR * hour)
        last = hour + 1


def store(bucket, market, daily, exchange="upbit"):
    """Put daily candles into the lake, over what is there."""
    import pyarrow as pa

    ts = daily.index.as_unit("ms").asi8
    columns = {"ts": pa.array(ts, pa.timestamp("ms", "UTC")), **{n: daily[n].to_numpy() for n in daily.columns}}
    series = Series(exchange, market, "1d")
    Lake(bucket).append(series, pa.table(columns), int(ts[0]), int(ts[-1]) + DAY, source="import")
