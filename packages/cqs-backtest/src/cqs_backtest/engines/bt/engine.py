"""The reference engine: the PyPI library bt keeps cash, positions, fees and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import Execution, Fill

if TYPE_CHECKING:
    from cqs_backtest.engines.bt.impact import Impact
    from cqs_backtest.engines.bt.order_executor import OrderExecutor
    from cqs_core import Candles, Costs, Orders


@dataclass(frozen=True)
class BtEngine:
    """Executes orders on a real `bt.Strategy` in a real `bt.Backtest`; 5 to 30 microseconds a bar and symbol.

    Attributes:
        impact: coefficient of the square-root law of market impact, 0.5 to 1; None for none. It is part of each
        fill's fee.
            Volatility is that of the 20 previous closed bars; before there are 20, there is no impact.
    """

    impact: float | None = None
    name: str = "bt"

    def execute(self, candles: Candles, orders: Orders, costs: Costs) -> Execution:
        """Execute orders; see `cqs_core.trading.engine` for the rules."""
        from cqs_backtest.engines.bt.impact import Impact
        from cqs_backtest.engines.bt.order_executor import OrderExecutor

        impact = None if self.impact is None else Impact(candles, costs.fee, self.impact)
        executor = OrderExecutor(candles, orders, costs, impact)
        equity = _run(executor, candles, costs, impact)
        return Execution(equity, np.array(executor.fills, dtype=Fill))


def _run(executor: OrderExecutor, candles: Candles, costs: Costs, impact: Impact | None) -> Any:
    import pandas as pd

    from cqs_backtest.engines.bt.library import QuietBacktest, bt

    def frame(values: Any) -> pd.DataFrame:
        return pd.DataFrame(values, pd.DatetimeIndex(candles.ts.astype("datetime64[ms]")), list(candles.symbols))

    charged: dict[str, Any] = {"commissions": lambda quantity, price: abs(quantity) * price * costs.fee}
    if impact is not None:
        frames = {"volume": frame(impact.volume), "volatility": frame(impact.volatility)}
        charged = {"commissions": impact.model, **frames}
    backtest = QuietBacktest(
        bt.Strategy("orders", [executor], children=[bt.Security(name) for name in candles.symbols]),
        frame(candles.close).ffill(),  # bt refuses NaN where a position is held; the desk trades on its own arrays
        initial_capital=costs.capital,
        integer_positions=False,
        additional_data={"bidoffer": frame(0.0)},  # bt wants one before it fills at a price of ours
        **charged,
    )
    backtest.run()
    return np.array(backtest.strategy.values, dtype=np.float64)[1:]  # bt inserts a row before the first
