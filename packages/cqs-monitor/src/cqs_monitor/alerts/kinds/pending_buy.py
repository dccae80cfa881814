"""A purchase of an account has no known fill."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Duration, Signal, lasting_since


class PendingBuy(AlertKind):
    name = "pending_buy"
    about = "a buy is pending"
    past = "runtime_state.json is overwritten: it has no past"

    over: Duration = Field(600.0, title="For longer than")

    def measure(self, context: Context, subject: str) -> Signal:
        state = context.snapshot.states.get(subject)
        if state is not None and state.state == "unreadable":
            return Signal(note="runtime_state.json is unreadable")
        waiting = [
            (one.created_at, one.symbol) for one in (state.pending if state else ()) if one.created_at is not None
        ]
        if not waiting:
            return Signal(0.0, read=state is not None)
        at, symbol = min(waiting)
        return lasting_since(context, at, self.over, symbol)
