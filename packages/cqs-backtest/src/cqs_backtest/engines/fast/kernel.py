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
def _trade(held: Any, purse: Any, fill: Any, reason: int, quantity: float, price: float, terms: Terms) -> None:
    fee = abs(quantity) * price * terms.fee
    purse["cash"] -= quantity * price + fee
    purse["count"] += 1
    held["quantity"] += quantity
    held["room"] -= abs(quantity)
    fill["reason"] = reason
    fill["quantity"] = quantity
    fill["price"] = price
    fill["fee"] = fee


@compiled()
def _in_lots(quantity: float, lot: float) -> float:
    return float(math.floor(quantity / lot + 1e-9)) * lot if lot > 0.0 else quantity


@compiled()
def _sell_all(held: Any, purse: Any, fill: Any, reason: int, price: float, terms: Terms) -> None:
    """A full exit, as far as the bar's volume allows; the rest leaves at the next opens."""
    part = held["quantity"]
    held["leaving"] = -1
    if part > held["room"]:
        part = _in_lots(held["room"], terms.lot)
        held["leaving"] = reason
    if part > 0.0:
        _trade(held, purse, fill, reason, -part, price, terms)


@compiled()
def _level(held: Any) -> tuple[float, int]:
    """The protective price, and why."""
    trail = held["peak"] * (1.0 - held["trailing"])
    if trail > held["floor"]:
        return trail, TRAILING
    return held["floor"], STOP_LOSS


@compiled()
def _leave_at_open(held: Any, purse: Any, fill: Any, price: float, exit_: bool, target: float, terms: Terms) -> None:
    """Step 1."""
    sold = price * (1.0 - terms.slip)
    level, why = _level(held)
    if held["leaving"] >= 0:
        _sell_all(held, purse, fill, held["leaving"], sold, terms)
    elif exit_ or target == 0.0:
        _sell_all(held, purse, fill, SIGNAL, sold, terms)
    elif price <= level:
        _sell_all(held, purse, fill, why, sold, terms)
    elif price >= held["ceiling"]:
        _sell_all(held, purse, fill, TAKE_PROFIT, price, terms)


@compiled()
def _reduce(
    held: Any, purse: Any, fill: Any, price: float, target: float, equity: float, dust: float, terms: Terms
) -> None:
    """Step 3, downwards."""
    quantity = held["quantity"]
    excess = quantity * price - target * equity
    if target > 0.0 and quantity > 0.0 and held["leaving"] < 0 and excess > dust:
        part, sold = _in_lots(min(excess / price, held["room"]), terms.lot), price * (1.0 - terms.slip)
        if 0.0 < part < quantity and part * sold * (1.0 + 1e-9) >= terms.min_order:
            _trade(held, purse, fill, REBALANCE, -part, sold, terms)


@compiled()
def _open_budget(
    held: Any, price: float, enter: bool, weight: float, target: float, equity: float, terms: Terms
) -> float:
    """What an increase, or an entry at the open, wants to spend; 0 where there is neither."""
    if held["quantity"] > 0.0 and held["leaving"] >= 0:
        return 0.0
    if target > 0.0:
        return target * equity - float(held["quantity"]) * price
    if enter and held["quantity"] == 0.0 and terms.priced == 0.0:
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
    held: Any, purse: Any, fill: Any, price: float, high: float, low: float, close: float, terms: Terms
) -> None:
    """Steps 5 and 6."""
    inside = held["inside"]
    level, why = _level(held)
    unsure = inside != AT_OPEN and level > price  # the low may have come before the entry
    if held["leaving"] < 0:
        if low <= level and (not unsure or close <= level):
            _sell_all(held, purse, fill, why, level * (1.0 - terms.slip), terms)
        elif high >= held["ceiling"] and inside != INSIDE_LIMIT:
            _sell_all(held, purse, fill, TAKE_PROFIT, held["ceiling"], terms)
        else:
            held["peak"] = max(held["peak"], close if inside == INSIDE_LIMIT else high)
    held["mark"] = close
    held["inside"] = AT_OPEN


