"""Executing a kept run on the other engine, on demand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cqs_backtest import feed
from cqs_backtest.checks.badges import confirmed
from cqs_backtest.runs.code import strategy_of
from cqs_backtest.runs.reproducing import request_of
from cqs_backtest.runs.store import FOLDER, MANIFEST, manifest_of, read
from cqs_core import UsageError
from cqs_core.cli import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket


def confirm(bucket: Bucket, run: str, trust: Sequence[str] = ()) -> dict[str, Any]:
    """Execute the run's orders on both engines, and write the parity badge into its manifest.

    Args:
        bucket: that keeps it.
        run: its id, or how that begins.
        trust: `my_rule.py:SHA256` of each file that may be run, where the code is kept with the run.

    Returns:
        `run`, `parity` (`ok` or `differs`), `parity_difference` (largest relative difference of equity),
        `parity_where`.

    Raises:
        UsageError: the run has market impact, which only one engine knows; or its code is not trusted.
    """
    made = read(bucket, run).manifest
    if made["costs"].get("impact") is not None:
        raise UsageError(f"run {made['id']!r} has market impact, which the other engine does not know")
    with strategy_of(bucket, made, trust) as strategy:
        request = request_of(bucket, made, strategy)
        candles = feed.from_lake(request, bucket)
        said = confirmed(request.simulated(candles))
    made["badges"] |= said
    data = json.dumps(plain(made), ensure_ascii=False, indent=1).encode()
    manifest_of(bucket, made["id"])  # it may have been deleted in the meantime, and must not come back
    bucket.write(f"{FOLDER}/{made['id']}/{MANIFEST}", data)
    return {"run": made["id"], **said}
