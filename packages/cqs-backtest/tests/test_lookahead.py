"""Rules that peek are found, rules that do not are never accused, and no rule ends a run."""

import sys

import numpy as np
import pytest
from handmade import market
from peekers import CLEAN, MOODY, PEEKS, held, rarely_unseeded, rule, walk
from real_candles import REAL, real_frame
from rules_by_hand import Peeker

from cqs_backtest import BacktestFacade
from cqs_backtest.checks.lookahead import look_ahead
from cqs_backtest.checks.lookahead.cuts import LONG, cuts
from cqs_backtest.checks.lookahead.futures import FALLS, RISES, changed
from cqs_backtest.engines.fast.engine import FastEngine
from cqs_backtest.strategies import STRATEGIES
from cqs_core import Candles, Costs, Strategy, simulate

pytestmark = pytest.mark.once
NONE = np.zeros(0, np.int64)


def check(strategy, candles, seed=0):
    return look_ahead(strategy, candles, simulate(strategy, candles, FastEngine(), Costs()), seed)


@pytest.mark.parametrize("way", PEEKS)
@pytest.mark.parametrize("interval", ["1h", "1d"])
def test_every_way_of_peeking_is_found(way, interval):
    for seed in range(3):
        found = check(rule(PEEKS[way]), walk(1500, 2, seed, interval, missing=0.05 * seed), seed)
        assert found.state == "peeks"


@pytest.mark.parametrize("way", Peeker.param.way.objects)
def test_every_way_of_the_old_peeker_is_found(way):
    assert check(Peeker(way=way), walk(400, 3, 5, missing=0.1)).state == "peeks"


def test_a_peek_is_told_with_field_symbol_bar_and_what_changed():
    found = check(rule(PEEKS["own close"]), walk(300))
    assert found.where.split(" of ")[0] in ("enter", "exit")
    assert " of C0/KRW at 2023-" in found.where
    assert found.where.endswith(("true became false", "false became true"))


def clean(name):
    return STRATEGIES[name]() if CLEAN[name] is None else rule(CLEAN[name])


@pytest.mark.parametrize("name", CLEAN)
def test_no_clean_rule_is_accused(name):
    for seed, tick in ((0, 0.0), (1, 1.0)):
        found = check(clean(name), walk(700, 3, seed, missing=0.1 * seed, tick=tick), seed)
        assert found.state in ("ok", "not checkable"), found
        assert found.state == "ok" or name == "learner"


@pytest.mark.parametrize("name", MOODY)
def test_a_rule_that_differs_between_calls_is_not_repeatable(name):
    found = check(rule(MOODY[name]), walk(300, 2))
    assert found.state == "not repeatable"
    assert "differs between two calls on the same candles; seed random numbers" in found.where


def test_a_rule_that_seldom_differs_is_not_accused_either():
    states = {check(rule(rarely_unseeded), walk(300), seed).state for seed in range(8)}
    assert states <= {"ok", "not repeatable"}


class TestNotCheckable:
    def test_the_reason_is_told(self):
        def whole_only(c):
            if len(c.ts) < 300:
                raise ValueError("needs all of it")
            return held(c.open > 99)

        found = check(rule(whole_only), walk(300))
        assert found.state == "not checkable"
        assert "cuts could not be checked; the first, on" in found.where
        assert "'rule' failed: ValueError: needs all of it (test_lookahead.py, line" in found.where

    @pytest.mark.parametrize("error", [RuntimeError("x"), SystemExit(3), MemoryError(), RecursionError()])
    def test_whatever_it_raises(self, error):
        calls = []

        def second_fails(c):
            calls.append(1)
            if len(calls) > 1:
                raise error
            return held(c.open > 99)

        assert check(rule(second_fails), walk(50)).state == "not checkable"

    def test_a_peek_counts_though_some_cuts_fail(self):
        def fails_early(c):
            if len(c.ts) < 250:
                raise ValueError
            return PEEKS["own close"](c)

        assert check(rule(fails_early), walk(300)).state == "peeks"


def test_what_it_prints_is_not_printed_again_and_warnings_are_not_errors(capsys):
    def noisy(c):
        print("hello")
        print("there", file=sys.stderr)
        return held(np.log(c.open - 99) > 0)

    strategy, candles = rule(noisy), walk(60)
    with np.errstate(all="ignore"):
        result = simulate(strategy, candles, FastEngine(), Costs())
    capsys.readouterr()
    assert look_ahead(strategy, candles, result).state == "ok"
    assert capsys.readouterr() == ("", "")


def test_it_can_be_turned_off():
    from handmade import WAVE

    badges = BacktestFacade().run_backtest("buy_and_hold", ["BTC"], {"BTC": WAVE}, lookahead_check=False)["badges"]
    assert badges["lookahead"] == "off"


