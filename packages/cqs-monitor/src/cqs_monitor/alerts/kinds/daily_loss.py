"""The loss of an account since the beginning of the day, by the bot's own dates."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Money, Signal
from cqs_monitor.alerts.losses import loss


class DailyLoss(AlertKind):
    name = "daily_loss"
    about = "loss of the day"

    over: Money = Field(title="More than")

    def measure(self, context: Context, subject: str) -> Signal:
        return loss(context, subject, context.trades(subject).day, 1, self.over)
