"""An account holds something for a long time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cqs_monitor.alerts.fields import Duration
from cqs_monitor.alerts.kind import OVERWRITTEN, AlertKind, Signal, lasting_since

if TYPE_CHECKING:
    from cqs_monitor.alerts.context import Context


class PositionAge(AlertKind):
    name = "position_age"
    about = "a position is old"
    past = OVERWRITTEN.format("positions.json")

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
