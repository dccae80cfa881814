"""Metrics of a stretch of a run are those of a run that begins and ends there."""

import numpy as np
import pandas as pd
import pytest

from cqs_backtest.metrics.stretch import stretch_metrics
from cqs_core.time.intervals import DAY

TS = np.arange(100, dtype=np.int64) * DAY
EQUITY = 1_000 * np.exp(np.cumsum(0.02 * np.sin(np.arange(100) / 5)))
KNOWN = {"capital": 1_000.0, "day_start": 0, "interval": "1d"}


def trades(*rows):
    """Round trips: position, first and last day, PnL; an open one has no last day."""
    frame = pd.DataFrame(rows, columns=["position", "entry_time", "exit_time", "pnl"])
    frame = frame.assign(return_pct=frame["pnl"], quantity=1.0, entry_price=99.0, fees=2.0)  # 100 went in
    for name in ("entry_time", "exit_time"):
        frame[name] = pd.to_datetime(frame[name], unit="D", utc=True)
    return frame


NONE = trades()


def test_it_begins_with_the_equity_before_it():
    found = stretch_metrics(TS, EQUITY, NONE, 40 * DAY, 79 * DAY, **KNOWN)
    assert found["total_return"] == pytest.approx(100 * (EQUITY[79] / EQUITY[39] - 1))
    inside = np.concatenate([[EQUITY[39]], EQUITY[40:80]])
    assert found["mdd"] == pytest.approx(100 * (inside / np.maximum.accumulate(inside) - 1).min())
    returns = inside[1:] / inside[:-1] - 1
    assert found["sharpe"] == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(365))
    assert found["final_equity"] == EQUITY[79]


def test_the_whole_run_begins_with_its_capital():
    found = stretch_metrics(TS, EQUITY, NONE, 0, 99 * DAY, **KNOWN)
    assert found["total_return"] == pytest.approx(100 * (EQUITY[-1] / 1_000 - 1))


def test_a_position_counts_where_all_of_it_was_closed():
    rows = trades((1, 1, 5, 10.0), (2, 30, 45, 4.0), (2, 30, 50, -1.0), (3, 60, 70, -2.0), (4, 75, None, 9.0))
    found = stretch_metrics(TS, EQUITY, rows, 40 * DAY, 79 * DAY, **KNOWN)
    assert (found["num_trades"], found["win_rate"], found["profit_factor"]) == (2, 50.0, 1.5)
    assert stretch_metrics(TS, EQUITY, rows, 46 * DAY, 49 * DAY, **KNOWN)["num_trades"] == 0


def test_a_stretch_without_bars_has_no_figures():
    assert stretch_metrics(TS, EQUITY, NONE, 200 * DAY, 300 * DAY, **KNOWN) == {}