@compiled(*signature_of_run())
def run(  # noqa: C901, PLR0912, PLR0915 - one loop: functions that take arrays in tuples cost 100 times as much
    open_: Any, high: Any, low: Any, close: Any, volume: Any,
    exit_: Any, enter: Any, weight: Any, stop: Any, limit: Any, target: Any,
    stop_loss: Any, take_profit: Any, trailing: Any,
    ends: Any, terms: Terms, fills: Any, equity: Any,
) -> int:  # fmt: skip
    """Fill `equity` (T,) and `fills` (dtype `cqs_core.Fill`, long enough for all); returns how many fills."""
    rows, columns = open_.shape
    book, purses = np.zeros(columns, HELD), np.zeros(1, PURSE)
    purse = purses[0]
    purse["cash"] = terms.capital
    for t in range(rows):
        before = purse["count"]
        wanted = False
        for s in range(columns):  # 1
            price = open_[t, s]
            book[s]["room"] = terms.share * volume[t, s] if terms.share < math.inf else math.inf
            if book[s]["quantity"] > 0.0 and not math.isnan(price):
                fills[purse["count"]]["symbol"] = s
                _leave_at_open(book[s], purse, fills[purse["count"]], price, exit_[t, s], target[t, s], terms)
            asks = (enter[t, s] and book[s]["quantity"] == 0.0) or target[t, s] > 0.0
            wanted |= asks and not math.isnan(price)
        if wanted:
            value = purse["cash"]  # 2
            for s in range(columns):
                if book[s]["quantity"] > 0.0:
                    price = open_[t, s]
                    value += book[s]["quantity"] * (book[s]["mark"] if math.isnan(price) else price)
            dust = max(1e-6 * value, 1e-9 * terms.capital)
            for s in range(columns):  # 3, downwards
                fills[purse["count"]]["symbol"] = s
                _reduce(book[s], purse, fills[purse["count"]], open_[t, s], target[t, s], value, dust, terms)
            total = 0.0
            for s in range(columns):  # 3, upwards, and 4: what wants in at this open shares the cash in proportion
                asked = 0.0
                if not math.isnan(open_[t, s]):
                    asked = _open_budget(book[s], open_[t, s], enter[t, s], weight[t, s], target[t, s], value, terms)
                book[s]["budget"] = asked if asked > dust else 0.0
                total += book[s]["budget"]
            cash = max(0.0, terms.max_cash * purse["cash"])
            scale = cash / total if total > cash else 1.0
            for s in range(columns):
                if book[s]["budget"] > 0.0:
                    price = open_[t, s] * (1.0 + terms.slip)
                    quantity = _quantity(book[s]["budget"] * scale, price, book[s]["room"], dust, terms)
                    if quantity > 0.0:
                        held = book[s]["quantity"] > 0.0
                        if not held:
                            _latch(book[s], price, AT_OPEN, stop_loss[t, s], take_profit[t, s], trailing[t, s])
                        fills[purse["count"]]["symbol"] = s
                        _trade(
                            book[s], purse, fills[purse["count"]], REBALANCE if held else SIGNAL, quantity, price, terms
                        )
            for s in range(columns):  # 4: stops and limits take what is left
                if enter[t, s] and book[s]["quantity"] == 0.0 and not math.isnan(open_[t, s]):
                    price, inside = _inside_price(
                        open_[t, s], high[t, s], low[t, s], stop[t, s], limit[t, s], terms.slip
                    )
                    if price > 0.0:
                        budget = min(weight[t, s] * value, terms.max_cash * purse["cash"])
                        quantity = _quantity(budget, price, book[s]["room"], dust, terms)
                        if quantity > 0.0:
                            _latch(book[s], price, inside, stop_loss[t, s], take_profit[t, s], trailing[t, s])
                            fills[purse["count"]]["symbol"] = s
                            _trade(book[s], purse, fills[purse["count"]], SIGNAL, quantity, price, terms)
        for s in range(columns):  # 5 and 6
            if book[s]["quantity"] > 0.0 and not math.isnan(close[t, s]):
                fills[purse["count"]]["symbol"] = s
                _protect(book[s], purse, fills[purse["count"]], open_[t, s], high[t, s], low[t, s], close[t, s], terms)
        for s in range(columns):  # 7
            if t == ends[s] and book[s]["quantity"] > 0.0:
                fills[purse["count"]]["symbol"] = s
                _sell_all(book[s], purse, fills[purse["count"]], END, close[t, s] * (1.0 - terms.slip), terms)
        worth = purse["cash"]
        for s in range(columns):
            worth += book[s]["quantity"] * book[s]["mark"]
        equity[t] = worth
        for n in range(before, purse["count"]):
            fills[n]["bar"] = t
    return int(purse["count"])
