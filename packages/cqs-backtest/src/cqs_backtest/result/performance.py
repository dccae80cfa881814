"""Every metric of a run, by name or as an attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

ALIASES = {"max_drawdown": "mdd"}
"""Other names under which a metric is found."""


class Performance(dict[str, float]):
    """A read-only dictionary of metrics; each is an attribute, too. Unknown is NaN.

    Units: total_return, cagr, mdd (negative), volatility, win_rate, avg_win and avg_loss are percent; sharpe, sortino,
    calmar and profit_factor are ratios; num_trades is a count; final_equity is in quote currency. A year has 365 days.
    `Result.metrics` is the table with the unit and the definition of every one.

    >>> made = Performance({"cagr": 35.9, "mdd": -20.0})
    >>> made.cagr, made["mdd"], made.max_drawdown
    (35.9, -20.0, -20.0)
    """

    total_return: float
    cagr: float
    mdd: float
    volatility: float
    sharpe: float
    sortino: float
    calmar: float
    num_trades: float
    win_rate: float
    avg_win: float
    avg_loss: float
    profit_factor: float
    final_equity: float
    downside_volatility: float
    omega: float
    var_95: float
    cvar_95: float
    skew: float
    kurtosis: float
    tail_ratio: float
    best_day: float
    worst_day: float
    positive_days: float
    best_month: float
    worst_month: float
    positive_months: float
    best_year: float
    worst_year: float
    avg_drawdown: float
    longest_drawdown: float
    recovery_days: float
    ulcer_index: float
    under_water: float
    open_positions: float
    payoff: float
    expectancy: float
    best_trade: float
    worst_trade: float
    longest_win_streak: float
    longest_loss_streak: float
    avg_holding_days: float
    avg_mae: float
    avg_mfe: float
    fees_paid: float
    turnover: float
    exposure: float
    time_in_market: float
    benchmark_return: float
    benchmark_cagr: float
    beta: float
    alpha: float
    correlation: float
    tracking_error: float
    information_ratio: float
    max_drawdown: float

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> float:
            try:
                return self[name]
            except KeyError:
                raise AttributeError(f"no metric {name!r}; there are: {', '.join(self)}") from None

    def __missing__(self, name: str) -> float:
        if name in ALIASES and ALIASES[name] != name:
            return self[ALIASES[name]]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(ALIASES.get(name, name) if isinstance(name, str) else name)

    def get(self, name: str, default: Any = None) -> Any:
        """The metric, or `default` where there is none of that name."""
        return super().get(ALIASES.get(name, name), default)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self, *ALIASES]

    def __reduce__(self) -> tuple[type[Performance], tuple[Mapping[str, float]]]:
        return Performance, (dict(self),)

    def _frozen(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("results are read-only; change a copy, dict(performance)")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _frozen
