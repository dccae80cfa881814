"""A model says that a market is in a regime."""

from __future__ import annotations

from pydantic import Field

from cqs_core.time.intervals import DAY
from cqs_monitor.alerts import AlertKind, Context, Names, Signal, Span, Text


class Regime(AlertKind):
    name = "regime"
    about = "the model's regime"
    scope = "market"
    page = "models"

    over: Names = Field(title="Is one of")
    model: Text = Field("latest", title="Version of the model")
    market: Names = Field(("BTC",), title="Markets")

    def measure(self, context: Context, subject: str) -> Signal:
        found = context.regimes(self.model, subject)
        if found is None:
            return Signal(note="its regimes were never stored; evaluate the model: cqs models evaluate latest")
        bands = [(name, a + DAY, b + DAY) for name, a, b in found.bands(0, 1 << 60)]
        wanted = tuple(Span(a, b) for name, a, b in bands if name in self.over)
        current = next((name for name, a, b in bands if a <= context.now < b), None)
        late = "" if current else "the last regime is older than a day; evaluate the model again"
        return Signal(current, wanted, late)
