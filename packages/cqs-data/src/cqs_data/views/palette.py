"""What the shell offers of the candles: the first step, and what the command palette finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import Lake
from cqs_data.views.arguments import with_endpoint
from cqs_panel import Entry, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Bucket


def first_step(bucket: Bucket) -> Step:
    """Done when there is a series."""
    return Step(
        "Fetch candles",
        "Choose an exchange, some coins and a start. Public prices need no account and no key.",
        "Fetch candles",
        done=next(iter(Lake(bucket).series()), None) is not None,
        query={"fetch": "1"},
    )


def entries(bucket: Bucket) -> Iterator[Entry]:
    """The actions, then each series."""
    yield Entry("Fetch candles", "action", {"fetch": "1"})
    yield Entry("Update all series", "action", arguments=with_endpoint("update"))
    yield Entry("Verify all series", "action", arguments=["data", "verify"])
    yield Entry("Choose markets", "action", {"fetch": "1", "markets": "1"})
    yield Entry("Schedule updates", "action", {"schedule": "1"})
    yield Entry("Import files", "action", {"files": "1"})
    for series in Lake(bucket).series():
        yield Entry(f"{series.market} {series.interval} {series.exchange}", "series", {"series": str(series)})
