"""Badges of a run: whether its strategy peeks, whether the engines agree, and how many trades touch gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.checks.lookahead import OFF, foreknowledge, look_ahead
from cqs_backtest.checks.parity import MOST_CELLS, parity
from cqs_backtest.checks.stale import stale_markets
from cqs_backtest.checks.trades_near_gaps import touched
from cqs_core import plugins

if TYPE_CHECKING:
    from cqs_backtest.request import Request
    from cqs_core import Candles, RunResult

REFERENCE = "bt"


def badges(request: Request, result: RunResult, candles: Candles, *, confirm: bool) -> dict[str, Any]:
    """All badges of a run: lookahead, parity, gaps, stale and no_volume_fills, with their details.

    Args:
        request: of the run.
        result: what came out.
        candles: all that the strategy saw.
        confirm: execute the same orders on the reference as well, up to `MOST_CELLS` symbol-bars.
    """
    found = look_ahead(request.strategy, candles, result, request.seed) if request.options.lookahead_check else OFF
    if found.state == "ok":
        found = foreknowledge(candles) or found
    said: dict[str, Any] = {"lookahead": found.state, "lookahead_where": found.where}
    said |= {"parity": "not checked", "parity_difference": None, "parity_where": None}
    modelled = getattr(request.engine, "impact", None) is not None  # only this engine models impact
    if confirm and not modelled and result.candles.ts.size * len(result.candles.symbols) <= MOST_CELLS:
        said |= confirmed(result)
    near = touched(result.trades, result.candles)
    said |= {"gaps": int(near.sum()), "gaps_pnl": float(np.sum(result.trades["pnl"][near]))}
    return said | {"stale": stale_markets(request, result), "no_volume_fills": _without_volume(result)}


def _without_volume(result: RunResult) -> int:
    """How many fills lie in bars in which nothing was traded."""
    fills = result.execution.fills
    return int(np.count_nonzero(result.candles.volume[fills["bar"], fills["symbol"]] <= 0))


def confirmed(result: RunResult) -> dict[str, Any]:
    """The parity badge: the run's own orders on the other engine, the reference or, for a run of that, the fast one."""
    other = plugins().engine(REFERENCE if result.engine != REFERENCE else "fast")
    found = parity(result.execution, other.execute(result.candles, result.orders, result.costs))
    return {
        "parity": "ok" if found.same else "differs",
        "parity_difference": found.difference,
        "parity_where": found.where or None,
    }
