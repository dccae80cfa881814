"""Rules that peek, and rules that only look as if they did."""

import itertools

import numpy as np
import pandas as pd

from cqs_backtest import indicators as ind
from cqs_backtest.strategies import STRATEGIES
from cqs_core import Candles, Orders, Strategy
from cqs_core.time.intervals import length


def walk(rows, columns=1, seed=0, interval="1d", *, missing=0.0, tick=0.0):
    """Candles of a random walk with a reference BTC/KRW; volatility as that of the interval."""
    random = np.random.default_rng(seed)
    vol = {"1m": 0.0008, "1h": 0.006, "1d": 0.03}[interval]
    close = 100 * np.exp(random.normal(0, vol, (rows, columns + 1)).cumsum(axis=0))
    open_ = np.vstack([close[:1], close[:-1]]) * (1 + random.normal(0, vol / 10, close.shape))
    if tick:
        close, open_ = (np.maximum(np.round(x / tick), 1) * tick for x in (close, open_))
    high = np.maximum(open_, close) * (1 + random.exponential(vol / 3, close.shape))
    low = np.minimum(open_, close) * (1 - random.exponential(vol / 3, close.shape))
    holes = random.random(close.shape) < missing
    holes[:, -1] = False
    values = [np.where(holes, np.nan, x) for x in (open_, high, low, close, random.exponential(1, close.shape))]
    ts = 1_672_531_200_000 + length(interval) * np.arange(rows, dtype=np.int64)
    reference = Candles(ts, ("BTC/KRW",), *(np.ascontiguousarray(x[:, -1:]) for x in values), interval, rows=ts)
    own = [np.ascontiguousarray(x[:, :-1]) for x in values]
    symbols = tuple(f"C{i}/KRW" for i in range(columns))
    return Candles(ts, symbols, *own, interval, references={"BTC/KRW": reference}).validate()


def flags(values):
    return np.nan_to_num(np.asarray(values, float)) > 0


def held(up):
    return Orders(enter=up, exit=~up)


def frame(values):
    return pd.DataFrame(np.array(values))


def by_time(c, values):
    return pd.DataFrame(np.array(values), pd.to_datetime(c.ts, unit="ms"))


def coarser(c):
    """A day of minutes, a week of hours, a month of days."""
    return {"1m": "1D", "1h": "W-MON", "1d": "MS"}[c.interval]


def open_period(c):
    """The close of the open day, week or month, which is not over, above the average of the last eight."""
    close = by_time(c, c.close)
    group = close.resample(coarser(c), label="left", closed="left").last()
    up = (group > group.rolling(8).mean()).reindex(close.index, method="ffill").fillna(value=False)
    return held(up.to_numpy().astype(bool))


def high_of_period(c):
    close, high = by_time(c, ind.previous(c, "close")), by_time(c, c.high)
    top = high.groupby(pd.Grouper(freq=coarser(c), label="left", closed="left")).transform("max").to_numpy()
    return held(flags(close.to_numpy() > 0.97 * top))


def lowest_around(c):
    close = frame(c.close)
    return held(flags(close.rolling(21, center=True, min_periods=1).min() == close))


def fitted(c):
    t = np.arange(len(c.ts))
    lines = [np.polyval(np.polyfit(t[ok], x[ok], 1), t) for x in c.close.T for ok in [~np.isnan(x)]]
    return held(flags(c.open < np.column_stack(lines)))


def sparse(c):
    """One bar in forty is looked into."""
    at = (np.arange(len(c.ts)) % 40 == 7)[:, None]
    return Orders(enter=at & (c.close > c.open), exit=~at & np.ones(c.shape, bool))


def scaled(c):
    low, high = np.nanmin(c.close, axis=0), np.nanmax(c.close, axis=0)
    return held(flags((c.open - low) / (high - low) < 0.4))


def sure_exit(c):
    up = flags(ind.previous(c, "close") > ind.sma(c, 10))
    leave = flags(c.close < c.open * 0.995)
    return Orders(enter=up & ~leave, exit=leave)


def ranked(c):
    return held(flags(frame(c.open).rank(pct=True) < 0.4))


def smoothed(c):
    weights = np.hanning(11) / np.hanning(11).sum()
    padded = frame(c.close).ffill().bfill().to_numpy()
    smooth = np.column_stack([np.convolve(np.pad(x, 5, mode="edge"), weights, mode="valid") for x in padded.T])
    return held(flags(smooth > c.open))


def filled_back(c):
    """A warm-up filled with the first value after it."""
    mean = frame(c.close).rolling(120, min_periods=60).mean().shift(1).bfill()
    return held(flags(frame(ind.previous(c, "close")) > mean))


