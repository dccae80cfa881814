"""A fill of an account is far from the price that its strategy wanted."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from cqs_core.time.intervals import DAY
from cqs_monitor.alerts import ComparedKind, Context, Percent, Signal, lasting


class FillFar(ComparedKind):
    name = "fill_far"
    about = "a fill is far from what the strategy wanted"

    over: Percent = Field(1.0, title="Further than")

    def measure(self, context: Context, subject: str) -> Signal:
        found = self.compared(context, subject)
        if isinstance(found, str):
            return Signal(note=found)
        pairs = [(p.live.entry_at, abs(p.entry_bps) / 100) for p in found.pairing.matched if p.entry_bps is not None]
        if not pairs:
            return Signal(0.0, note="no purchase can be compared with the strategy")
        ts, far = (np.array(column) for column in zip(*sorted(pairs), strict=True))
        return Signal(float(far[-1]), lasting(ts[far > self.over].astype(np.int64), DAY))
