"""The latest model was made long ago."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Duration, Signal, lasting_since


class ModelAge(AlertKind):
    name = "model_age"
    about = "the latest model is old"
    scope = "bot"
    past = "latest is overwritten: it has no past"
    page = "models"

    over: Duration = Field(30 * 86_400.0, title="Older than")

    def measure(self, context: Context, subject: str) -> Signal:  # noqa: ARG002 - of the whole bot
        latest = context.latest
        if latest is None or latest.entry is None or latest.entry.modified is None:
            return Signal(note="there is no latest model")
        return lasting_since(context, int(latest.entry.modified * 1000), self.over, latest.version)
