"""A run as a table for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cqs_backtest.conventions import CONVENTIONS
from cqs_backtest.rules import name_of
from cqs_core.times import iso

if TYPE_CHECKING:
    from rich.console import Console

    from cqs_backtest.facade import Outcome


def print_performance(console: Console, outcome: Outcome) -> None:
    """Metrics, what they cost, and over which dates."""
    from rich.table import Table

    request, result = outcome.request, outcome.result
    title = f"{name_of(request.strategy)} on {', '.join(request.markets)} ({request.exchange}, {request.interval})"
    table = Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    for key, convention in CONVENTIONS.items():
        if key in result.performance:
            table.add_row(convention.label, figure(result.performance[key], convention.unit))
    console.print(table)
    costs = result.costs
    dates = f"{iso(int(result.candles.ts[0]))[:10]} to {iso(int(result.candles.ts[-1]))[:10]}"
    paid = f"fee {costs.fee:.4%}, slippage {costs.slip * 10_000:g} bps a side, capital {costs.capital:,.0f}"
    console.print(f"[dim]{dates}; engine {result.engine}; {paid}[/]")


def figure(value: float, unit: str) -> str:
    """A metric as people read it; a dash where it is unknown."""
    if math.isnan(value):
        return "-"
    if unit in ("#", "$"):
        return f"{value:,.0f}"
    return f"{value:,.2f}{' %' if unit else ''}"
