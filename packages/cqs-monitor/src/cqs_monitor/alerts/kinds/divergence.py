"""The PnL of an account differs from that of a backtest."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import ComparedKind, Context, Money, Signal, seen_now


class Divergence(ComparedKind):
    name = "divergence"
    about = "live and backtest differ"
    past = "it compares the last days as a whole"

    over: Money = Field(title="By more than")

    def measure(self, context: Context, subject: str) -> Signal:
        found = self.compared(context, subject)
        if isinstance(found, str):
            return Signal(note=found)
        live, backtest, currency = found.bridge.live, found.bridge.backtest, found.form.currency
        note = f"live {live:,.0f} {currency}, backtest {backtest:,.0f} {currency}"
        return seen_now(context, abs(live - backtest), self.over, note)
