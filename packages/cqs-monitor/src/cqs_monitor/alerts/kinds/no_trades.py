"""An account has not traded for some time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cqs_monitor.alerts.fields import Duration
from cqs_monitor.alerts.kind import AlertKind, Signal
from cqs_monitor.alerts.spans import gaps

if TYPE_CHECKING:
    from cqs_monitor.alerts.context import Context


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
