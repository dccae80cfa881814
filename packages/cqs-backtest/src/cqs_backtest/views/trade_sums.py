"""The trades of a run summed by the reason of their sale, and by symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_backtest.metrics.trade_groups import trade_groups
from cqs_core.trading.metrics import WIN_RATE
from cqs_panel import amount, beside, count, percent, plain_table, section, tone

if TYPE_CHECKING:
    import pandas as pd

    from cqs_backtest.runs import StoredRun


def trade_sums(run: StoredRun) -> Any:
    """Both tables, side by side where there is room."""
    trades = run.trades_frame()
    note = "closed round trips"
    return beside(
        section("Trades by reason", _table(trades, "reason", "Reason"), note=note),
        section("Trades by symbol", _table(trades, "symbol", "Symbol"), note=note),
    )


def _table(trades: pd.DataFrame, by: str, title: str) -> Any:
    groups = trade_groups(trades, by)
    rows = [
        (
            one.name,
            count(one.trades),
            percent(one.win_rate),
            amount(one.pnl, signed=True),
            f"{one.mean_return:+.2f} %",
            f"{one.mean_bars:,.1f}",
        )
        for one in groups
    ]
    headers = (title, "Trades", WIN_RATE.label, "PnL", "Mean return", "Mean bars")
    tones = {(at, 3): color for at, one in enumerate(groups) if (color := tone(one.pnl))}
    return plain_table(headers, rows, numbers=range(1, len(headers)), tones=tones, filename=f"trades-by-{by}.csv")
