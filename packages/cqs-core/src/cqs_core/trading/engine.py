"""Engines turn orders into fills and equity. These are the rules for every engine.

Long only, spot, one purse of cash shared by all symbols. A sale gets `p * (1 - slip)`, a purchase pays `p * (1 +
slip)`; limit and take-profit fills never slip. An order on a missing bar is dropped, never deferred.

Inside bar *t*, for each symbol that has a bar:

1.  Open, held: `exit`, or a target of 0, sells all at the open. Else an open at or below the protective level sells
    at the open; an open at or above the take-profit sells at the open without slippage.
2.  `E` = cash + sum of quantity * open (missing bars: last close). `dust = max(1e-6 * E, 1e-9 * capital)`.
3.  Targets, reductions first: `d = q * open - w * E`; if `d > dust`, sell `d / open`. Increases have the budget `w
    * E - q * open`.
4.  Entries of flat symbols have the budget `weight * E`. Where the orders have stops or limits, a cell in which both
    are NaN has no entry. Entries of orders without stops and limits, and the increases of step 3
    whose budget exceeds dust are multiplied by `min(1, max_cash * cash / sum of budgets)` and then sized, so that
    the order in which symbols are named does not matter. Then stops and limits in column order, each with
    `min(budget, max_cash * cash)`. A stop fills when `high >= stop`, at `max(open, stop)`, and slips. A limit fills
    when `low <= limit`, at `min(open, limit)`. Re-entry after an exit of step 1 is allowed, after step 5 it is not.
5.  Protective levels, of what was held and what was just entered: `L = max(entry * (1 - stop_loss), peak * (1 -
    trailing))`; the higher one names the reason, a tie is the stop-loss. `low <= L` sells at `L` and slips; else
    `high >= entry * (1 + take_profit)` sells there. Where both are hit it is the stop. After an entry inside the
    bar (a stop that did not gap) with `L > open`, the low says nothing: it is hit only if `close <= L`. After a
    limit entry inside the bar there is no take-profit in that bar. `entry` is the fill price that opened the
    position; later increases move neither entry nor peak.
6.  Close: `peak = max(peak, high)`, or the close in the bar of a limit entry inside the bar; it starts at the entry
    and acts from *t+1*. `equity[t] = cash + sum of quantity * last close`.

7.  A symbol whose last bar comes before the last row, held at that bar's close, is sold there and slips, if `on_end`
    is `sell`; the reason is `end`.

With `max_volume_share`, purchases and sales of a symbol in one bar are at most that share of the bar's volume.
Purchases and reductions are cut to what is left of it, before the lot. A full exit sells what is left of it, in whole
lots; then nothing else counts for the symbol, and the rest is sold for the same reason at its next opens, slipping,
until it is gone.

A purchase is skipped if its budget is not above dust; `q = budget / (fill * (1 + fee))`, so fee and slippage come
out of the budget; with a lot, `q = floor(q / lot + 1e-9) * lot`; it is skipped if `q * fill * (1 + 1e-9) <
min_order`. Reductions obey the same lot and minimum; full exits always go. `fee = |q| * fill * rate`. Bar 0 may
trade. Positions left at the end stay open, marked at the last close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles, Floats
    from cqs_core.trading.orders import Costs, Orders

REASONS = ("signal", "stop_loss", "take_profit", "trailing", "rebalance", "end")
"""Why a fill happened; a fill's `reason` is the index. A target of 0 and a purchase from flat are `signal`."""

Fill = np.dtype(
    [
        ("bar", np.int64),
        ("symbol", np.int32),
        ("reason", np.int8),
        ("quantity", np.float64),
        ("price", np.float64),
        ("fee", np.float64),
    ]
)
"""One fill: row and column of the candles, index into `REASONS`, signed quantity, price, fee in quote currency."""

Fills = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Execution:
    """The result of an engine.

    Attributes:
        equity: float64 (T,), quote currency at each bar's close.
        fills: structured array of dtype `Fill`, in the order in which they happened.
    """

    equity: Floats
    fills: Fills


@runtime_checkable
class Engine(Protocol):
    """Executes orders by the rules of this module."""

    @property
    def name(self) -> str:
        """The name for `--engine`."""
        ...

    def execute(self, candles: Candles, orders: Orders, costs: Costs) -> Execution:
        """Fills and equity of these orders on these candles; every row may trade."""
        ...
