"""Strategies that the tests need: every kind of order at random, and seven kinds of peeking."""

import numpy as np
import param

from cqs_backtest import indicators as ind
from cqs_core import Orders, Strategy

KINDS = ("open", "stop", "limit", "both", "target", "target and stop")


def random_orders(candles, kind, seed, *, close=None):
    """Every kind of order, contradicting itself nowhere; prices lie around the previous close."""
    random = np.random.default_rng(seed)
    shape = candles.shape
    before = ind.previous(candles, "close")

    def uniform():
        return random.random(shape)

    def sometimes(values, share=0.5):
        return np.where(uniform() < share, values, np.nan)

    fields = {
        "exit": uniform() < 0.15,
        "enter": uniform() < 0.3,
        "weight": uniform() * 0.6,
        "stop_loss": sometimes(uniform() * 0.1),
        "take_profit": sometimes(uniform() * 0.1),
        "trailing": sometimes(uniform() * 0.1),
        "max_cash": 0.97,
    }
    above, below = before * (1 + 0.06 * (uniform() - 0.3)), before * (1 - 0.06 * (uniform() - 0.3))
    first = uniform() < 0.5
    if kind in ("stop", "target and stop"):
        fields["stop"] = sometimes(above, 0.8)
    if kind == "limit":
        fields["limit"] = below
    if kind == "both":
        fields |= {"stop": np.where(first, above, np.nan), "limit": np.where(~first, below, np.nan)}
    if kind.startswith("target"):
        share = uniform()
        share /= share.sum(axis=1, keepdims=True)
        fields["target"] = sometimes(np.where(uniform() < 0.3, 0, share), 0.3)
        fields["enter"] &= np.isnan(fields["target"])
        fields["exit"] &= ~(fields["target"] > 0)
    if kind in ("open", "target"):
        fields["exit"] &= ~fields["enter"]
    return Orders(**fields)


class Peeker(Strategy):
    """Seven ways to know what nobody knows at the open."""

    id = "peeker"
    way = param.Selector(
        objects=["close", "high", "low stop", "volume", "next open", "whole mean", "centred average", "reference"]
    )

    def references(self, markets):
        return ("BTC/KRW",) if self.way == "reference" else ()

    def orders(self, candles):
        enter = self._enter(candles)
        if self.way == "low stop":
            return Orders(enter=enter, exit=np.ones((1, 1), bool), stop=candles.low * 1.001)
        return Orders(enter=enter, exit=~enter)

    def _enter(self, candles):
        close, open_ = candles.close, candles.open
        ways = {
            "close": lambda: close > open_,
            "high": lambda: candles.high > open_ * 1.03,
            "low stop": lambda: ~np.isnan(open_),
            "volume": lambda: candles.volume > ind.previous(candles, "volume"),
            "next open": lambda: np.append(open_[1:], open_[-1:], axis=0) > open_,
            "whole mean": lambda: open_ < np.nanmean(close, axis=0),
            "centred average": lambda: _centred(close) > open_,
            "reference": lambda: _risen(candles.reference("BTC/KRW"), candles.ts),
        }
        return ways[self.way]()


def _centred(close):
    padded = np.pad(close, ((2, 2), (0, 0)), mode="edge")
    return np.mean([padded[i : i + len(close)] for i in range(5)], axis=0)


def _risen(reference, ts):
    """Whether the reference rises in the bar that opens with the row: nobody knows that yet."""
    at = np.searchsorted(reference.ts, ts, side="right") - 1
    return (reference.close > reference.open)[np.maximum(at, 0)]
