"""How far the realized PnL of an account is below its highest point."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Money, Signal, in_steps
from cqs_monitor.performance.statistics import drawdown


class Drawdown(AlertKind):
    name = "drawdown"
    about = "drawdown of the realized PnL"

    over: Money = Field(title="More than")

    def measure(self, context: Context, subject: str) -> Signal:
        trades = context.trades(subject)
        return in_steps(context, trades.ts, -drawdown(np.cumsum(trades.profit)), self.over)
