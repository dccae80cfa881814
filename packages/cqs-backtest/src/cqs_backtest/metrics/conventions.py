"""The table of metrics: what each one is called, its unit, what it means, what it is computed from, and how.

Display, explanations, rolling values, comparison and storage all use this table. If you change a formula, raise its
`version`: runs that were kept under another one are marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.trading.metrics import A_YEAR as _YEAR
from cqs_core.trading.metrics import DAILY, DAILY_METRICS, POSITIONS, WIN_RATE, Convention
from cqs_core.trading.metrics import DAILY_RETURNS as _DAILY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

EQUITY, CALENDAR, FILLS, BENCHMARK = "equity", "months and years", "fills", "benchmark"
_POSITIONS = "closed positions, flat to flat, fees included"
_HOLD = "the benchmark"


CONVENTIONS = {
    metric.name: metric
    for metric in (
        Convention("total_return", "Total return", "%", "final equity over capital, less 1", EQUITY),
        Convention(
            "cagr",
            "CAGR",
            "%",
            "compound growth a year of 365 days, first open to last close; from 30 days on",
            EQUITY,
            version=2,
        ),
        Convention(
            "mdd", "Max drawdown", "%", "largest fall below the highest equity so far, over every bar's close", EQUITY
        ),
        *DAILY_METRICS.values(),
        Convention("calmar", "Calmar", "", "CAGR over max drawdown", EQUITY, version=2),
        Convention("num_trades", "Closed positions", "#", "from flat to flat", POSITIONS),
        WIN_RATE,
        Convention(
            "avg_win", "Average win", "%", f"mean return of profitable {_POSITIONS}, on the money put in", POSITIONS
        ),
        Convention(
            "avg_loss", "Average loss", "%", f"mean return of losing {_POSITIONS}, on the money put in", POSITIONS
        ),
        Convention(
            "profit_factor",
            "Profit factor",
            "",
            f"money won over money lost, {_POSITIONS}; ∞ without a loss",
            POSITIONS,
            unlimited=True,
        ),
        Convention("final_equity", "Final equity", "$", "cash and open positions at the last close", EQUITY),
        Convention(
            "downside_volatility",
            "Downside volatility",
            "%",
            f"root mean square of negative {_DAILY} {_YEAR}",
            DAILY,
        ),
        Convention(
            "omega",
            "Omega",
            "",
            f"sum of positive over sum of negative {_DAILY}, threshold 0",
            DAILY,
            unlimited=True,
        ),
        Convention("var_95", "VaR 95 %", "%", f"5th percentile of {_DAILY}", DAILY),
        Convention("cvar_95", "CVaR 95 %", "%", f"mean of {_DAILY} at or below VaR 95 %", DAILY),
        Convention("skew", "Skew", "", f"third standardized moment of {_DAILY}, of the population", DAILY, version=2),
        Convention(
            "kurtosis",
            "Excess kurtosis",
            "",
            f"fourth standardized moment of {_DAILY} less 3, of the population",
            DAILY,
            version=2,
        ),
        Convention(
            "tail_ratio",
            "Tail ratio",
            "",
            f"95th over 5th percentile of {_DAILY}, without sign",
            DAILY,
            unlimited=True,
        ),
        Convention("best_day", "Best day", "%", f"largest of {_DAILY}", DAILY),
        Convention("worst_day", "Worst day", "%", f"smallest of {_DAILY}", DAILY),
        Convention("positive_days", "Positive days", "%", "days of gain over days of gain or loss", DAILY),
        Convention(
            "best_month",
            "Best month",
            "%",
            "months of the local date (CQS_DAY_START); the first from capital",
            CALENDAR,
            version=2,
        ),
        Convention(
            "worst_month",
            "Worst month",
            "%",
            "months of the local date (CQS_DAY_START); the first from capital",
            CALENDAR,
            version=2,
        ),
        Convention(
            "positive_months", "Positive months", "%", "months of gain over months of gain or loss", CALENDAR, version=2
        ),
        Convention(
            "best_year",
            "Best year",
            "%",
            "years of the local date (CQS_DAY_START); the first from capital",
            CALENDAR,
            version=2,
        ),
        Convention(
            "worst_year",
            "Worst year",
            "%",
            "years of the local date (CQS_DAY_START); the first from capital",
            CALENDAR,
            version=2,
        ),
        Convention(
            "avg_drawdown", "Average drawdown", "%", "mean depth of all drawdowns, over every bar's close", EQUITY
        ),
        Convention(
            "longest_drawdown", "Longest drawdown", "d", "days from a high until equity is back, or to the end", EQUITY
        ),
        Convention("recovery_days", "Recovery", "d", "days from the deepest point back to the high before it", EQUITY),
        Convention(
            "ulcer_index", "Ulcer index", "%", "root mean square of the distance to the highest equity so far", EQUITY
        ),
        Convention("under_water", "Time under water", "%", "bars below the highest equity so far", EQUITY),
        Convention(
            "open_positions",
            "Open positions",
            "#",
            "held at the end, marked at the last close, not counted as trades",
            POSITIONS,
        ),
        Convention("payoff", "Payoff", "", f"mean win over mean loss in money, {_POSITIONS}", POSITIONS),
        Convention("expectancy", "Expectancy", "%", f"mean return of {_POSITIONS}", POSITIONS),
        Convention("best_trade", "Best position", "%", f"largest return of {_POSITIONS}", POSITIONS),
        Convention("worst_trade", "Worst position", "%", f"smallest return of {_POSITIONS}", POSITIONS),
        Convention(
            "longest_win_streak", "Winning streak", "#", f"longest run of profitable {_POSITIONS}, by exit", POSITIONS
        ),
        Convention(
            "longest_loss_streak", "Losing streak", "#", f"longest run of other {_POSITIONS}, by exit", POSITIONS
        ),
        Convention(
            "avg_holding_days", "Holding time", "d", f"mean days from entry bar to exit bar, {_POSITIONS}", POSITIONS
        ),
        Convention(
            "avg_mae", "Average MAE", "%", "worst price while held, relative to the average entry, mean", POSITIONS
        ),
        Convention(
            "avg_mfe", "Average MFE", "%", "best price while held, relative to the average entry, mean", POSITIONS
        ),
        Convention("fees_paid", "Fees paid", "$", "of all fills; slippage is in the prices", FILLS),
        Convention(
            "turnover",
            "Turnover",
            "%",
            "half of all fills' value over mean equity, a year; from 30 days on",
            FILLS,
            version=2,
        ),
        Convention("exposure", "Exposure", "%", "mean share of equity that is held, at each bar's close", FILLS),
        Convention("time_in_market", "Time in market", "%", "bars at whose close anything is held", FILLS),
        Convention("benchmark_return", "Benchmark return", "%", f"total return of {_HOLD}", BENCHMARK),
        Convention(
            "benchmark_cagr",
            "Benchmark CAGR",
            "%",
            f"compound growth of {_HOLD} a year of 365 days; from 30 days on",
            BENCHMARK,
            version=2,
        ),
        Convention("beta", "Beta", "", f"covariance with {_HOLD} over its variance, {_DAILY}", BENCHMARK, version=2),
        Convention("alpha", "Alpha", "%", f"mean of {_DAILY} less beta x that of {_HOLD}, x 365", BENCHMARK),
        Convention("correlation", "Correlation", "", f"of {_DAILY} with those of {_HOLD}", BENCHMARK, version=2),
        Convention(
            "tracking_error",
            "Tracking error",
            "%",
            f"standard deviation of {_DAILY} less those of {_HOLD} {_YEAR}",
            BENCHMARK,
            version=2,
        ),
        Convention(
            "information_ratio",
            "Information ratio",
            "",
            f"mean over standard deviation of that difference {_YEAR}",
            BENCHMARK,
            version=2,
        ),
    )
}
"""By name, in the order in which they are shown. The benchmark is bought and held: the run's symbols in equal
weights, or the market that the run names."""

HEADLINE = tuple(CONVENTIONS)[:13]
"""The metrics that a table shows first."""


def versions_of_metrics() -> dict[str, int]:
    """By name; kept with each run."""
    return {name: metric.version for name, metric in CONVENTIONS.items()}


def other_versions(made: Mapping[str, Any]) -> list[str]:
    """The metrics of a manifest that were computed by another version of their formula."""
    known = (CONVENTIONS[name] for name in made["performance"] if name in CONVENTIONS)
    return [metric.name for metric in known if version_of(made, metric.name) != metric.version]


def version_of(made: Mapping[str, Any], name: str) -> int:
    """The version of the formula by which a metric of a manifest was computed; 1 where the manifest does not say."""
    return int(made.get("metrics", {}).get(name, 1))


def is_current(made: Mapping[str, Any]) -> bool:
    """Whether the formulas of the headline metrics are those with which something was made."""
    return all(version_of(made, name) == CONVENTIONS[name].version for name in HEADLINE)


def version_note(made: Mapping[str, Any]) -> str | None:
    """A note on figures of a manifest that do not compare with those of newer runs; None if all do."""
    labels = ", ".join(CONVENTIONS[name].label for name in other_versions(made))
    return f"made under another version of: {labels}; run it again to compare it with newer runs" if labels else None


def daily_note(interval: str) -> str | None:
    """A note on daily figures if bars are longer than a day; None if they are not."""
    bars = {"1w": "weekly", "1M": "monthly"}.get(interval)
    if bars is None:
        return None
    return (
        f"daily figures are made of {bars} bars: a bar's return falls on one day and the other days have none, so "
        "Sharpe, volatility, VaR and best day do not compare with those of daily bars"
    )
