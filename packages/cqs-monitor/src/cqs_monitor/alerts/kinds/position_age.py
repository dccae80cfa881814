"""An account holds something for a long time."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Duration, Signal, lasting_since


class PositionAge(AlertKind):
    name = "position_age"
    about = "a position is old"
    past = "positions.json is overwritten: it has no past"

    over: Duration = Field(7 * 86_400.0, title="Held for longer than")

    def measure(self, context: Context, subject: str) -> Signal:
        held = context.snapshot.held(subject)
        if held.state == "unreadable":
            return Signal(note="positions.json is unreadable")
        if held.state == "absent":
            return Signal(0.0, read=False)
        aged = [(p.entry_time.timestamp() * 1000, p.symbol) for p in held.held if p.entry_time and not p.dust]
        if not aged:
            return Signal(0.0)
        at, symbol = min(aged)
        return lasting_since(context, int(at), self.over, symbol)
