"""Features that hold the future are found, over any of the next ten bars; honest ones are not accused."""

import numpy as np
import pandas as pd
import pytest
from handmade import frame
from real_candles import REAL, real_frame

from cqs_backtest import Feature
from cqs_backtest.checks.lookahead import foreknowledge
from cqs_backtest.features import read_feature
from cqs_core import Candles


def market(kind, bars, seed):
    """Daily candles whose returns are noise, or follow a pattern that their past tells."""
    random = np.random.default_rng(seed)
    noise, day = random.normal(0, 0.03, bars), np.arange(bars)
    if kind == "fat tails":
        noise = random.standard_t(3, bars) * 0.02
    if kind == "calm and wild":
        noise = noise * np.exp(np.sin(day / 40))
    if kind == "trending":
        noise = pd.Series(noise).ewm(alpha=0.5).mean().to_numpy() * 1.5
    if kind == "mean-reverting":
        noise = np.diff(pd.Series(noise).ewm(alpha=0.15).mean().to_numpy() * 6, prepend=0)
    if kind == "seasonal":
        noise = noise + 0.03 * np.sin(day / 9)
    if kind == "weekly":
        noise = noise * 0.7 + 0.04 * (day % 7 == 0)
    if kind == "wave":
        noise = 0.03 * np.sin(day / 9)
    return frame(100 * np.exp(np.cumsum(noise)), start="2022-01-01")


