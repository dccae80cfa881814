"""A run as a table for people."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.strategies import name_of
from cqs_backtest.luck import SURE
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, daily_note
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.request import BASKET
from cqs_core.cli import cell, print_table
from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from cqs_backtest.outcome import BacktestOutcome

_MOST_PRINTED = 12


def print_performance(console: Console, outcome: BacktestOutcome) -> None:
    """Metrics, what they cost, and over which dates."""
    request, result = outcome.request, outcome.result
    title = f"{name_of(request.strategy)} on {', '.join(request.markets)} ({request.exchange}, {request.interval})"
    console.print(cell(title), style="italic", highlight=False)
    rows = [
        (CONVENTIONS[key].label, figure(outcome.performance[key], CONVENTIONS[key].unit)) for key in HEADLINE
    ] + list(_badge_rows(outcome.badges))
    if request.benchmark != BASKET:
        name = f"Benchmark return ({request.benchmark})"
        rows.append((name, figure(outcome.performance["benchmark_return"], "%")))
    print_table(["", ""], [False, True], rows, lambda _, column: "" if column else "dim", console)
    costs = result.costs
    dates = f"{iso(int(result.candles.ts[0]))[:10]} to {iso(int(result.candles.ts[-1]))[:10]}"
    paid = f"fee {costs.fee:.4%}, slippage {costs.slip * 10_000:g} bps a side, capital {costs.capital:,.0f}"
    console.print(f"[dim]{dates}; engine {cell(result.engine)}; {paid}[/]")
    if note := daily_note(request.interval):
        console.print(f"[dim]{note}[/]")
    for row in outcome.badges["left_out"]:
        console.print(cell(row["note"]), style="dim")


def _badge_rows(badges: dict[str, Any]) -> Iterator[tuple[str, str]]:
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
    for text in badges.get("features", ()):
        yield "Features", text
    for text in badges.get("source_incomplete", ()):
        yield "Source incomplete", text
    for row in badges["left_out"]:
        yield "Left out", f"{row['symbol']}: {row['bars']:,} incomplete {'bar' if row['bars'] == 1 else 'bars'}"


def print_comparison(console: Console, found: dict[str, Any]) -> None:
    """Settings that differ and metrics, one column a run, and how many trades changed."""
    names = [f"{i}" for i in range(1, len(found["runs"]) + 1)]
    for name, run in zip(names, found["runs"], strict=True):
        console.print(cell(f"{name}  {run}"))
    settings = [[row["setting"], *(str(row["values"][run]) for run in found["runs"])] for row in found["settings"]]
    rows = settings + [_metric_row(row, found["runs"]) for row in found["metrics"] if row["metric"] in CONVENTIONS]
    deflated = [found["luck"][run]["short"] for run in found["runs"]]
    rows += [["Deflated Sharpe", *deflated]] if any(deflated) else []
    right = [False] + [True] * len(names)
    print_table(["", *names], right, rows, lambda row, _: "cyan" if row < len(settings) else "", console)
    for name, run in zip(names, found["runs"], strict=True):
        if others := found["other_versions"][run]:
            text = ", ".join(CONVENTIONS[metric].label for metric in others)
            console.print(f"{name} was made under another version of: {text}; run it again to compare them")
    for name, run in zip(names[1:], found["runs"][1:], strict=True):
        changes = Counter(row["change"] for row in found["trades"] if row["run"] == run)
        console.print(
            f"trades of {name} against 1: " + ", ".join(f"{changes[c]} {c}" for c in ("entered", "left", "changed"))
        )


def _metric_row(row: dict[str, Any], runs: Sequence[str]) -> list[str]:
    convention = CONVENTIONS[row["metric"]]
    values = (row["values"][run] for run in runs)
    return [convention.label, *(figure(value, convention.unit) for value in values)]


def print_sweep(console: Console, found: dict[str, Any], searched: Sequence[str]) -> None:
    """The best set and the best plateau side by side, and how much of it may be luck."""
    from rich.table import Table

    sets = {name: found[key] for name, key in (("Best set", "best"), ("Best plateau", "plateau")) if found[key]}
    table = Table("", *sets, box=None, pad_edge=False)
    for name in searched:
        table.add_row(cell(name), *(cell(made[name]) for made in sets.values()), style="cyan")
    for key in HEADLINE:
        unit = CONVENTIONS[key].unit
        table.add_row(CONVENTIONS[key].label, *(figure(made[key], unit) for made in sets.values()))
    if all("dsr" in made for made in sets.values()):
        table.add_row("Deflated Sharpe", *(_chance(made["dsr"]) for made in sets.values()))
    if sets:
        console.print(table)
    _print_pareto(console, found, searched)
    console.print(f"{found['rows']:,} sets, {found['failed']:,} of which could not run", highlight=False)
    for line in _verdict(found):
        console.print(cell(line), highlight=False)
    console.print(cell(f"rows: {found['table']}"), style="dim", highlight=False, soft_wrap=True)


def _print_pareto(console: Console, found: dict[str, Any], searched: Sequence[str]) -> None:
    """The Pareto set, as far as a screen shows it."""
    if not (rows := found.get("pareto")):
        return
    goals = found["objectives"]
    text = f"Pareto set of {len(rows):,}: no set is better in one objective without being worse in another"
    console.print(text, highlight=False)
    lines = [
        [*(str(row[name]) for name in searched), *(figure(row[goal], CONVENTIONS[goal].unit) for goal in goals)]
        for row in rows[:_MOST_PRINTED]
    ]
    titles = [*searched, *(CONVENTIONS[goal].label for goal in goals)]
    print_table(
        titles, [True] * len(titles), lines, lambda _, column: "cyan" if column < len(searched) else "", console
    )
    if len(rows) > _MOST_PRINTED:
        console.print(f"and {len(rows) - _MOST_PRINTED:,} more; see --json", style="dim", highlight=False)


def _verdict(found: dict[str, Any]) -> Iterator[str]:
    if found["best"] is None:
        yield "no set meets the requirements"
        return
    luck = f"the best of so many reaches Sharpe {_known(found['luck_sharpe']):.2f} by luck"
    yield f"{found['trials']:,} sets were tried so far; {luck}"
    dsr, pbo = _known(found["dsr"]), _known(found["pbo"])
    if not math.isnan(dsr):
        verdict = "above" if dsr >= SURE else "not above"
        yield f"deflated Sharpe ratio {dsr:.1%}: the best set is {verdict} what luck explains ({SURE:.0%} is asked)"
    if not math.isnan(pbo):
        yield f"probability of overfitting {pbo:.0%}: how often the best of one half is below the median in the other"
    if found["badges"]["lookahead"] != "ok":
        yield f"look-ahead: {found['badges']['lookahead']}: {found['badges']['lookahead_where']}"


def print_walk_forward(console: Console, found: Mapping[str, Any]) -> None:
    """One line for each window, and what all of them came to; unknown numbers may be None, as they are stored."""
    for row in found["windows"]:
        dates = f"{row['test_start'][:10]} to {row['test_stop'][:10]}"
        if row["test"] is None:
            console.print(f"{dates}  no set met the requirements; cash", highlight=False)
            continue
        chosen = " ".join(f"{name}={value}" for name, value in row["parameters"].items())
        earned = f"{_known(row['test']['total_return']):>8.2f} %"
        console.print(cell(f"{dates}  {earned}  {chosen}"), highlight=False, soft_wrap=True)
    figures = {name: _known(value) for name, value in found["performance"].items()}
    console.print(
        f"tried: {figures['total_return']:.2f} %, max drawdown {figures['mdd']:.2f} %, Sharpe {figures['sharpe']:.2f}; "
        f"efficiency {_known(found['efficiency']):.2f}, {found['consistency']:.0%} of the windows earned",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"deflated Sharpe ratio {_known(found['dsr']):.1%} of {found['trials']:,} trials", highlight=False)


def _chance(value: float | None) -> str:
    return "unknown" if math.isnan(_known(value)) else f"{_known(value):.1%}"


def _known(value: float | None) -> float:
    """A number as it was before it was stored."""
    return math.nan if value is None else value
