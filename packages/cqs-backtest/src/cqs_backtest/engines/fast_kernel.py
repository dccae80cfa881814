"""Steps 1 to 6 of `cqs_core.engine` as one compiled loop over plain arrays.

All of it is in one file: numba keeps compiled code by the file that a function is in.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cqs_backtest.compiled import compiled
from cqs_backtest.engines.fast_types import Asked, Bars, Book, Terms, signature_of_room, signature_of_run

SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING, REBALANCE = range(5)  # indexes into cqs_core.REASONS
AT_OPEN, INSIDE_STOP, INSIDE_LIMIT = range(3)


@compiled()
def _trade(t: int, s: int, reason: int, quantity: float, price: float, terms: Terms, book: Book, fills: Any) -> None:
    fee = abs(quantity) * price * terms.fee
    book.cash[0] -= quantity * price + fee
    book.quantity[s] += quantity
    n = book.count[0]
    fills[n]["bar"] = t
    fills[n]["symbol"] = s
    fills[n]["reason"] = reason
    fills[n]["quantity"] = quantity
    fills[n]["price"] = price
    fills[n]["fee"] = fee
    book.count[0] = n + 1


@compiled()
def _level(s: int, book: Book) -> tuple[float, int]:
    """The protective price, and why."""
    trail = book.peak[s] * (1.0 - book.trailing[s])
    if trail > book.floor[s]:
        return trail, TRAILING
    return book.floor[s], STOP_LOSS


@compiled()
def _leave_at_open(t: int, s: int, bars: Bars, asked: Asked, terms: Terms, book: Book, fills: Any) -> None:
    """Step 1."""
    price = bars.open[t, s]
    sold = price * (1.0 - terms.slip)
    level, why = _level(s, book)
    if asked.exit[t, s] or asked.target[t, s] == 0.0:
        _trade(t, s, SIGNAL, -book.quantity[s], sold, terms, book, fills)
    elif price <= level:
        _trade(t, s, why, -book.quantity[s], sold, terms, book, fills)
    elif price >= book.ceiling[s]:
        _trade(t, s, TAKE_PROFIT, -book.quantity[s], price, terms, book, fills)


@compiled()
def _wants(t: int, s: int, bars: Bars, asked: Asked) -> bool:
    return not math.isnan(bars.open[t, s]) and (asked.enter[t, s] or asked.target[t, s] > 0.0)


@compiled()
def _equity_at_open(t: int, bars: Bars, book: Book) -> float:
    """Step 2."""
    equity: float = book.cash[0]
    for s in range(book.quantity.size):
        if book.quantity[s] > 0.0:
            price = bars.open[t, s]
            equity += book.quantity[s] * (book.mark[s] if math.isnan(price) else price)
    return equity


@compiled()
def _in_lots(quantity: float, lot: float) -> float:
    return math.floor(quantity / lot + 1e-9) * lot if lot > 0.0 else quantity


@compiled()
def _reduce(
    t: int, s: int, equity: float, dust: float, bars: Bars, asked: Asked, terms: Terms, book: Book, fills: Any
) -> None:
    """Step 3, downwards."""
    target, held, price = asked.target[t, s], book.quantity[s], bars.open[t, s]
    excess = held * price - target * equity
    if target > 0.0 and held > 0.0 and excess > dust:
        quantity, sold = _in_lots(excess / price, terms.lot), price * (1.0 - terms.slip)
        if 0.0 < quantity < held and quantity * sold * (1.0 + 1e-9) >= terms.min_order:
            _trade(t, s, REBALANCE, -quantity, sold, terms, book, fills)


@compiled()
def _budget(t: int, s: int, equity: float, bars: Bars, asked: Asked, book: Book) -> Any:
    """What an increase, or an entry at the open, wants to spend; 0 where there is neither."""
    if not _wants(t, s, bars, asked):
        return 0.0
    if asked.target[t, s] > 0.0:
        return asked.target[t, s] * equity - book.quantity[s] * bars.open[t, s]
    if book.quantity[s] == 0.0 and math.isnan(asked.stop[t, s]) and math.isnan(asked.limit[t, s]):
        return asked.weight[t, s] * equity
    return 0.0


@compiled()
def _buy(
    t: int,
    s: int,
    budget: float,
    fill: float,
    inside: int,
    dust: float,
    asked: Asked,
    terms: Terms,
    book: Book,
    fills: Any,
) -> None:
    if not budget > dust:
        return
    quantity = _in_lots(budget / (fill * (1.0 + terms.fee)), terms.lot)
    if not quantity > 0.0 or quantity * fill * (1.0 + 1e-9) < terms.min_order:
        return
    reason = REBALANCE
    if book.quantity[s] == 0.0:
        reason = SIGNAL
        loss, profit = asked.stop_loss[t, s], asked.take_profit[t, s]
        book.floor[s] = -math.inf if math.isnan(loss) else fill * (1.0 - loss)
        book.ceiling[s] = math.inf if math.isnan(profit) else fill * (1.0 + profit)
        book.trailing[s], book.peak[s], book.inside[s] = asked.trailing[t, s], fill, inside
    _trade(t, s, reason, quantity, fill, terms, book, fills)


@compiled()
def _share_cash(
    t: int, equity: float, dust: float, bars: Bars, asked: Asked, terms: Terms, book: Book, fills: Any
) -> None:
    """Steps 3, upwards, and 4: what wants in at this open shares the cash in proportion."""
    total = 0.0
    for s in range(book.quantity.size):
        budget = _budget(t, s, equity, bars, asked, book)
        book.budget[s] = budget if budget > dust else 0.0
        total += book.budget[s]
    cash = max(0.0, terms.max_cash * book.cash[0])
    scale = cash / total if total > cash else 1.0
    for s in range(book.quantity.size):
        if book.budget[s] > 0.0:
            fill = bars.open[t, s] * (1.0 + terms.slip)
            _buy(t, s, book.budget[s] * scale, fill, AT_OPEN, dust, asked, terms, book, fills)


@compiled()
def _enter_inside(
    t: int, s: int, equity: float, dust: float, bars: Bars, asked: Asked, terms: Terms, book: Book, fills: Any
) -> None:
    """Step 4: a stop or limit, gapped ones too."""
    price, stop, limit = bars.open[t, s], asked.stop[t, s], asked.limit[t, s]
    if not asked.enter[t, s] or book.quantity[s] > 0.0 or math.isnan(price):
        return
    budget = min(asked.weight[t, s] * equity, terms.max_cash * book.cash[0])
    if bars.high[t, s] >= stop:
        inside = INSIDE_STOP if stop > price else AT_OPEN
        _buy(t, s, budget, max(price, stop) * (1.0 + terms.slip), inside, dust, asked, terms, book, fills)
    elif bars.low[t, s] <= limit:
        inside = INSIDE_LIMIT if limit < price else AT_OPEN
        _buy(t, s, budget, min(price, limit), inside, dust, asked, terms, book, fills)


@compiled()
def _protect(t: int, s: int, bars: Bars, terms: Terms, book: Book, fills: Any) -> None:
    """Steps 5 and 6."""
    high, low, close, inside = bars.high[t, s], bars.low[t, s], bars.close[t, s], book.inside[s]
    level, why = _level(s, book)
    unsure = inside != AT_OPEN and level > bars.open[t, s]  # the low may have come before the entry
    if low <= level and (not unsure or close <= level):
        _trade(t, s, why, -book.quantity[s], level * (1.0 - terms.slip), terms, book, fills)
    elif high >= book.ceiling[s] and inside != INSIDE_LIMIT:
        _trade(t, s, TAKE_PROFIT, -book.quantity[s], book.ceiling[s], terms, book, fills)
    else:
        book.peak[s] = max(book.peak[s], close if inside == INSIDE_LIMIT else high)
        book.mark[s] = close
    book.inside[s] = AT_OPEN


@compiled()
def _take(t: int, bars: Bars, asked: Asked, terms: Terms, book: Book, fills: Any) -> None:
    """Steps 2 to 4, where anything wants to hold something."""
    columns = book.quantity.size
    wanted = False
    for s in range(columns):
        wanted |= _wants(t, s, bars, asked)
    if not wanted:
        return
    equity = _equity_at_open(t, bars, book)
    dust = max(1e-6 * equity, 1e-9 * terms.capital)
    for s in range(columns):
        _reduce(t, s, equity, dust, bars, asked, terms, book, fills)
    _share_cash(t, equity, dust, bars, asked, terms, book, fills)
    for s in range(columns):
        _enter_inside(t, s, equity, dust, bars, asked, terms, book, fills)


@compiled()
def _bar(t: int, bars: Bars, asked: Asked, terms: Terms, book: Book, fills: Any) -> float:
    """One bar; returns equity at its close."""
    columns = book.quantity.size
    for s in range(columns):
        if book.quantity[s] > 0.0 and not math.isnan(bars.open[t, s]):
            _leave_at_open(t, s, bars, asked, terms, book, fills)
    _take(t, bars, asked, terms, book, fills)
    for s in range(columns):
        if book.quantity[s] > 0.0 and not math.isnan(bars.close[t, s]):
            _protect(t, s, bars, terms, book, fills)
    value: float = book.cash[0]
    for s in range(columns):
        if book.quantity[s] > 0.0:
            value += book.quantity[s] * book.mark[s]
    return value


@compiled(*signature_of_room())
def room(open_: Any, enter: Any, target: Any) -> int:
    """How many fills there can be: each is asked for, or ends something that was."""
    asking = 0
    for t in range(open_.shape[0]):
        for s in range(open_.shape[1]):
            asking += not math.isnan(open_[t, s]) and (enter[t, s] or target[t, s] > 0.0)
    return 2 * asking


@compiled(*signature_of_run())
def run(
    open_: Any,
    high: Any,
    low: Any,
    close: Any,
    exit_: Any,
    enter: Any,
    weight: Any,
    stop: Any,
    limit: Any,
    target: Any,
    stop_loss: Any,
    take_profit: Any,
    trailing: Any,
    terms: Terms,
    fills: Any,
    equity: Any,
) -> int:
    """Fill `equity` (T,) and `fills` (dtype `cqs_core.Fill`, as long as `room` says); returns how many fills."""
    bars = Bars(open_, high, low, close)
    asked = Asked(exit_, enter, weight, stop, limit, target, stop_loss, take_profit, trailing)
    rows, columns = bars.open.shape
    quantity, mark, floor, ceiling = np.zeros(columns), np.zeros(columns), np.zeros(columns), np.zeros(columns)
    trailing, peak, budget, inside = (
        np.zeros(columns),
        np.zeros(columns),
        np.zeros(columns),
        np.zeros(columns, np.int64),
    )
    cash, count = np.full(1, terms.capital), np.zeros(1, np.int64)
    book = Book(quantity, mark, floor, ceiling, trailing, peak, inside, budget, cash, count)
    for t in range(rows):
        equity[t] = _bar(t, bars, asked, terms, book, fills)
    return int(count[0])
