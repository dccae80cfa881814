"""What each metric is called, its unit, and the one convention by which it is computed: shown beside every number."""

from __future__ import annotations

from typing import NamedTuple

_DAILY = "daily returns (risk-free rate 0, from capital)"
_YEAR = "x sqrt(365)"
_POSITIONS = "closed positions, flat to flat, fees included"
_HOLD = "the benchmark"


class Convention(NamedTuple):
    """How to read a metric; unit is `%`, empty (ratio), `#` (count), `$` (quote currency) or `d` (days)."""

    label: str
    unit: str
    text: str


CONVENTIONS = {
    "total_return": Convention("Total return", "%", "final equity over capital, less 1"),
    "cagr": Convention("CAGR", "%", "compound growth a year of 365 days, first open to last close"),
    "mdd": Convention("Max drawdown", "%", "deepest fall below the highest equity so far, over every bar's close"),
    "volatility": Convention("Volatility", "%", f"standard deviation (n - 1) of {_DAILY} {_YEAR}"),
    "sharpe": Convention("Sharpe", "", f"mean over standard deviation (n - 1) of {_DAILY} {_YEAR}"),
    "sortino": Convention("Sortino", "", f"mean over root mean square of the negative ones, all {_DAILY} {_YEAR}"),
    "calmar": Convention("Calmar", "", "CAGR over max drawdown"),
    "num_trades": Convention("Closed positions", "#", "from flat to flat"),
    "win_rate": Convention("Win rate", "%", f"share of {_POSITIONS} that returned more money than went in"),
    "avg_win": Convention("Average win", "%", f"mean return of winning {_POSITIONS}, on the money put in"),
    "avg_loss": Convention("Average loss", "%", f"mean return of losing {_POSITIONS}, on the money put in"),
    "profit_factor": Convention("Profit factor", "", f"money won over money lost, {_POSITIONS}"),
    "final_equity": Convention("Final equity", "$", "cash and what is held at the last close"),
    "downside_volatility": Convention("Downside volatility", "%", f"root mean square of negative {_DAILY} {_YEAR}"),
    "omega": Convention("Omega", "", f"sum of positive over sum of negative {_DAILY}, threshold 0"),
    "var_95": Convention("VaR 95 %", "%", f"5th percentile of {_DAILY}"),
    "cvar_95": Convention("CVaR 95 %", "%", f"mean of {_DAILY} at or below VaR 95 %"),
    "skew": Convention("Skew", "", f"third standardised moment of {_DAILY}, of the population"),
    "kurtosis": Convention("Excess kurtosis", "", f"fourth standardised moment of {_DAILY} less 3, of the population"),
    "tail_ratio": Convention("Tail ratio", "", f"95th over 5th percentile of {_DAILY}, without sign"),
    "best_day": Convention("Best day", "%", f"largest of {_DAILY}"),
    "worst_day": Convention("Worst day", "%", f"smallest of {_DAILY}"),
    "positive_days": Convention("Positive days", "%", "days of gain over days of gain or loss"),
    "best_month": Convention("Best month", "%", "calendar months; the first from capital"),
    "worst_month": Convention("Worst month", "%", "calendar months; the first from capital"),
    "positive_months": Convention("Positive months", "%", "months of gain over months of gain or loss"),
    "best_year": Convention("Best year", "%", "calendar years; the first from capital"),
    "worst_year": Convention("Worst year", "%", "calendar years; the first from capital"),
    "avg_drawdown": Convention("Average drawdown", "%", "mean depth of all drawdowns, over every bar's close"),
    "longest_drawdown": Convention("Longest drawdown", "d", "days from a high until equity is back, or to the end"),
    "recovery_days": Convention("Recovery", "d", "days from the deepest point back to the high before it"),
    "ulcer_index": Convention("Ulcer index", "%", "root mean square of the distance to the highest equity so far"),
    "under_water": Convention("Time under water", "%", "bars below the highest equity so far"),
    "open_positions": Convention(
        "Open positions", "#", "held at the end, marked at the last close, not counted as trades"
    ),
    "payoff": Convention("Payoff", "", f"mean win over mean loss in money, {_POSITIONS}"),
    "expectancy": Convention("Expectancy", "%", f"mean return of {_POSITIONS}"),
    "best_trade": Convention("Best position", "%", f"largest return of {_POSITIONS}"),
    "worst_trade": Convention("Worst position", "%", f"smallest return of {_POSITIONS}"),
    "longest_win_streak": Convention("Winning streak", "#", f"longest run of winning {_POSITIONS}, by exit"),
    "longest_loss_streak": Convention("Losing streak", "#", f"longest run of other {_POSITIONS}, by exit"),
    "avg_holding_days": Convention("Holding time", "d", f"mean days from entry bar to exit bar, {_POSITIONS}"),
    "avg_mae": Convention("Average MAE", "%", "worst price while held against the average entry, mean"),
    "avg_mfe": Convention("Average MFE", "%", "best price while held against the average entry, mean"),
    "fees_paid": Convention("Fees paid", "$", "of all fills; slippage is in the prices"),
    "turnover": Convention("Turnover", "%", "half of all fills' value over mean equity, a year"),
    "exposure": Convention("Exposure", "%", "mean share of equity that is held, at each bar's close"),
    "time_in_market": Convention("Time in market", "%", "bars at whose close anything is held"),
    "benchmark_return": Convention("Benchmark return", "%", f"total return of {_HOLD}"),
    "benchmark_cagr": Convention("Benchmark CAGR", "%", f"compound growth of {_HOLD} a year of 365 days"),
    "beta": Convention("Beta", "", f"covariance with {_HOLD} over its variance, {_DAILY}"),
    "alpha": Convention("Alpha", "%", f"mean of {_DAILY} less beta x that of {_HOLD}, x 365"),
    "correlation": Convention("Correlation", "", f"of {_DAILY} with those of {_HOLD}"),
    "tracking_error": Convention(
        "Tracking error", "%", f"standard deviation of {_DAILY} less those of {_HOLD} {_YEAR}"
    ),
    "information_ratio": Convention(
        "Information ratio", "", f"mean over standard deviation of that difference {_YEAR}"
    ),
}
"""By name, in the order in which they are shown. The benchmark is bought and held: the run's symbols in equal
weights, or the market that the run names."""

HEADLINE = tuple(CONVENTIONS)[:13]
"""What a table for people shows first."""
