"""The built-in kinds of rules, one in each module."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cqs_monitor.alerts.kind import AlertKind

_CLASSES = {
    "heartbeat": "HeartbeatIsOld",
    "no_trades": "NoTrades",
    "daily_loss": "DailyLoss",
    "weekly_loss": "WeeklyLoss",
    "drawdown": "Drawdown",
    "position_age": "PositionAge",
    "pending_buy": "PendingBuy",
    "churn": "Churn",
    "fill_far": "FillFar",
    "damaged_file": "DamagedFile",
    "reconciliation": "Reconciliation",
    "price_move": "PriceMove",
    "model_age": "ModelAge",
    "divergence": "Divergence",
    "regime": "Regime",
}


def built_in() -> list[type[AlertKind]]:
    """In the order in which they are listed."""
    return [getattr(importlib.import_module(f"{__name__}.{module}"), name) for module, name in _CLASSES.items()]