def test_a_rule_that_remembers_other_candles_does_not_hide_a_peek():
    class Remembers(Strategy):
        id = "remembers"

        def orders(self, candles):
            if not hasattr(self, "up") or len(self.up) != len(candles.ts):
                self.up = candles.close > candles.open
            return held(self.up)

    assert check(Remembers(), walk(300)).state == "peeks"


@pytest.mark.parametrize("name", list(STRATEGIES))
@pytest.mark.parametrize(("exchange", "quote", "interval"), [("upbit", "KRW", "1h"), ("binance", "USDT", "1d")])
def test_no_clean_rule_is_accused_on_real_candles(name, exchange, quote, interval):
    if not REAL.is_dir():
        pytest.skip(f"no real candles: {REAL} is absent")
    markets = [f"{base}/{quote}" for base in ("BTC", "ETH", "SOL", "XRP")]
    if interval == "1h":
        markets = [f"{base}/{quote}" for base in ("ETH", "SOL")]
    frames = {m: real_frame(exchange, m, interval) for m in markets}
    bitcoin = real_frame(exchange, f"BTC/{quote}", interval)
    candles = Candles.from_frames(frames, interval, {f"BTC/{quote}": bitcoin})
    assert check(STRATEGIES[name](), candles, 3).state == "ok"


class TestCuts:
    @pytest.mark.parametrize("rows", [300, 5000, LONG + 1, 120_000])
    def test_they_are_spread_over_the_whole_run(self, rows):
        for seed in range(5):
            bars = [cut.bar for cut in cuts(walk(rows, interval="1m"), NONE, NONE, seed)]
            assert bars[0] < rows / 100 + 3
            assert bars[-1] >= 0.9 * rows
            assert sum(bar >= rows / 4 for bar in bars) >= 3
            assert sum(bar < rows / 10 for bar in bars) >= 4

    def test_some_lie_inside_an_open_day_week_and_month(self):
        candles = walk(20_000, interval="1h")
        bars = np.array([cut.bar for cut in cuts(candles, NONE, NONE, 0)])
        times = candles.ts[bars].astype("datetime64[ms]")
        for unit in "DWM":
            assert (times > times.astype(f"datetime64[{unit}]")).sum() >= 2

    def test_some_lie_where_the_run_traded(self):
        found = cuts(walk(1000), np.array([500, 600]), np.array([700]), 0)
        assert [cut.bar for cut in found if cut.traded] == [500, 600, 700]

    def test_a_run_of_few_bars_has_some(self):
        for rows in (1, 2, 3, 11):
            found = cuts(walk(rows), np.array([0]), NONE, 0)
            assert found
            assert all(0 <= cut.bar < cut.rows <= rows for cut in found)


class TestFutures:
    @pytest.mark.parametrize("future", [RISES, FALLS])
    def test_nothing_but_the_open_of_the_cut_bar_stays(self, future):
        candles = walk(60, 2, missing=0.1)
        other = changed(candles, 30, 60, future).validate()
        for one, two in ((candles, other), (candles.reference("BTC/KRW"), other.reference("BTC/KRW"))):
            np.testing.assert_array_equal(one.close[:30], two.close[:30])
            np.testing.assert_array_equal(one.open[:31], two.open[:31])
            here = one.present & two.present
            here[:30] = False
            for name in ("high", "low", "close", "volume"):
                assert (getattr(one, name)[here] != getattr(two, name)[here]).all()
            assert (two.high[here] >= np.maximum(two.open, two.close)[here]).all()
            assert (two.low[here] <= np.minimum(two.open, two.close)[here]).all()
            assert (two.low[here] > 0).all()

    def test_what_rose_falls_in_one_and_rises_more_in_the_other(self):
        candles = market((100, 110, 90, 105), (105, 120, 100, 115), (115, 130, 110, 125))
        assert changed(candles, 1, 3, FALLS).close[1, 0] < 105
        assert changed(candles, 1, 3, RISES).close[1, 0] > 115
        assert candles.close[1, 0] == 115

    def test_no_more_rows_are_given_than_asked(self):
        other = changed(walk(60), 10, 20, RISES)
        assert len(other.ts) == len(other.reference("BTC/KRW").ts) == 20


SIZES = {"1m": 500_000, "1h": 60_000, "1d": 4000}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("interval", SIZES)
@pytest.mark.parametrize("way", PEEKS)
def test_soak_every_way_of_peeking_is_found_ten_times_of_ten(way, interval):
    found = [check(rule(PEEKS[way]), walk(SIZES[interval], 1, seed, interval), seed).state for seed in range(10)]
    assert found == ["peeks"] * 10


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("interval", SIZES)
@pytest.mark.parametrize("name", CLEAN)
def test_soak_no_clean_rule_is_accused(name, interval):
    for seed in range(10):
        candles = walk(SIZES[interval], 1, seed, interval, tick=(seed % 2) * 0.1)
        assert check(clean(name), candles, seed).state in ("ok", "not checkable")
