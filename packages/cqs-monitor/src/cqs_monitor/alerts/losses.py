"""Loss since the beginning of a period, by the bot's own dates; 0 again when the next one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cqs_monitor.alerts.kind import Signal, in_steps
from cqs_monitor.logs.days import start_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from cqs_monitor.alerts.context import Context


def loss(context: Context, account: str, first: npt.NDArray[np.int64], days: int, over: float) -> Signal:
    """Loss as steps in time.

    Args:
        context: of one moment.
        account: whose.
        first: (N,) first day of the period of each row of the account's trades.
        days: of a period.
        over: the threshold.
    """
    trades, zone = context.trades(account), context.format(account).zone
    if not len(trades.ts):
        return Signal(0.0, read=False)
    order = np.lexsort((trades.ts, first))
    first, profit = first[order], trades.profit[order]
    heads = np.flatnonzero(np.diff(first, prepend=first[0] - 1))  # the first row of each period
    counts = np.diff(np.append(heads, len(first)))
    total = np.cumsum(profit)
    before = np.repeat(total[heads] - profit[heads], counts)  # what was earned before the row's period
    begins = np.array([start_of(day, zone) for day in first[heads].tolist()], np.int64)
    ends = np.array([start_of(day + days, zone) for day in first[heads].tolist()], np.int64)
    # a row that the bot dated into another day than its time counts at the nearest moment of that day
    ts = np.clip(trades.ts[order], np.repeat(begins, counts), np.repeat(ends - 1, counts))
    steps = np.concatenate((ts, ends))
    values = np.concatenate((before - total, np.zeros(len(heads))))
    ascending = np.argsort(steps, kind="stable")  # of equal times a period's end comes last
    return in_steps(context, steps[ascending], values[ascending], over)
