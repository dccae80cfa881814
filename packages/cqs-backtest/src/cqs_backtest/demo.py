"""The demo's backtest and search: the bots' strategy on the candles that the demo downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import DemoStep

if TYPE_CHECKING:
    from cqs_core import Demo

_STRATEGY, _SYMBOLS = "volatility_breakout", ("BTC", "ETH", "SOL", "XRP")
_RANGES = {"noise_ratio": "0.3:0.7:0.1", "btc_ma": "10:40:10"}


def _run(demo: Demo) -> dict[str, Any]:
    from cqs_backtest.commands.printing import print_performance
    from cqs_backtest.outcome import run
    from cqs_backtest.request import make_costs, make_request

    request = make_request(_STRATEGY, _SYMBOLS, costs=make_costs())
    outcome = run(request, demo.bucket, confirm=True)
    print_performance(demo.console, outcome)
    return {"performance": outcome.performance, "run": outcome.keep(demo.bucket)}


def _sweep(demo: Demo) -> dict[str, Any]:
    """A small search; a demo that is started again shows the one that it has."""
    from cqs_backtest.commands.printing import print_sweep
    from cqs_backtest.request import make_costs, make_request
    from cqs_backtest.search.kept import survey
    from cqs_backtest.search.store import SweepFolder
    from cqs_backtest.search.sweep import Sweep, SweepJob

    before = (one.result for one in survey(demo.bucket, [SweepFolder])[0] if one.result)
    found = next(before, None)
    if found is None:
        request = make_request(_STRATEGY, _SYMBOLS, costs=make_costs())
        found = SweepJob(Sweep(request, _RANGES), demo.bucket).run()
    print_sweep(demo.console, found, list(_RANGES))
    return found


STEPS = [
    DemoStep("backtest", "Backtest the volatility breakout on four markets", 40, _run),
    DemoStep("sweep", "Search its parameters, and say how much of the best result may be luck", 45, _sweep),
]
