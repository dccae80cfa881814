"""Steps 1 to 6 of `cqs_core.trading.engine` as one compiled loop over plain arrays.

All of it is in one file: numba keeps compiled code by the file that a function is in. `held` is a record of `HELD`,
`purse` of `PURSE`, `fill` of `cqs_core.Fill`: the next one to be written.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cqs_backtest.compiled import compiled
from cqs_backtest.engines.fast.types import HELD, PURSE, Terms, signature_of_run

SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING, REBALANCE, END = range(6)  # indexes into cqs_core.REASONS
AT_OPEN, INSIDE_STOP, INSIDE_LIMIT = range(3)


@compiled()
def _trade(held: Any, purse: Any, fill: Any, reason: int, quantity: float, price: float, terms: Terms) -> float:
    """Book a trade; the quantity is returned, to be added to what is held. The caller has put bar and symbol there."""
    fee = abs(quantity) * price * terms.fee
    purse["cash"] -= quantity * price + fee
    purse["count"] += 1
    held["room"] -= abs(quantity)
    fill["reason"] = reason
    fill["quantity"] = quantity
    fill["price"] = price
    fill["fee"] = fee
    return quantity


@compiled()
def _in_lots(quantity: float, lot: float) -> float:
    return float(math.floor(quantity / lot + 1e-9)) * lot if lot > 0.0 else quantity


@compiled()
def _sell_all(held: Any, purse: Any, fill: Any, reason: int, quantity: float, price: float, terms: Terms) -> float:
    """A full exit, as far as the bar's volume allows; the rest leaves at the next opens."""
    part = quantity
    held["leaving"] = -1
    if part > held["room"] * (1.0 + 1e-9):
        part = _in_lots(held["room"], terms.lot)
        held["leaving"] = reason
    return _trade(held, purse, fill, reason, -part, price, terms) if part > 0.0 else 0.0


@compiled()
def _level(held: Any) -> tuple[float, int]:
    """The protective price, and why."""
    trail = held["peak"] * (1.0 - held["trailing"])
    if trail > held["floor"]:
        return trail, TRAILING
    return held["floor"], STOP_LOSS


@compiled()
def _leave_at_open(
    held: Any, purse: Any, fill: Any, quantity: float, price: float, leaves: bool, terms: Terms
) -> float:
    """Step 1."""
    sold = price * (1.0 - terms.slip)
    level, why = _level(held)
    if held["leaving"] >= 0:
        return _sell_all(held, purse, fill, held["leaving"], quantity, sold, terms)
    if leaves:
        return _sell_all(held, purse, fill, SIGNAL, quantity, sold, terms)
    if price <= level:
        return _sell_all(held, purse, fill, why, quantity, sold, terms)
    if price >= held["ceiling"]:
        return _sell_all(held, purse, fill, TAKE_PROFIT, quantity, price, terms)
    return 0.0


@compiled()
def _reduce(
    held: Any, purse: Any, fill: Any, quantity: float, price: float, target: float, equity: float, dust: float,
    terms: Terms,
) -> float:  # fmt: skip
    """Step 3, downwards."""
    excess = quantity * price - target * equity
    if target > 0.0 and quantity > 0.0 and held["leaving"] < 0 and excess > dust:
        part, sold = _in_lots(min(excess / price, held["room"]), terms.lot), price * (1.0 - terms.slip)
        if 0.0 < part < quantity and part * sold * (1.0 + 1e-9) >= terms.min_order:
            return _trade(held, purse, fill, REBALANCE, -part, sold, terms)
    return 0.0


@compiled()
def _open_budget(
    held: Any, quantity: float, price: float, enter: bool, weight: float, target: float, equity: float, terms: Terms
) -> float:
    """The amount that an increase or an entry at the open would spend; 0 if there is neither."""
    if quantity > 0.0 and held["leaving"] >= 0:
        return 0.0
    if target > 0.0:
        return target * equity - quantity * price
    if enter and quantity == 0.0 and terms.priced == 0.0:
        return weight * equity
    return 0.0


@compiled()
def _quantity(budget: float, price: float, room: float, dust: float, terms: Terms) -> float:
    """How much a budget buys, of no more than there is room for; 0 where the purchase is skipped."""
    if not budget > dust:
        return 0.0
    quantity = _in_lots(min(budget / (price * (1.0 + terms.fee)), room), terms.lot)
    return 0.0 if quantity * price * (1.0 + 1e-9) < terms.min_order else quantity


