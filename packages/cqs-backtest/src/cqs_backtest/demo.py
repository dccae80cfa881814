"""The demo's backtest: the bots' strategy on the candles that the demo downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import DemoStep

if TYPE_CHECKING:
    from cqs_core import Demo

_SYMBOLS = ("BTC", "ETH", "SOL", "XRP")


def _run(demo: Demo) -> dict[str, Any]:
    from cqs_backtest.commands.printing import print_performance
    from cqs_backtest.outcome import run
    from cqs_backtest.request import make_costs, make_request

    request = make_request("volatility_breakout", _SYMBOLS, costs=make_costs())
    outcome = run(request, demo.bucket, confirm=True)
    print_performance(demo.console, outcome)
    return {"performance": outcome.performance, "run": outcome.keep(demo.bucket)}


STEP = DemoStep("backtest", "Backtest the volatility breakout on four markets", 40, _run)