def honest(bars, seed):
    """What is known at each bar's open: prices of the past, the calendar, noise."""
    random, index = np.random.default_rng(1_000 + seed), bars.index
    close, day = bars["close"].shift(1), np.arange(len(bars))
    move = close.pct_change()
    found = {
        "noise": random.normal(size=len(bars)),
        "walk": random.normal(size=len(bars)).cumsum(),
        "price": close,
        "return": move,
        "momentum": close.pct_change(20),
        "volatility": move.rolling(20).std(),
        "average": close.rolling(30).mean(),
        "weekday": day % 7,
        "monday": np.where(day % 7 == 0, "monday", "other"),
        "trend": np.where(close > close.rolling(20).mean(), "bull", "bear"),
        "months": np.where(day // 25 % 2, "bull", "bear"),
        "regime": np.array(["a", "b", "c"])[(random.random(len(bars)) < 1 / 30).cumsum() % 3],
        "late": day > len(bars) / 2,
        "rare": random.random(len(bars)) < 0.06,
        "high": close >= close.rolling(50).max(),
        "jumps": close.where(move.abs() > move.std()).ffill(),
    }
    return {name: Feature(pd.Series(values, index).dropna(), known="open") for name, values in found.items()}


RARE = {"rare", "high"}
"""Flags that may be set too few times to be judged."""


def last_high(bars, fall=0.06):
    """1 on the day after a high that is known only once prices have fallen by 6 %."""
    close, flags = bars["close"].to_numpy(), np.zeros(len(bars))
    top, bottom, up = 0, 0, True
    for day in range(1, len(close)):
        top, bottom = (day if close[day] > close[top] else top), (day if close[day] < close[bottom] else bottom)
        if up and close[day] < close[top] * (1 - fall):
            flags[top + 1], bottom, up = 1, day, False
        elif not up and close[day] > close[bottom] * (1 + fall):
            top, up = day, True
    return flags


def words(rises, index):
    return pd.Series(np.where(rises, "bull", "bear"), index)


PEEKERS = {
    "tomorrow": lambda c: c.pct_change().shift(-1),
    "two days ahead": lambda c: c.pct_change().shift(-2),
    "five days ahead": lambda c: c.pct_change().shift(-5),
    "highest of three": lambda c: c.rolling(3).max().shift(-2),
    "best of three": lambda c: c.pct_change().rolling(3).max().shift(-3),
    "sign": lambda c: np.sign(c.pct_change().shift(-2)),
    "word": lambda c: words(c.shift(-1) > c, c.index),
    "week": lambda c: words(c.shift(-7) > c, c.index),
    "three words": lambda c: pd.cut(c.shift(-5) / c - 1, [-9, -0.03, 0.03, 9], labels=["a", "b", "c"]).astype(object),
    "size": lambda c: c.pct_change().abs().shift(-1),
    "centered average": lambda c: c.rolling(7, center=True).mean(),
    "slope": lambda c: c.rolling(11, center=True).mean().diff(),
    "wide average": lambda c: c.rolling(21, center=True).mean(),
    "above it": lambda c: c > c.rolling(11, center=True).mean(),
    "noisy": lambda c: c.pct_change().shift(-2) + np.random.default_rng(1).normal(0, 0.015, len(c)),
}


def found(features, interval="1d", **tables):
    """What is found in features of these markets."""
    markets = tuple(f"{name}/KRW" for name in tables)
    candles = Candles.from_frames(dict(zip(markets, tables.values(), strict=True)), interval)
    read = {name: read_feature(name, one, "upbit", markets, interval) for name, one in features.items()}
    return foreknowledge(candles.with_values(features=read))


@pytest.mark.parametrize(
    "kind", ["noise", "fat tails", "calm and wild", "trending", "mean-reverting", "seasonal", "weekly", "wave"]
)
def test_no_honest_feature_is_accused(kind):
    for seed in range(2):
        bars = market(kind, 400, seed)
        given = honest(bars, seed)
        told = {name: one for name in given if (one := found({name: given[name]}, BTC=bars))}
        assert set(told) <= RARE
        assert all(one.state == "not checkable" for one in told.values())


@pytest.mark.parametrize("name", PEEKERS)
def test_each_peeker_is_found_among_honest_features(name):
    for seed, kind in enumerate(("noise", "fat tails", "calm and wild")):
        bars = market(kind, 360, seed)
        planted = Feature(PEEKERS[name](bars["close"]).dropna(), known="open")
        told = found({"noise": honest(bars, seed)["noise"], "x": planted}, BTC=bars)
        assert told is not None, kind
        assert told.state == "peeks"
        assert told.where.startswith("feature x tells the ")


def test_highs_that_are_known_only_later_are_found_as_flags_prices_and_stamps():
    bars = market("noise", 1000, 1)
    flags = pd.Series(last_high(bars), bars.index)
    prices = bars["close"].shift(1).where(flags == 1)
    for planted in (flags, prices, prices.ffill().dropna(), prices.dropna()):
        told = found({"x": Feature(planted, known="open")}, BTC=bars)
        assert told is not None
        assert told.state == "peeks"


def test_the_next_bars_value_is_found_where_it_counts_from_the_close():
    bars = market("noise", 360, 3)
    told = found({"x": bars["close"].pct_change().shift(-1).dropna()}, BTC=bars)
    assert "tells the return of the bar that follows (BTC/KRW" in told.where
    assert found({"x": bars["close"].pct_change().dropna()}, BTC=bars) is None


def test_a_days_value_on_hours():
    random = np.random.default_rng(4)
    hours = frame(100 * np.exp(np.cumsum(random.normal(0, 0.006, 24 * 200))))
    hours.index = pd.date_range("2024-01-01", periods=len(hours), freq="h", tz="UTC", unit="ms")
    days = hours["close"].resample("D").last()
    assert found({"x": days.pct_change().dropna()}, "1h", BTC=hours) is None
    for planted in (Feature(days.pct_change().dropna(), known="open"), days.pct_change().shift(-2).dropna()):
        assert found({"x": planted}, "1h", BTC=hours).state == "peeks"


def test_the_column_of_one_symbol_among_several():
    tables = {name: market("noise", 360, seed) for seed, name in enumerate(("BTC", "ETH", "XRP"))}
    columns = pd.DataFrame({name: table["close"].pct_change() for name, table in tables.items()})
    assert found({"x": columns.dropna()}, **tables) is None
    columns["ETH"] = columns["ETH"].shift(-3)
    assert "(ETH/KRW, rank correlation" in found({"x": columns.dropna()}, **tables).where


def test_too_few_values_cannot_be_judged():
    bars = market("noise", 40, 0)
    told = found({"x": bars["close"]}, BTC=bars)
    assert told.state == "not checkable"
    assert told.where.startswith("feature x has too few values, or too few that differ")
    bars = market("noise", 360, 0)
    rare = pd.Series(np.arange(360) % 150 == 100, bars.index)
    assert found({"x": rare}, BTC=bars).state == "not checkable"
    assert found({"x": pd.Series("bull", bars.index)}, BTC=bars) is None, "a constant tells nothing"


@pytest.mark.once
@pytest.mark.skipif(not REAL.exists(), reason="needs the real candles")
@pytest.mark.parametrize(
    "where", [("upbit", "BTC/KRW", "1d"), ("binance", "FTT/USDT", "1d"), ("upbit", "ETH/KRW", "1h")]
)
def test_real_candles_accuse_no_honest_feature_and_each_peeker(where):
    bars = real_frame(*where).iloc[-600:]
    told = found(honest(bars, 0), where[2], BTC=bars)
    assert told is None or told.state == "not checkable"
    for name, planted in PEEKERS.items():
        if name != "noisy":  # the noise is one for moves of days
            told = found({"x": Feature(planted(bars["close"]).dropna(), known="open")}, where[2], BTC=bars)
            assert told is not None, name
            assert told.state == "peeks"