@compiled()
def _latch(held: Any, entry: float, inside: int, stop_loss: float, take_profit: float, trailing: float) -> None:
    held["floor"] = -math.inf if math.isnan(stop_loss) else entry * (1.0 - stop_loss)
    held["ceiling"] = math.inf if math.isnan(take_profit) else entry * (1.0 + take_profit)
    held["trailing"] = trailing
    held["peak"] = entry
    held["inside"] = inside
    held["leaving"] = -1


@compiled()
def _inside_price(price: float, high: float, low: float, stop: float, limit: float, slip: float) -> tuple[float, int]:
    """Where a stop or limit fills, gapped ones too; 0 where it does not."""
    if high >= stop:
        return max(price, stop) * (1.0 + slip), INSIDE_STOP if stop > price else AT_OPEN
    if low <= limit:
        return min(price, limit), INSIDE_LIMIT if limit < price else AT_OPEN
    return 0.0, AT_OPEN


@compiled()
def _protect(
    held: Any, purse: Any, fill: Any, quantity: float, price: float, high: float, low: float, close: float,
    terms: Terms,
) -> float:  # fmt: skip
    """Steps 5 and 6."""
    inside = held["inside"]
    level, why = _level(held)
    unsure = inside != AT_OPEN and level > price  # the low may have come before the entry
    held["inside"] = AT_OPEN
    if held["leaving"] < 0:
        if low <= level and (not unsure or close <= level):
            return _sell_all(held, purse, fill, why, quantity, level * (1.0 - terms.slip), terms)
        if high >= held["ceiling"] and inside != INSIDE_LIMIT:
            return _sell_all(held, purse, fill, TAKE_PROFIT, quantity, held["ceiling"], terms)
        held["peak"] = max(held["peak"], close if inside == INSIDE_LIMIT else high)
    return 0.0


@compiled()
def _mark_asks(
    asks: Any, high: Any, low: Any, enter: Any, stop: Any, limit: Any, target: Any, steps: Any, terms: Terms
) -> None:
    """Cells in which there may be a purchase: few. A separate pass, in which processors do several cells at once."""
    _, e, _, p, li, g, _, _, _ = steps
    if terms.priced > 0.0 and terms.limits == 0.0 and terms.targets == 0.0 and e == 1 and p == 1:
        for k in range(len(asks)):
            asks[k] = enter[k] & (high[k] >= stop[k])
        return
    for k in range(len(asks)):
        i = np.uint64(k)
        fills = terms.priced == 0.0 or high[i] >= stop[i * p] or low[i] <= limit[i * li]
        asks[i] = (enter[i * e] and fills) or (terms.targets > 0.0 and target[i * g] > 0.0)


