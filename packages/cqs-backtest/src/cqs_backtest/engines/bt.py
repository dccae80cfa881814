"""The reference engine: the PyPI library bt keeps cash, positions, fees and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import Execution, Fill

if TYPE_CHECKING:
    from cqs_core import Candles, Costs, Orders


@dataclass(frozen=True)
class BtEngine:
    """Executes orders on a real `bt.Strategy` in a real `bt.Backtest`; 17 to 31 microseconds a bar and symbol."""

    name: str = "bt"

    def execute(self, candles: Candles, orders: Orders, costs: Costs) -> Execution:
        """Fills and equity; see `cqs_core.engine` for the rules."""
        from cqs_backtest.engines.bt_desk import Desk

        desk = Desk(candles, orders, costs)
        equity = _run(desk, candles, costs)
        return Execution(equity, np.array(desk.fills, dtype=Fill))


def _run(desk: Any, candles: Candles, costs: Costs) -> Any:
    import pandas as pd

    from cqs_backtest.engines.bt_library import QuietBacktest, bt

    index = pd.DatetimeIndex(candles.ts.astype("datetime64[ms]"))
    names = list(candles.symbols)
    # bt refuses NaN where a position is held: it marks at the last close, and the desk trades on its own arrays
    closes = pd.DataFrame(candles.close, index=index, columns=names).ffill()
    spread = pd.DataFrame(0.0, index=index, columns=names)  # bt wants one before it fills at a price of ours
    backtest = QuietBacktest(
        bt.Strategy("orders", [desk], children=[bt.Security(name) for name in names]),
        closes,
        initial_capital=costs.capital,
        integer_positions=False,
        commissions=lambda quantity, price: abs(quantity) * price * costs.fee,
        additional_data={"bidoffer": spread},
    )
    backtest.run()
    return np.array(backtest.strategy.values, dtype=np.float64)[1:]  # bt puts a row of its own before the first
