"""The bot has not said for some time that it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cqs_monitor.alerts.fields import Duration
from cqs_monitor.alerts.kind import OVERWRITTEN, AlertKind, Signal, lasting_since

if TYPE_CHECKING:
    from cqs_monitor.alerts.context import Context


class HeartbeatIsOld(AlertKind):
    name = "heartbeat"
    about = "heartbeat is old"
    scope = "bot"
    past = OVERWRITTEN.format("the heartbeat")

    over: Duration = Field(420.0, title="Older than")

    def measure(self, context: Context, subject: str) -> Signal:  # noqa: ARG002 - of the whole bot
        heartbeat = context.snapshot.heartbeat
        if heartbeat.at is None:
            return Signal(note=f"the heartbeat is {heartbeat.state}")
        return lasting_since(context, heartbeat.at, self.over)
