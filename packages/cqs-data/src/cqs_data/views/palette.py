"""What the shell offers of the candles: the first step, and what the command palette finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import Lake
from cqs_core.files import one_line
from cqs_core.market_notes import markets_with_notes, notes_of
from cqs_core.time.clock import iso
from cqs_core.time.intervals import floor, length
from cqs_data.views.arguments import with_endpoint
from cqs_panel import Entry, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cqs_core import Bucket, Series


_LONGEST = 80  # characters of a note


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
    stored = Lake(bucket).series()
    for series in stored:
        yield Entry(f"{series.market} {series.interval} {series.exchange}", "series", {"series": str(series)})
    yield from _notes(bucket, stored)


def _notes(bucket: Bucket, stored: Sequence[Series]) -> Iterator[Entry]:
    """Notes on markets that the lake has, on their longest candles."""
    for exchange, market in markets_with_notes(bucket):
        mine = [one for one in stored if (one.exchange, one.market) == (exchange, market)]
        if not mine:
            continue
        series = max(mine, key=lambda one: length(one.interval))
        for note in notes_of(bucket, exchange, market).notes:
            at = iso(floor(series.interval, note.ts))
            text = f"{one_line(note.text, _LONGEST)}, {market} {at[:10]}"
            yield Entry(text, "note", {"series": str(series), "at": at})
