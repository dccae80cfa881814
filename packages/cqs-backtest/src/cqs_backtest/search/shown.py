"""The few metrics that tables of validations show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cqs_core import RunResult

CURVE = ("total_return", "cagr", "mdd", "sharpe")
SHOWN = (*CURVE, "num_trades")


def shown(result: RunResult) -> dict[str, float]:
    """Those of a run."""
    return {name: float(result.performance[name]) for name in SHOWN}
