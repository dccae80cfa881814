"""An account trades often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cqs_core.time.intervals import HOUR
from cqs_monitor.alerts.fields import Count
from cqs_monitor.alerts.kind import AlertKind, Signal, in_steps
from cqs_monitor.alerts.spans import counted

if TYPE_CHECKING:
    from cqs_monitor.alerts.context import Context


class Churn(AlertKind):
    name = "churn"
    about = "trades in one hour"

    over: Count = Field(30.0, title="More than")

    def measure(self, context: Context, subject: str) -> Signal:
        return in_steps(context, *counted(context.trades(subject).ts, HOUR), self.over)
