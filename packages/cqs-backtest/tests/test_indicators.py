"""Indicators show what is known at the open, over a symbol's own candles."""

import numpy as np
import pandas as pd
import pytest
from handmade import market

from cqs_backtest import indicators as ind
from cqs_core import Candles, UnknownName, UsageError


def series(*closes):
    return market(A=[None if c is None else (c, c + 1, c - 1, c) for c in closes], B=[(1, 1, 1, 1)] * len(closes))


def column(values):
    return [None if np.isnan(v) else round(float(v), 9) for v in values[:, 0]]


def test_previous_is_the_last_closed_candle():
    assert column(ind.previous(series(1, 2, 3), "close")) == [None, 1, 2]


def test_a_missing_bar_is_skipped_and_carries_the_last_value_on():
    assert column(ind.previous(series(1, None, 3, 4), "close")) == [None, 1, 1, 3]
    assert column(ind.previous(series(1, None, 3, 4), "close", 2)) == [None, None, None, 1]
    assert column(ind.sma(series(2, None, 4, 9), 2)) == [None, None, None, 3]


def test_closed_counts_own_candles():
    assert ind.closed(series(1, None, 3, 4))[:, 0].tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("indicator", "reference"),
    [
        (lambda c: ind.sma(c, 5), lambda f: f["close"].rolling(5).mean()),
        (lambda c: ind.highest(c, 5), lambda f: f["high"].rolling(5).max()),
        (lambda c: ind.lowest(c, 7), lambda f: f["low"].rolling(7).min()),
        (lambda c: ind.highest(c, 1, "close"), lambda f: f["close"]),
        (lambda c: ind.std(c, 5), lambda f: f["close"].rolling(5).std(ddof=0)),
        (lambda c: ind.ema(c, 5), lambda f: f["close"].ewm(span=5, adjust=False, min_periods=5).mean()),
        (lambda c: ind.rsi(c, 5), lambda f: _rsi(f["close"], 5)),
        (lambda c: ind.atr(c, 5), lambda f: _atr(f, 5)),
        (lambda c: ind.noise(c, 5), lambda f: (1 - (f.close - f.open).abs() / (f.high - f.low)).rolling(5).mean()),
    ],
    ids=["sma", "highest", "lowest", "last close", "std", "ema", "rsi", "atr", "noise"],
)
def test_they_agree_with_pandas_on_own_candles(indicator, reference):
    random = np.random.default_rng(2)
    close = 100 * np.exp(random.normal(0, 0.02, 60).cumsum())
    open_ = np.append(100, close[:-1])
    index = pd.date_range("2024-01-01", periods=60, tz="UTC")
    high, low = np.maximum(open_, close) * 1.01, np.minimum(open_, close) * 0.99
    frame = pd.DataFrame({"open": open_, "high": high, "low": low, "close": close, "volume": 1.0}, index)
    holes = frame.drop(frame.index[[7, 20, 21]])
    candles = Candles.from_frames({"A": holes, "B": frame})
    known = reference(holes).reindex(index).ffill().shift(1)
    assert indicator(candles)[:, 0] == pytest.approx(known.to_numpy(), rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("n", [2, 3, 5, 7, 14, 20, 49, 50, 200])
def test_equal_tick_prices_are_their_own_mean_and_have_no_deviation(n):
    random = np.random.default_rng(n)
    for tick in (0.1, 0.0001873, 1.1, 28.35, 107_345_000.0, *random.uniform(1e-6, 1e8, 40)):
        before = random.uniform(0.5, 2, 30) * tick  # what came before leaves nothing behind
        candles = series(*before, *[float(tick)] * (n + 1))
        assert ind.sma(candles, n)[-1, 0] == tick
        assert ind.std(candles, n)[-1, 0] == 0
        assert ind.ema(series(*[float(tick)] * (n + 1)), n)[-1, 0] == tick


def test_the_mean_is_the_nearest_float_to_the_exact_one():
    from fractions import Fraction

    random = np.random.default_rng(5)
    for n in (3, 7, 20):
        closes = np.round(random.uniform(0.1, 1000, 60), 1)
        mean = ind.sma(series(*closes), n)[:, 0]
        for t in range(n, 60):
            assert mean[t] == float(sum(map(Fraction, closes[t - n : t].tolist())) / n)


def _rsi(close, n):
    move = close.diff().fillna(0)
    up, down = (
        part.ewm(alpha=1 / n, adjust=False, min_periods=n + 1).mean()
        for part in (move.clip(lower=0), -move.clip(upper=0))
    )
    return 100 * up / (up + down)


def _atr(frame, n):
    before = frame["close"].shift(1)
    true = np.fmax(frame["high"], before) - np.fmin(frame["low"], before)
    return true.ewm(alpha=1 / n, adjust=False, min_periods=n).mean()


def test_a_reference_is_sampled_at_the_rows_of_the_traded_by_its_closed_candles():
    index = pd.date_range("2024-01-01", periods=5, tz="UTC")
    frame = pd.DataFrame({n: np.arange(5.0) for n in ("open", "high", "low", "close", "volume")}, index) + 1
    candles = Candles.from_frames({"A": frame.iloc[[1, 3, 4]]}, "1d", {"R": frame})
    reference = candles.reference("R")
    assert column(ind.previous(reference, "close")) == [1, 3, 4]
    assert column(ind.sma(reference, 2)) == [None, 2.5, 3.5]
    assert ind.closed(reference)[:, 0].tolist() == [1, 3, 4]


def test_a_reference_that_closes_later_is_not_known_yet():
    hours = pd.date_range("2024-01-01T09:00", periods=3, freq="D", tz="UTC")
    days = pd.date_range("2024-01-01", periods=3, tz="UTC")
    values = dict.fromkeys(("open", "high", "low", "close", "volume"), np.array([1.0, 2.0, 3.0]))
    candles = Candles.from_frames({"A": pd.DataFrame(values, hours)}, "1d", {"R": pd.DataFrame(values, days)})
    assert column(ind.previous(candles.reference("R"), "close")) == [None, 1, 2]


def test_values_are_computed_once_and_read_only():
    candles = series(1, 2, 3)
    first = ind.sma(candles, 2)
    assert ind.sma(candles, 2) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1
    assert ind.sma(candles.between(0, 2), 2) is not first


@pytest.mark.parametrize("make", [lambda a: ind.ema(a, 5), lambda a: ind.rsi(a, 5), ind.closed])
def test_an_array_in_place_of_candles_is_refused_with_an_example(make):
    with pytest.raises(UsageError, match=r"takes the candles, not ndarray: ema\(candles, 20, 'close'\)"):
        make(np.ones((10, 1)))


def test_a_field_that_candles_do_not_have_is_refused_with_a_suggestion():
    with pytest.raises(UnknownName, match="close"):
        ind.sma(series(1, 2, 3), 2, "closee")
