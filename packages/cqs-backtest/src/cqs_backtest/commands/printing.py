"""A run as a table for people."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.strategies import name_of
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, daily_note
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.request import BASKET
from cqs_core.cli import cell
from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from cqs_backtest.facade import Outcome


def print_performance(console: Console, outcome: Outcome) -> None:
    """Metrics, what they cost, and over which dates."""
    from rich.table import Table

    request, result = outcome.request, outcome.result
    title = f"{name_of(request.strategy)} on {', '.join(request.markets)} ({request.exchange}, {request.interval})"
    table = Table(title=cell(title), title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    for key in HEADLINE:
        table.add_row(CONVENTIONS[key].label, figure(outcome.performance[key], CONVENTIONS[key].unit))
    for line in _said(outcome.badges):
        table.add_row(*map(cell, line))
    if request.benchmark != BASKET:
        name = f"Benchmark return ({request.benchmark})"
        table.add_row(cell(name), figure(outcome.performance["benchmark_return"], "%"))
    console.print(table)
    costs = result.costs
    dates = f"{iso(int(result.candles.ts[0]))[:10]} to {iso(int(result.candles.ts[-1]))[:10]}"
    paid = f"fee {costs.fee:.4%}, slippage {costs.slip * 10_000:g} bps a side, capital {costs.capital:,.0f}"
    console.print(f"[dim]{dates}; engine {cell(result.engine)}; {paid}[/]")
    if note := daily_note(request.interval):
        console.print(f"[dim]{note}[/]")
    for row in outcome.badges["left_out"]:
        console.print(cell(row["note"]), style="dim")


def _said(badges: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The badges as lines of a table."""
    text = badges["lookahead_where"]
    yield "Look-ahead", "none found" if badges["lookahead"] == "ok" else f"{badges['lookahead']}: {text}"
    difference = badges["parity_difference"]
    yield "Engines", badges["parity"] + ("" if difference is None else f", within {difference:.0e}")
    touched = f"{badges['gaps']:,} trades, PnL {badges['gaps_pnl']:,.0f}"
    yield "Touching gaps", touched if badges["gaps"] else "none"
    for row in badges["stale"]:
        yield "Stale", f"{row['symbol']}: no candles since {row['since'][:16]}, {row['share']:.1%} of final equity"
    if badges["no_volume_fills"]:
        yield "Without volume", f"{badges['no_volume_fills']:,} fills in bars in which nothing was traded"
    for row in badges["left_out"]:
        yield "Left out", f"{row['symbol']}: {row['bars']:,} incomplete {'bar' if row['bars'] == 1 else 'bars'}"


def print_comparison(console: Console, found: dict[str, Any]) -> None:
    """Settings that differ and metrics, one column a run, and how many trades changed."""
    from rich.table import Table

    names = [f"{i}" for i in range(1, len(found["runs"]) + 1)]
    for name, run in zip(names, found["runs"], strict=True):
        console.print(cell(f"{name}  {run}"))
    table = Table("", *names, box=None, pad_edge=False)
    for row in found["settings"]:
        table.add_row(cell(row["setting"]), *(cell(row["values"][run]) for run in found["runs"]), style="cyan")
    for row in found["metrics"]:
        convention = CONVENTIONS.get(row["metric"])
        if convention:
            values = (row["values"][run] for run in found["runs"])
            table.add_row(convention.label, *(figure(math.nan if v is None else v, convention.unit) for v in values))
    console.print(table)
    for name, run in zip(names, found["runs"], strict=True):
        if others := found["other_versions"][run]:
            text = ", ".join(CONVENTIONS[metric].label for metric in others)
            console.print(f"{name} was made under another version of: {text}; run it again to compare them")
    for name, run in zip(names[1:], found["runs"][1:], strict=True):
        changes = Counter(row["change"] for row in found["trades"] if row["run"] == run)
        console.print(
            f"trades of {name} against 1: " + ", ".join(f"{changes[c]} {c}" for c in ("entered", "left", "changed"))
        )
