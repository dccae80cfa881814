"""Steps 1 to 6 of `cqs_core.trading.engine` as a bt algo that decides every fill from bt's own cash and positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cqs_backtest.engines.bt.library import bt
from cqs_backtest.engines.bt.stops import END, REBALANCE, SIGNAL, Stops

if TYPE_CHECKING:
    from cqs_backtest.engines.bt.impact import Impact
    from cqs_core import Candles, Costs, Orders

_FIELDS = ("exit", "enter", "weight", "stop", "limit", "target", "stop_loss", "take_profit", "trailing")


class OrderExecutor(bt.Algo):  # type: ignore[misc]
    """Called by bt once a bar; `fills` is its own trade log, because bt's nets an exit and an entry of one bar."""

    def __init__(self, candles: Candles, orders: Orders, costs: Costs, impact: Impact | None = None) -> None:
        super().__init__("desk")
        self._impact = impact
        self.fills: list[tuple[int, int, int, float, float, float]] = []
        self._candles, self._costs, self._max_cash = candles, costs, orders.max_cash
        self._orders = {name: orders.array(name, candles.shape) for name in _FIELDS}
        self._asked = self._orders["enter"] | (self._orders["target"] > 0)
        self._priced = orders.priced
        self._stops: dict[int, Stops] = {}
        self._last_bars = _last_bars(candles) if costs.on_end == "sell" else {}
        self._t = -1

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # Backtest copies its strategy; a copy would take the log and all candles with it

    def __call__(self, root: Any) -> bool:
        self._t += 1
        self._root, self._securities = root, [root.children[name] for name in self._candles.symbols]
        self._open = self._candles.open[self._t].tolist()
        self._here = [s for s, price in enumerate(self._open) if not math.isnan(price)]
        self._room = {s: self._tradable(s) for s in self._here}
        for s in self._held():
            self._leave_at_open(s)
        asking = [s for s in self._here if self._asked[self._t, s]]
        if asking:
            self._take(asking)
        for s in self._held():
            self._protect(s)
        for s in self._held():
            if self._last_bars.get(s) == self._t:
                self._sell_all(s, float(self._candles.close[self._t, s]), END)
        return True

    def _tradable(self, s: int) -> float:
        """How much of a symbol this bar's volume allows to trade."""
        share = self._costs.max_volume_share
        return math.inf if share is None else share * float(self._candles.volume[self._t, s])

    def _quantity(self, s: int) -> float:
        """What is held. bt passes over trades below 1e-16: what is left after such an exit is not held any more."""
        return float(self._securities[s].position) if s in self._stops else 0.0

    def _held(self) -> list[int]:
        return [s for s in self._here if self._quantity(s) > 0]

    def _order(self, name: str, s: int) -> float:
        return float(self._orders[name][self._t, s])

    def _trade(self, s: int, quantity: float, price: float, reason: int) -> None:
        self._securities[s].transact(quantity, update=False, price=price)
        self._room[s] -= abs(quantity)
        fee = abs(quantity) * price * self._costs.fee
        if self._impact:
            fee = self._impact.cost(self._t, s, quantity, price)
        self.fills.append((self._t, s, reason, quantity, price, fee))

    def _sell_all(self, s: int, price: float, reason: int, *, with_slippage: bool = True) -> None:
        held, allowed = self._quantity(s), self._room[s]
        whole = held <= allowed * (1 + 1e-9)
        part = held if whole else self._whole_lots(allowed)
        if part > 0:
            self._trade(s, -part, price * (1 - self._costs.slip) if with_slippage else price, reason)
        if whole:
            del self._stops[s]
        else:
            self._stops[s].leaving = reason

    def _leave_at_open(self, s: int) -> None:
        price, stops = self._open[s], self._stops[s]
        level, why = stops.level()
        if stops.leaving is not None:
            self._sell_all(s, price, stops.leaving)
        elif self._orders["exit"][self._t, s] or self._order("target", s) == 0:
            self._sell_all(s, price, SIGNAL)
        elif price <= level:
            self._sell_all(s, price, why)
        elif price >= stops.ceiling:
            self._sell_all(s, price, stops.take_profit, with_slippage=False)

    def _take(self, asking: list[int]) -> None:
        """Steps 2 to 4, for the columns that want to hold something."""
        asking = [s for s in asking if s not in self._stops or self._stops[s].leaving is None]
        equity = self._equity_at_open()
        dust = max(1e-6 * equity, 1e-9 * self._costs.capital)
        for s in asking:
            self._reduce(s, equity, dust)
        self._share_cash(self._open_budgets(asking, equity), dust)
        for s in asking:
            self._enter_inside(s, equity, dust)

    def _equity_at_open(self) -> float:
        value = float(self._root.capital)
        for s, security in enumerate(self._securities):
            if security.position > 0:
                price = self._open[s]
                value += security.position * (security.price if math.isnan(price) else price)
        return value

    def _reduce(self, s: int, equity: float, dust: float) -> None:
        target, held, price = self._order("target", s), self._quantity(s), self._open[s]
        excess = held * price - target * equity
        if not (target > 0 and held > 0 and excess > dust):
            return
        quantity = self._whole_lots(min(excess / price, self._room[s]))
        fill = price * (1 - self._costs.slip)
        if 0 < quantity < held and quantity * fill * (1 + 1e-9) >= self._costs.min_order:
            self._trade(s, -quantity, fill, REBALANCE)

    def _open_budgets(self, asking: list[int], equity: float) -> dict[int, float]:
        """The amounts that increases and entries at the open would spend, by column."""
        budgets = {}
        for s in asking:
            held, target = self._quantity(s), self._order("target", s)
            if target > 0:
                budgets[s] = target * equity - held * self._open[s]
            elif held == 0 and not self._priced:
                budgets[s] = self._order("weight", s) * equity
        return budgets

    def _share_cash(self, budgets: dict[int, float], dust: float) -> None:
        wanted = {s: budget for s, budget in budgets.items() if budget > dust}
        total, cash = sum(wanted.values()), max(0.0, self._max_cash * float(self._root.capital))
        scale = cash / total if total > cash else 1.0
        for s, budget in wanted.items():
            self._buy(s, budget * scale, self._open[s] * (1 + self._costs.slip), "", dust)

    def _enter_inside(self, s: int, equity: float, dust: float) -> None:
        """A stop or limit, gapped ones too."""
        stop, limit = self._order("stop", s), self._order("limit", s)
        if not self._orders["enter"][self._t, s] or self._quantity(s) > 0:
            return
        price = self._open[s]
        budget = min(self._order("weight", s) * equity, self._max_cash * float(self._root.capital))
        if self._candles.high[self._t, s] >= stop:
            self._buy(s, budget, max(price, stop) * (1 + self._costs.slip), "stop" if stop > price else "", dust)
        elif self._candles.low[self._t, s] <= limit:
            self._buy(s, budget, min(price, limit), "limit" if limit < price else "", dust)

    def _buy(self, s: int, budget: float, fill: float, inside: str, dust: float) -> None:
        if not budget > dust:
            return
        quantity = budget / (fill * (1 + self._costs.fee))
        if self._impact:
            quantity = self._impact.affordable(self._t, s, budget, fill)
        quantity = self._whole_lots(min(quantity, self._room[s]))
        if not quantity > 0 or quantity * fill * (1 + 1e-9) < self._costs.min_order:
            return
        held = self._quantity(s)
        if held == 0:
            stop_loss, take_profit, trailing = (
                self._order(name, s) for name in ("stop_loss", "take_profit", "trailing")
            )
            self._stops[s] = Stops(fill, stop_loss, take_profit, trailing, inside)
        self._trade(s, quantity, fill, REBALANCE if held > 0 else SIGNAL)

    def _whole_lots(self, quantity: float) -> float:
        lot = self._costs.lot
        return math.floor(quantity / lot + 1e-9) * lot if lot > 0 else quantity

    def _protect(self, s: int) -> None:
        """Steps 5 and 6."""
        c, t, stops = self._candles, self._t, self._stops[s]
        if stops.leaving is not None:
            return
        high, low, close = float(c.high[t, s]), float(c.low[t, s]), float(c.close[t, s])
        hit = stops.hit(self._open[s], high, low, close)
        if hit is None:
            stops.close(high, close)
        else:
            price, why = hit
            self._sell_all(s, price, why, with_slippage=why != stops.take_profit)


def _last_bars(candles: Candles) -> dict[int, int]:
    """The row of each symbol's last bar, for those that end before the others do."""
    rows = {s: np.flatnonzero(here) for s, here in enumerate(candles.present.T)}
    return {s: int(own[-1]) for s, own in rows.items() if len(own) and own[-1] < len(candles.ts) - 1}
