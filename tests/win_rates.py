"""The win rate of three trades, +10 %, +1 % and -5 %, from every place that computes one; as a script, as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cqs_core import Orders, Strategy

if TYPE_CHECKING:
    from cqs_monitor.logs.snapshot import Snapshot

BEGIN = 1_704_067_200_000  # 2024
DAY = 86_400_000
PRICES = [100, 100, 110, 100, 101, 100, 95, 100]
HEAD = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw"


class Three(Strategy):
    """Buys before each move, and sells after it."""

    id = "three"

    def orders(self, candles: Any) -> Orders:
        rows = np.arange(len(candles.ts))[:, None]
        return Orders(enter=np.isin(rows, (1, 3, 5)), exit=np.isin(rows, (2, 4, 6)), weight=1.0)


def win_rates() -> dict[str, float]:
    """Percent by place."""
    return _of_backtests() | _of_bots()


def _of_backtests() -> dict[str, float]:
    from cqs_backtest import backtest
    from cqs_backtest.feed import from_frames
    from cqs_backtest.metrics.stretch import stretch_metrics
    from cqs_backtest.request import make_costs, make_request
    from cqs_backtest.search.evaluator import Evaluator

    columns = dict.fromkeys(("open", "high", "low", "close"), np.array(PRICES, float)) | {"volume": 1e9}
    data = {"BTC": pd.DataFrame(columns, pd.date_range("2024-01-01", periods=len(PRICES), tz="UTC", name="ts"))}
    found = backtest(Three, "BTC", data, fee=0, slippage_bps=0, lookahead_check=False)
    span = BEGIN, BEGIN + len(PRICES) * DAY
    known = {"capital": found.capital, "day_start": 0, "interval": "1d"}
    rates = {
        "facade": found.performance.win_rate,
        "stretch": stretch_metrics(found.ts, found.equity.to_numpy(), found.trades, *span, **known)["win_rate"],
    }
    for name, share in (("sweep", None), ("sweep, set by set", 0.5)):
        costs = make_costs(fee=0, slippage_bps=0, max_volume_share=share)
        request = make_request(Three, "BTC", costs=costs)
        rows = Evaluator(request, from_frames(request, data)).rows([{}])
        rates[name] = float(rows.metrics["win_rate"][0])
    return rates


def _of_bots() -> dict[str, float]:
    from cqs_monitor.models.evaluation.regimes import Regimes, pnl_by_regime
    from cqs_monitor.performance.reader import Figures, Reading
    from cqs_monitor.performance.report import Choice, make_report
    from cqs_monitor.performance.statistics import statistics
    from cqs_monitor.performance.summary import summaries
    from cqs_monitor.performance.trade_groups import trade_groups, trade_totals

    snapshot = _snapshot()
    rows, rates = snapshot.rows, {}
    days = pd.DataFrame({"regime": ["BULL"], "realised": [None], "confidence": [1.0]}, [pd.Timestamp(0, tz="UTC")])
    (earned,) = pnl_by_regime(snapshot, Regimes.of("v", "upbit", "BTC/KRW", days, {}))
    (total,) = summaries(rows)[1].values()
    for net in (False, True):
        report = make_report(Reading(Figures(snapshot)), Choice(net=net), BEGIN)
        rates |= {
            f"statistics, {net=}": statistics(rows, net=net).win_rate,
            f"totals, {net=}": trade_totals(rows, net=net).won,
            f"groups, {net=}": float(trade_groups(rows, "symbol", net=net)["won"].iloc[0]),
            f"accounts, {net=}": float(report.accounts["win_rate"].iloc[0]),
            f"report, {net=}": report.statistics.win_rate,
        }
    return rates | {"summary": total.win_rate, "regimes": earned.win_rate}


def _snapshot() -> Snapshot:
    from cqs_core import Bucket
    from cqs_monitor import Logs

    lines = [HEAD]
    for hour, price in enumerate((110.0, 101.0, 95.0), 10):
        gain = price - 100
        lines.append(f"2024-01-01T{hour}:00:00+09:00,2024-01-01,SELL,BTC,{price},1.0,{price},{gain},{gain}")
    with tempfile.TemporaryDirectory() as folder:
        bucket = Bucket(folder)
        bucket.write("logs/Main/trades_2024-01-01.csv", "\r\n".join([*lines, ""]).encode())
        return Logs(bucket).refresh()


if __name__ == "__main__":
    json.dump(win_rates(), sys.stdout)
