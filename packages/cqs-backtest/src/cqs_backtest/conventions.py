"""What each metric is called, its unit, and the one convention by which it is computed: shown beside every number."""

from __future__ import annotations

from typing import NamedTuple

_DAILY = "daily returns x sqrt(365), risk-free rate 0, from capital"


class Convention(NamedTuple):
    """How to read a metric; unit is `%`, `` (ratio), `#` (count), `$` (quote currency) or `d` (days)."""

    label: str
    unit: str
    text: str


CONVENTIONS = {
    "total_return": Convention("Total return", "%", "final equity over capital, less 1"),
    "cagr": Convention("CAGR", "%", "compound growth a year of 365 days, first open to last close"),
    "mdd": Convention("Max drawdown", "%", "deepest fall below the highest equity so far, over every bar's close"),
    "volatility": Convention("Volatility", "%", f"standard deviation (n - 1) of {_DAILY}"),
    "sharpe": Convention("Sharpe", "", f"mean over standard deviation of {_DAILY}"),
    "sortino": Convention("Sortino", "", f"mean over root mean square of the negative ones, {_DAILY}"),
    "calmar": Convention("Calmar", "", "CAGR over max drawdown"),
    "num_trades": Convention("Closed positions", "#", "from flat to flat"),
    "win_rate": Convention("Win rate", "%", "closed positions that returned more money than went in, fees included"),
    "avg_win": Convention("Average win", "%", "mean return of winning positions, on the money put in"),
    "avg_loss": Convention("Average loss", "%", "mean return of losing positions, on the money put in"),
    "profit_factor": Convention("Profit factor", "", "money won over money lost, closed positions"),
    "final_equity": Convention("Final equity", "$", "cash and what is held at the last close, in quote currency"),
}
