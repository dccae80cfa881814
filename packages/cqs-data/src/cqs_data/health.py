"""The part of candles in `cqs health`: the newest one of each exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import Health, Lake
from cqs_core.time import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Bucket

_DAY = 86_400.0
_OLD = 2 * _DAY  # seconds after which no service seems to update any more


def candles(bucket: Bucket) -> Iterator[Health]:
    """How long ago each exchange was last asked and answered, and its newest candle."""
    inventory, now = Lake(bucket).inventory(), clock.now()
    for exchange in sorted({one.series.exchange for one in inventory.series}):
        mine = [one for one in inventory.series if one.series.exchange == exchange]
        newest, answered = max(one.last or 0 for one in mine), max(one.answered for one in mine)
        age = max(0.0, (now - answered) / 1000)
        fact = (
            f"{len(mine):,} series, newest candle {clock.iso(newest)[:16]}Z, answered until {clock.iso(answered)[:16]}Z"
        )
        yield Health(f"candles of {exchange}", "warning" if age > _OLD else "ok", fact, age)
    damaged = [one for one in inventory.series if one.problem]
    if damaged:
        yield Health(
            "damaged candles", "failed", f"{len(damaged):,} series, such as {damaged[0].series}: {damaged[0].problem}"
        )
    if inventory.unknown:
        yield Health("unknown objects", "warning", f"{len(inventory.unknown):,} objects of the lake are not understood")
