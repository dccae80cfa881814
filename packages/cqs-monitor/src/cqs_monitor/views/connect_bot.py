"""The first step with bots: their logs have to be in the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_monitor.performance.reader import reader_of
from cqs_panel import Step

if TYPE_CHECKING:
    from cqs_core import Bucket


def step(bucket: Bucket) -> Step:
    """Done when there is an account."""
    return Step(
        "Connect a bot",
        "Bring the trade logs of a live bot into the bucket: profit, positions and alerts follow by themselves.",
        "Connect a bot",
        done=bool(reader_of(bucket.address).refresh().snapshot.accounts),
    )
