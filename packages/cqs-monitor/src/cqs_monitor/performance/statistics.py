"""How the realised PnL came about: win rate, payoff, streaks, drawdown, by symbol and by hour.

Everything here counts SELL rows, gross of fees, as logged: partial fills make several of one sale.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core.trading.metrics import peaks
from cqs_monitor.logs.days import date_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_monitor.logs.snapshot import Rows

    Ints = npt.NDArray[np.int64]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Statistics:
    """Figures over SELL rows; money in the currency of the accounts, gross of fees.

    Attributes:
        wins: SELL rows that won, see `Rows.won`; `losses` are those below 0.
        win_rate: percent of SELL rows; None without any.
        profit_factor: sum of gains over sum of losses; None without losses.
        average_win: of rows above 0; None without any, as is `average_loss`, which is negative.
        win_streak: longest run of rows above 0; a row of exactly 0 ends no streak and is in none.
        drawdown: largest fall of cumulative PnL below its highest point so far (or 0), 0 or negative.
        drawdown_from: day of that highest point, None where it is the start.
        drawdown_to: day of the lowest point.
        fees: estimate, by the fee rates of the formats.
        by_symbol: PnL by symbol, best first.
        by_hour: PnL by the hour of the day, on the bot's clock, in which it was realised.
    """

    realised: float = 0.0
    sells: int = 0
    wins: int = 0
    losses: int = 0
    win_rate: float | None = None
    profit_factor: float | None = None
    average_win: float | None = None
    average_loss: float | None = None
    win_streak: int = 0
    loss_streak: int = 0
    drawdown: float = 0.0
    drawdown_from: str | None = None
    drawdown_to: str | None = None
    best_day: tuple[str, float] | None = None
    worst_day: tuple[str, float] | None = None
    fees: float = 0.0
    by_symbol: Mapping[str, float] = field(default_factory=dict)
    by_hour: Mapping[int, float] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        return asdict(self)


def statistics(rows: Rows, *, net: bool = False) -> Statistics:
    """Statistics of these rows, which must be in one currency.

    Args:
        rows: the trades.
        net: less estimated fees. A sale then bears the fees of its purchase too where sales are counted (win rate,
            profit factor, averages, streaks); sums bear each row's fee where it was paid, and so add up to the net PnL.
    """
    sold = rows.where(rows.sell).in_order()
    profit = sold.net_sales() if net else sold.profit
    summed = rows.in_order() if net else sold
    value = summed.value(net=net)
    won = int(sold.won(net=net).sum())
    gains, losses = profit[profit > 0], profit[profit < 0]
    gained, lost = math.fsum(gains), -math.fsum(losses)
    return Statistics(
        realised=math.fsum(value),
        sells=len(profit),
        wins=won,
        losses=len(losses),
        win_rate=100 * won / len(profit) if len(profit) else None,
        profit_factor=gained / lost if lost else None,
        average_win=gained / len(gains) if len(gains) else None,
        average_loss=-lost / len(losses) if len(losses) else None,
        win_streak=streak(profit, 1),
        loss_streak=streak(profit, -1),
        fees=float(rows.fee.sum()),
        by_symbol=_by_symbol(summed, value),
        by_hour=_by_hour(summed, value),
        **_days(summed.day, value),
        **_drawdown(summed.day, value),
    )


def streak(profit: Floats, sign: int) -> int:
    """Longest run of profits of one sign; zeros are passed over."""
    signs = np.sign(profit[profit != 0])
    ends = np.flatnonzero(np.r_[True, signs != sign, True])
    return int(np.max(np.diff(ends)) - 1) if len(signs) else 0


def drawdown(cumulative: Floats) -> Floats:
    """How far each point of cumulative PnL is below the highest so far, which starts at 0; 0 or negative."""
    return cumulative - peaks(cumulative, 0.0)


def _drawdown(day: Ints, profit: Floats) -> dict[str, Any]:
    cumulative = np.cumsum(profit)
    fall = drawdown(cumulative)
    if not len(fall) or fall.min() >= 0:
        return {}
    low = int(np.argmin(fall))
    peak = int(np.argmax(cumulative[: low + 1]))
    start = date_of(day[peak]).isoformat() if cumulative[peak] > 0 else None
    return {"drawdown": float(fall[low]), "drawdown_from": start, "drawdown_to": date_of(day[low]).isoformat()}


def _days(day: Ints, profit: Floats) -> dict[str, Any]:
    if not len(day):
        return {}
    days, at = np.unique(day, return_inverse=True)
    sums = np.bincount(at, weights=profit)
    places = {"best_day": int(np.argmax(sums)), "worst_day": int(np.argmin(sums))}
    return {name: (date_of(days[place]).isoformat(), float(sums[place])) for name, place in places.items()}


def _by_symbol(rows: Rows, profit: Floats) -> dict[str, float]:
    index, names = rows.symbols()
    sums = np.bincount(index, weights=profit, minlength=len(names))
    return {names[i]: float(sums[i]) for i in np.argsort(-sums)}


def _by_hour(rows: Rows, profit: Floats) -> dict[int, float]:
    hour = rows.hours()
    sums = np.bincount(hour, weights=profit, minlength=24)
    return {h: float(sums[h]) for h in np.unique(hour).tolist()}
