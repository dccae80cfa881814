"""A run by regime and its round trips by kind: each day and position counts in the regime known when it began."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cqs_backtest.metrics.by_regime import UNKNOWN, RegimeDays, by_regime, growth_by_regime
from cqs_backtest.metrics.trade_groups import trade_groups
from cqs_core.time.intervals import DAY

CAPITAL = 1_000.0


def named(*names, first=0):
    """Regimes of days from `first` on; None is a day without one."""
    known = [(day, name) for day, name in enumerate(names, first) if name]
    return RegimeDays(
        np.array([DAY * day for day, _ in known], np.int64), np.array([name for _, name in known], dtype=object)
    )


def made(returns, *trades):
    """A run with these daily returns, and positions of entry day, exit day (None: open) and PnL."""
    equity = CAPITAL * np.cumprod(1 + np.asarray(returns, float))
    frame = pd.DataFrame(trades, columns=["entry_time", "exit_time", "pnl"])
    for name in ("entry_time", "exit_time"):
        frame[name] = pd.to_datetime(frame[name].astype("float"), unit="D", utc=True)
    frame = frame.assign(position=range(len(frame)), return_pct=frame["pnl"], quantity=1.0, entry_price=99.0, fees=2.0)
    ts = DAY * np.arange(len(equity), dtype=np.int64)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return SimpleNamespace(ts=ts, equity=equity, benchmark=equity[::-1], capital=CAPITAL, day_start=0, trades=table)


def test_a_day_counts_in_the_regime_of_the_day_before():
    run = made([0.1, 0.2, 0.3, -0.5, 0.05])
    found = {one.regime: one for one in by_regime(run, named("bull", "bull", "bear", "bear", "bear"))}
    assert {name: one.days for name, one in found.items()} == {"bull": 2, "bear": 2, UNKNOWN: 1}
    assert found["bull"].total_return == pytest.approx(100 * (1.2 * 1.3 - 1))
    assert found["bear"].total_return == pytest.approx(100 * (0.5 * 1.05 - 1))
    assert found["bear"].mdd == pytest.approx(-50)
    assert found[UNKNOWN].total_return == pytest.approx(10)
    assert sum(one.share for one in found.values()) == pytest.approx(100)
    whole = np.prod([1 + one.total_return / 100 for one in found.values()])
    assert whole == pytest.approx(run.equity[-1] / CAPITAL)
    held = np.prod([1 + one.benchmark_return / 100 for one in found.values()])
    assert held == pytest.approx(run.benchmark[-1] / CAPITAL)


def test_a_regime_of_long_ago_is_not_known_any_more():
    found = {one.regime: one.days for one in by_regime(made([0.01] * 6), named("bull"))}
    assert found == {"bull": 2, UNKNOWN: 4}  # it counts for two days after its close


def test_a_position_counts_where_it_was_opened_and_only_once_it_is_closed():
    run = made([0.0] * 8, (2, 6, 5.0), (2, 3, -1.0), (5, 7, 2.0), (6, None, 9.0))
    found = {one.regime: one for one in by_regime(run, named(*["bull"] * 3, *["bear"] * 5))}
    assert (found["bull"].num_trades, found["bull"].win_rate, found["bull"].pnl) == (2, 50.0, 4.0)
    assert (found["bear"].num_trades, found["bear"].win_rate, found["bear"].pnl) == (1, 100.0, 2.0)
    assert np.isnan(found[UNKNOWN].win_rate)


def test_the_future_of_a_regime_changes_nothing_before_it():
    run = made(np.sin(np.arange(30)) / 50)
    before = by_regime(run, named(*["bull"] * 10, *["bear"] * 19))
    changed = by_regime(run, named(*["bull"] * 10, *["bear"] * 19, "peek", "peek"))
    assert repr(before) == repr(changed)  # NaN is not equal to itself


def test_growth_moves_on_the_days_of_its_regime_alone():
    run = made([0.1, 0.2, 0.3, -0.5])
    days, grown = growth_by_regime(run.ts, run.equity, CAPITAL, 0, named("bull", "bear", "bull"))
    assert days.tolist() == run.ts.tolist()
    assert grown["bull"] == pytest.approx([0, 20, 20, -40])
    assert grown["bear"] == pytest.approx([0, 0, 30, 30])


def test_regimes_by_day_may_have_any_index_of_times():
    index = pd.date_range("1970-01-01", periods=3, name="timestamp")
    naive, aware = pd.Series(["a", "b", "b"], index), pd.Series(["a", "b", "b"], index.tz_localize("UTC").as_unit("us"))
    for days in (naive, aware):
        assert RegimeDays.of(days).opens.tolist() == [0, DAY, 2 * DAY]
    assert RegimeDays.of(naive[:0]).known_at(np.array([0, DAY])).tolist() == [UNKNOWN, UNKNOWN]


def test_round_trips_are_summed_by_what_they_share():
    trades = pd.DataFrame(
        {
            "reason": ["stop", "rule", "stop", "open"],
            "symbol": ["BTC/KRW", "ETH/KRW", "BTC/KRW", "BTC/KRW"],
            "exit_time": pd.to_datetime([1, 2, 3, None], unit="D", utc=True),
            "pnl": [-5.0, 10.0, 1.0, 99.0],
            "return_pct": [-1.0, 2.0, 0.5, 9.0],
            "bars": [1, 4, 3, 9],
        }
    )
    stop, rule = trade_groups(trades, "reason")
    assert stop == ("stop", 2, 50.0, -4.0, -0.25, 2.0)
    assert rule == ("rule", 1, 100.0, 10.0, 2.0, 4.0)
    assert [one.name for one in trade_groups(trades, "symbol")] == ["BTC/KRW", "ETH/KRW"]
    assert trade_groups(trades[:0], "symbol") == []
