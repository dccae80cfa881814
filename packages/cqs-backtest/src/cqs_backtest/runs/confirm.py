"""Executing a kept run on the other engine, on demand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cqs_backtest import feed
from cqs_backtest.badges import confirmed
from cqs_backtest.runs.store import FOLDER, load
from cqs_backtest.runs.verify import request_of
from cqs_core import UsageError, simulate

if TYPE_CHECKING:
    from cqs_core import Bucket


def confirm(bucket: Bucket, run: str) -> dict[str, Any]:
    """Execute the run's orders on both engines, and write the parity badge into its manifest.

    Returns:
        `run`, `parity` (`ok` or `differs`), `parity_difference` (largest relative difference of equity),
        `parity_where`.

    Raises:
        UsageError: the run has market impact, which only one engine knows.
    """
    made = load(bucket, run).manifest
    request = request_of(made)
    if getattr(request.engine, "impact", None) is not None:
        raise UsageError(f"run {made['id']!r} has market impact, which the other engine does not know")
    candles = feed.from_lake(request, bucket)
    said = confirmed(simulate(request.strategy, candles, request.engine, request.costs, start=request.start))
    made["badges"] |= said
    data = json.dumps(made, ensure_ascii=False, indent=1).encode()
    bucket.write(f"{FOLDER}/{made['id']}/manifest.json", data)
    return {"run": made["id"], **said}
