"""An account trades often."""

from __future__ import annotations

from pydantic import Field

from cqs_core.time.intervals import HOUR
from cqs_monitor.alerts import AlertKind, Context, Count, Signal, counted, in_steps


class Churn(AlertKind):
    name = "churn"
    about = "trades in one hour"

    over: Count = Field(30.0, title="More than")

    def measure(self, context: Context, subject: str) -> Signal:
        return in_steps(context, *counted(context.trades(subject).ts, HOUR), self.over)
