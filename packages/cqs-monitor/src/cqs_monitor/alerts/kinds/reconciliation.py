"""Positions of an account differ from what its trades leave."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Count, Signal, seen_now


class Reconciliation(AlertKind):
    name = "reconciliation"
    about = "positions and trades do not add up"
    past = "positions.json is overwritten: it has no past"

    over: Count = Field(0.0, title="More findings than")

    def measure(self, context: Context, subject: str) -> Signal:
        found = context.findings(subject)
        read = bool(len(context.trades(subject).ts)) or context.snapshot.held(subject).state == "ok"
        return seen_now(context, len(found), self.over, found[0].reason if found else "", read=read)
