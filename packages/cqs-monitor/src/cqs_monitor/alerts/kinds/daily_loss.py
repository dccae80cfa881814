"""The loss of an account since the beginning of the day, by the bot's own dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cqs_monitor.alerts.fields import Money
from cqs_monitor.alerts.kind import AlertKind, Signal
from cqs_monitor.alerts.losses import loss

if TYPE_CHECKING:
    from cqs_monitor.alerts.context import Context


class DailyLoss(AlertKind):
    name = "daily_loss"
    about = "loss of the day"

    over: Money = Field(title="More than")

    def measure(self, context: Context, subject: str) -> Signal:
        return loss(context, subject, context.trades(subject).day, 1, self.over)