PEEKS = {
    "own close": lambda c: held(flags(c.close > c.open)),
    "own range": lambda c: held(flags((c.high - c.low) > (ind.previous(c, "high") - ind.previous(c, "low")))),
    "own low": lambda c: Orders(enter=c.present, stop=c.low * 1.001, exit=np.ones((1, 1), bool)),
    "own volume": lambda c: held(flags(c.volume > ind.previous(c, "volume"))),
    "next bar": lambda c: held(flags(frame(c.close).shift(-1) > frame(c.close))),
    "a week ahead": lambda c: held(flags(frame(c.close).shift(-7) > frame(c.open))),
    "whole mean": lambda c: held(flags(c.open < np.nanmean(c.close, axis=0))),
    "whole scale": scaled,
    "whole rank": ranked,
    "whole fit": fitted,
    "centred": smoothed,
    "lowest around": lowest_around,
    "reference": lambda c: held(
        np.repeat(flags(c.reference("BTC/KRW").close > c.reference("BTC/KRW").open), c.shape[1], axis=1)
    ),
    "open period": open_period,
    "high of the period": high_of_period,
    "filled back": lambda c: held(
        flags(
            frame(ind.previous(c, "close"))
            > frame(c.close).rolling(120, min_periods=60).mean().bfill().shift(1).bfill()
        )
    ),
    "sparse": sparse,
    "exits alone": sure_exit,
    "weights": lambda c: Orders(
        enter=flags(ind.previous(c, "close") > ind.sma(c, 5)),
        exit=~flags(ind.previous(c, "close") > ind.sma(c, 5)),
        weight=np.clip(np.nan_to_num(c.close / c.open - 0.5), 0, 1),
    ),
    "stop losses": lambda c: Orders(enter=c.present, stop_loss=np.clip(1 - c.low / c.open, 0, 0.5)),
}


def causal_fft(c):
    """An average by convolution through a Fourier transform: exact but for rounding, and that depends on all prices."""
    kernel = np.zeros(len(c.ts))
    kernel[: min(20, len(kernel))] = 1 / 20
    filled = frame(c.close).ffill().fillna(100.0).to_numpy()
    spectrum = np.fft.rfft(np.vstack([filled, np.zeros_like(filled)]), axis=0)
    spectrum *= np.fft.rfft(np.append(kernel, np.zeros_like(kernel)))[:, None]
    average = np.fft.irfft(spectrum, axis=0)[: len(kernel)]
    up = np.vstack([np.zeros((1, c.shape[1]), bool), (filled >= average)[:-1]])
    apart = np.vstack([np.zeros((1, c.shape[1])), np.abs(average / filled - 1)[:-1]])
    return Orders(enter=up, exit=~up, stop_loss=0.05 + 1e-3 * apart)


def seeded_by_column(c):
    random = np.random.default_rng(7)
    draws = np.column_stack([random.random(c.shape[0]) for _ in c.symbols])
    return Orders(enter=draws < 0.1, exit=draws > 0.9)


def by_cumsum(c):
    """A rolling mean as the difference of two running sums."""
    total = np.nancumsum(c.close, axis=0)
    mean = np.full(c.shape, np.nan)
    mean[21:] = (total[20:-1] - total[:-21]) / 20
    return held(flags(ind.previous(c, "close") >= mean))


def learner(c):
    """Trains on its first rows, and refuses fewer."""
    if len(c.ts) < 180:
        raise ValueError(f"found {len(c.ts)} samples while a minimum of 180 is required")
    up = flags(ind.previous(c, "close") > np.nanmean(c.close[:180], axis=0))
    up[:180] = False
    return held(up)


def last_period(c):
    """The last day, week or month that is over."""
    close = by_time(c, c.close)
    group = close.resample(coarser(c), label="left", closed="left").last()
    up = (group > group.rolling(8).mean()).shift(1, fill_value=False)
    return held(up.reindex(close.index, method="ffill").fillna(value=False).to_numpy().astype(bool))


def by_hour(c):
    up = ((c.ts // 3_600_000) % 24 < 12)[:, None] & c.present
    return Orders(enter=up, exit=(~up))


def seeded(c):
    random = np.random.default_rng(3).random(c.shape)
    return Orders(enter=random < 0.1, exit=random > 0.9)


def compounding(c):
    ratio = frame(ind.previous(c, "close")).pct_change(fill_method=None)
    score = ((ratio - ratio.expanding(30).mean()) / ratio.expanding(30).std()).to_numpy()
    return Orders(enter=flags(score < -1), exit=flags(score > 1))


CLEAN = {
    **dict.fromkeys(STRATEGIES),
    "causal fft": causal_fft,
    "seeded": seeded,
    "seeded by column": seeded_by_column,
    "by cumsum": by_cumsum,
    "learner": learner,
    "last period": last_period,
    "by hour": by_hour,
    "expanding score": compounding,
}
_CALLS = itertools.count()


def unseeded(c):
    random = np.random.default_rng().random(c.shape)
    return Orders(enter=random < 0.1, exit=random > 0.9)


def rarely_unseeded(c):
    """Differs in one bar of one call in some."""
    up = flags(ind.previous(c, "close") > ind.sma(c, 10))
    random = np.random.default_rng()
    if random.random() < 0.3:
        up[random.integers(len(up))] ^= True
    return held(up)


def counting(c):
    up = np.zeros(c.shape, bool)
    up[next(_CALLS) % len(up)] = True
    return Orders(enter=up)


MOODY = {"unseeded": unseeded, "counting": counting}


def rule(orders, **more):
    """A strategy of one function, which looks at BTC."""
    made = {"id": "rule", "orders": lambda _, c: orders(c), "references": lambda *_: ("BTC/KRW",), **more}
    return type("Rule", (Strategy,), made)()
