"""Positions of an account differ from what its trades leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cqs_monitor.alerts.fields import Count
from cqs_monitor.alerts.kind import OVERWRITTEN, AlertKind, Signal, seen_now

if TYPE_CHECKING:
    from cqs_monitor.alerts.context import Context


class Reconciliation(AlertKind):
    name = "reconciliation"
    about = "positions and trades do not add up"
    past = OVERWRITTEN.format("positions.json")

    over: Count = Field(0.0, title="More findings than")

    def measure(self, context: Context, subject: str) -> Signal:
        found = context.findings(subject)
        read = bool(len(context.trades(subject).ts)) or context.snapshot.held(subject).state == "ok"
        return seen_now(context, len(found), self.over, found[0].reason if found else "", read=read)
