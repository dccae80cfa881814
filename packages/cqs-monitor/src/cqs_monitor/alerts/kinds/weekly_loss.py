"""The loss of an account since Monday, by the bot's own dates."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Money, Signal
from cqs_monitor.alerts.losses import loss
from cqs_monitor.logs.days import monday_of


class WeeklyLoss(AlertKind):
    name = "weekly_loss"
    about = "loss of the week"

    over: Money = Field(title="More than")

    def measure(self, context: Context, subject: str) -> Signal:
        day = context.trades(subject).day
        return loss(context, subject, monday_of(day), 7, self.over)
