"""A bot has not said for some time that it runs."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Duration, Signal, lasting_since


class HeartbeatIsOld(AlertKind):
    name = "heartbeat"
    about = "heartbeat is old"
    scope = "bot"
    past = "the heartbeat is overwritten: it has no past"

    over: Duration = Field(420.0, title="Older than")

    def measure(self, context: Context, subject: str) -> Signal:  # noqa: ARG002 - of the whole bot
        known = [beat.at for beat in context.snapshot.heartbeats.values() if beat.at is not None]
        if not known:
            return Signal(note=f"the heartbeat is {context.snapshot.heartbeat.state}")
        return lasting_since(context, min(known), self.over)
