"""One run: metric cards, equity over drawdown, trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_backtest.conventions import CONVENTIONS
from cqs_panel.charts.equity import equity_chart
from cqs_panel.figures import amount, count, percent, ratio, when
from cqs_panel.metrics import Metric, metric_cards, tone
from cqs_panel.sections import empty, section
from cqs_panel.tables import table

if TYPE_CHECKING:
    import pandas as pd

    from cqs_backtest.runs import StoredRun

_TONED = ("total_return", "cagr", "mdd", "avg_win", "avg_loss")
_TITLES = {
    "symbol": "Symbol",
    "entry": "Entry",
    "exit": "Exit",
    "entry_price": "Entry price",
    "exit_price": "Exit price",
    "pnl": "PnL",
    "return_pct": "Return %",
    "fees": "Fees",
    "reason": "Reason",
    "bars": "Bars",
}


def run_page(run: StoredRun, timezone: str | None = None) -> Any:
    """Everything about one run, from top to bottom."""
    made = run.manifest
    quote = made["symbols"][0].partition("/")[2].partition(":")[0]
    return pn.Column(
        metric_cards(cards(made["performance"], quote), least=140),
        section("Equity and drawdown", equity_chart(run.ts, run.equity), note=f"{quote}, at each bar's close; UTC"),
        section("Trades", _trades(run.trades_frame(), timezone), note="round trips, first in first out"),
        sizing_mode="stretch_width",
        margin=0,
        styles={"gap": "12px"},
    )


def cards(performance: dict[str, float | None], quote: str) -> list[Metric]:
    """One card a metric, with its convention on hover."""
    return [
        Metric(
            convention.label,
            _figure(performance[key], convention.unit, quote),
            tone=tone(performance[key]) if key in _TONED else None,
            hint=convention.text,
        )
        for key, convention in CONVENTIONS.items()
        if key in performance
    ]


def _figure(value: float | None, unit: str, quote: str) -> str:
    if unit == "%":
        return percent(value)
    if unit == "#":
        return count(None if value is None else int(value))
    return amount(value, quote) if unit == "$" else ratio(value)


def _trades(frame: pd.DataFrame, timezone: str | None) -> Any:
    if frame.empty:
        return empty("No trades", "The rule found nothing to do in these dates: widen them, or change its parameters.")
    shown = frame.assign(entry=_times(frame["entry_time"], timezone), exit=_times(frame["exit_time"], timezone))
    return table(
        shown[list(_TITLES)].iloc[::-1],
        titles=_TITLES,
        numbers={"entry_price": "0,0.[0000]", "exit_price": "0,0.[0000]", "fees": "0,0", "bars": "0,0"},
        signed={"pnl": 0, "return_pct": 2},
        filters=("symbol", "reason"),
    )


def _times(times: pd.Series[Any], timezone: str | None) -> list[str]:
    return [when(None if at != at else int(at.timestamp() * 1000), timezone) for at in times]  # noqa: PLR0124 - NaT
