"""Kinds that compare an account with a backtest of its strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cqs_monitor.alerts.fields import Days, Text
from cqs_monitor.alerts.kind import AlertKind

if TYPE_CHECKING:
    from cqs_monitor.alerts.context import Context
    from cqs_monitor.compare.comparison import BotComparison


class ComparedKind(AlertKind):
    """Has the strategy, by default that of the account's log format, and how many of the last days are compared."""

    page = "compare"

    strategy: Text | None = Field(None, title="Strategy")
    days: Days = Field(30, title="Of the last days")

    def compared(self, context: Context, account: str) -> BotComparison | str:
        """The comparison, or why there is none."""
        strategy = self.strategy or context.format(account).strategy
        if not strategy:
            return 'the strategy of the account is not known; write strategy = "…"'
        return context.compared(account, strategy, self.days)
