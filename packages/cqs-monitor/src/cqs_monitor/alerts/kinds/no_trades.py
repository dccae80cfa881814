"""An account has not traded for some time."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Duration, Signal, gaps


class NoTrades(AlertKind):
    name = "no_trades"
    about = "no trades"

    over: Duration = Field(3 * 86_400.0, title="For longer than")

    def measure(self, context: Context, subject: str) -> Signal:
        ts = context.trades(subject).ts
        ts = ts[ts <= context.now]
        if not len(ts):
            return Signal(note="it never traded")
        return Signal((context.now - int(ts[-1])) / 1000, gaps(ts, int(self.over * 1000)))
