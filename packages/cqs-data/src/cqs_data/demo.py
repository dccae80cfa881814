"""The demo's first steps: an exchange of made-up candles, downloaded and published like a real one's."""

from __future__ import annotations

import os
from typing import Any

from cqs_core import Demo, DemoStep, Lake
from cqs_core.time import clock
from cqs_core.time.intervals import DAY

_SYMBOLS = ("BTC", "ETH", "XRP", "SOL")
_RANGES = (("1d", 5 * 365 + 1), ("1h", 180))  # days back from now


def _exchange(demo: Demo) -> dict[str, Any]:
    from cqs_data.sandbox import Sandbox, Synthetic

    sandbox = demo.closing.enter_context(Sandbox(Synthetic()))
    demo.endpoint = os.environ["CQS_ENDPOINT"] = sandbox.url  # pages and their jobs inherit it
    demo.closing.callback(os.environ.pop, "CQS_ENDPOINT", None)
    demo.console.print(f"  made-up candles of BTC, ETH, XRP, SOL at {sandbox.url}")
    return {"endpoint": sandbox.url}


def _fetch(demo: Demo) -> dict[str, int]:
    from cqs_data.fetching import fetch, select

    new: dict[str, int] = {}
    for interval, days in _RANGES:
        start = clock.iso(clock.now() // DAY * DAY - days * DAY)
        selection = select(_SYMBOLS, interval, "upbit", start=start)
        for one in fetch(Lake(demo.bucket), selection, demo.endpoint):
            if one.error:
                raise one.error
            new[str(one.series)] = one.rows
    demo.console.print(f"  {sum(new.values()):,} new candles in {len(new)} series")
    return new


def _publish(demo: Demo) -> list[str]:
    from cqs_core.lake.publishing import at_home, publish

    lake = Lake(demo.bucket)
    keys = [one.key for one in publish(lake, at_home(lake.series()))]
    demo.console.print(f"  {', '.join(keys)}")
    return keys


STEPS = [
    DemoStep("exchange", "Start the sandbox exchange", 10, _exchange),
    DemoStep("fetched", "Download candles with ccxt", 20, _fetch),
    DemoStep("published", "Publish daily candles as plain parquet files for other programs", 30, _publish),
]