@compiled(*signature_of_run())
def run(  # noqa: C901, PLR0912, PLR0915 - one loop: functions that take arrays in tuples cost 100 times as much
    open_: Any, high: Any, low: Any, close: Any, volume: Any,
    exit_: Any, enter: Any, weight: Any, stop: Any, limit: Any, target: Any,
    stop_loss: Any, take_profit: Any, trailing: Any,
    steps: Any, ends: Any, terms: Terms, fills: Any, equity: Any,
) -> int:  # fmt: skip
    """Fill `equity` (T,) and `fills` (dtype `cqs_core.Fill`, long enough for all); returns how many fills.

    Bars are (T * S,), and so are orders, or (1,) where one value holds for every cell: then their number in `steps` is
    0, else 1. Most runs use few kinds of orders: what they do not use is not read.
    """
    rows, columns = len(equity), len(ends)
    book, purses = np.zeros(columns, HELD), np.zeros(1, PURSE)
    quantity, mark = np.zeros(columns), np.zeros(columns)
    purse = purses[0]
    purse["cash"] = terms.capital
    x, e, w, p, li, g, sl, tp, tr = steps
    priced, targets = terms.priced > 0.0, terms.targets > 0.0
    guarded, shared = terms.guarded > 0.0, terms.share < math.inf
    asks = np.zeros(rows * columns, np.bool_)
    _mark_asks(asks, high, low, enter, stop, limit, target, steps, terms)
    for s in range(columns):
        book[s]["room"] = math.inf
    holding, ending = False, np.max(ends) >= 0
    for t in range(rows):  # `&` instead of `and`: without a branch, the processor cannot predict one wrong
        row = np.uint64(t * columns)  # unsigned: numba checks signed indices for being below 0
        if shared:
            for s in range(columns):
                book[s]["room"] = terms.share * volume[row + np.uint64(s)]
        if holding:
            for s in range(columns):  # 1
                i = row + np.uint64(s)
                leaves = exit_[i * x]
                if targets:
                    leaves |= target[i * g] == 0.0
                if (quantity[s] > 0.0) & (leaves | guarded) & (open_[i] == open_[i]):  # False for NaN: no bar
                    fill = fills[purse["count"]]
                    fill["bar"], fill["symbol"] = t, s
                    quantity[s] += _leave_at_open(book[s], purse, fill, quantity[s], open_[i], leaves, terms)
        wanted = False
        for s in range(columns):
            wanted |= asks[row + np.uint64(s)] & ((quantity[s] == 0.0) | targets)
        if wanted:
            value = purse["cash"]  # 2
            for s in range(columns):
                price = open_[row + np.uint64(s)]
                value += quantity[s] * (mark[s] if math.isnan(price) else price)
            dust = max(1e-6 * value, 1e-9 * terms.capital)
            if targets or not priced:
                total = 0.0
                for s in range(columns):  # 3, downwards
                    i = row + np.uint64(s)
                    fill = fills[purse["count"]]
                    fill["bar"], fill["symbol"] = t, s
                    quantity[s] += _reduce(
                        book[s], purse, fill, quantity[s], open_[i], target[i * g], value, dust, terms
                    )
                for s in range(columns):  # 3, upwards, and 4: what wants in at this open shares the cash in proportion
                    i = row + np.uint64(s)
                    asked = 0.0
                    if not math.isnan(open_[i]):
                        asked = _open_budget(
                            book[s], quantity[s], open_[i], enter[i * e], weight[i * w], target[i * g], value, terms
                        )
                    book[s]["budget"] = asked if asked > dust else 0.0
                    total += book[s]["budget"]
                cash = max(0.0, terms.max_cash * purse["cash"])
                scale = cash / total if total > cash else 1.0
                for s in range(columns):
                    if book[s]["budget"] > 0.0:
                        i = row + np.uint64(s)
                        price = open_[i] * (1.0 + terms.slip)
                        bought = _quantity(book[s]["budget"] * scale, price, book[s]["room"], dust, terms)
                        if bought > 0.0:
                            held = quantity[s] > 0.0
                            if not held:
                                _latch(
                                    book[s], price, AT_OPEN, stop_loss[i * sl], take_profit[i * tp], trailing[i * tr]
                                )
                            fill = fills[purse["count"]]
                            fill["bar"], fill["symbol"] = t, s
                            why = REBALANCE if held else SIGNAL
                            quantity[s] += _trade(book[s], purse, fill, why, bought, price, terms)
                            holding = True
            if priced:
                for s in range(columns):  # 4: stops and limits use the remaining cash
                    i = row + np.uint64(s)
                    if asks[i] & (quantity[s] == 0.0) & enter[i * e] & (open_[i] == open_[i]):
                        price, inside = _inside_price(open_[i], high[i], low[i], stop[i * p], limit[i * li], terms.slip)
                        if price > 0.0:
                            budget = min(weight[i * w] * value, terms.max_cash * purse["cash"])
                            bought = _quantity(budget, price, book[s]["room"], dust, terms)
                            if bought > 0.0:
                                if guarded:
                                    _latch(
                                        book[s], price, inside, stop_loss[i * sl], take_profit[i * tp], trailing[i * tr]
                                    )
                                fill = fills[purse["count"]]
                                fill["bar"], fill["symbol"] = t, s
                                quantity[s] += _trade(book[s], purse, fill, SIGNAL, bought, price, terms)
                                holding = True
        worth = purse["cash"]
        if holding:
            if guarded:
                for s in range(columns):  # 5 and 6
                    i = row + np.uint64(s)
                    if quantity[s] > 0.0 and not math.isnan(close[i]):
                        fill = fills[purse["count"]]
                        fill["bar"], fill["symbol"] = t, s
                        quantity[s] += _protect(
                            book[s], purse, fill, quantity[s], open_[i], high[i], low[i], close[i], terms
                        )
            for s in range(columns if ending else 0):  # 7
                if t == ends[s] and quantity[s] > 0.0:
                    fill = fills[purse["count"]]
                    fill["bar"], fill["symbol"] = t, s
                    price = close[row + np.uint64(s)] * (1.0 - terms.slip)
                    quantity[s] += _sell_all(book[s], purse, fill, END, quantity[s], price, terms)
            worth, holding = purse["cash"], False
            for s in range(columns):
                price = close[row + np.uint64(s)]
                mark[s] = mark[s] if math.isnan(price) else price
                worth += quantity[s] * mark[s]
                holding |= quantity[s] > 0.0
        equity[t] = worth
    return int(purse["count"])
