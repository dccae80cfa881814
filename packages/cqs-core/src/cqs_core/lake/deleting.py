"""Candles deleted on purpose: a series, or a range of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.lake.receipts import remove
from cqs_core.lake.series_table import read_file, stamps
from cqs_core.lake.writing import put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.object_names import LakeObject, Series

_SETTLE = 1.0  # seconds that listings get to see what replaces an object before it goes


def delete(bucket: Bucket, series: Series, objects: Sequence[LakeObject], start: int | None, end: int | None) -> None:
    """Delete the candles that open in `[start, end)`, ms UTC, and the record that this range was answered.

    Objects that reach beyond the range are written again without it, before they are deleted: a crash leaves them.
    """
    low = min(o.start for o in objects) if start is None else start
    high = max(o.end for o in objects) if end is None else end
    touched = [o for o in objects if o.start < high and o.end > low]
    kept = [part for one in touched for part in _outside(bucket, series, one, low, high)]
    if kept:
        time.sleep(_SETTLE)
    remove(bucket, [o.key for o in touched if o.key not in {part.key for part in kept}])


def _outside(bucket: Bucket, series: Series, item: LakeObject, low: int, high: int) -> list[LakeObject]:
    """Write the rows of an object before and after a range as new objects."""
    ranges = [(item.start, min(item.end, low)), (max(item.start, high), item.end)]
    wanted = [(start, end) for start, end in ranges if start < end]
    if not wanted:
        return []
    from cqs_core.lake.checking import checked_paths

    [path] = checked_paths(bucket, [item], again=True)
    table = read_file(path)
    ts = stamps(table)
    parts = [(start, end, *np.searchsorted(ts, (start, end))) for start, end in wanted]
    return [put(bucket, series, table.slice(a, b - a), lo, hi, item.seq, item.source) for lo, hi, a, b in parts]
