"""A series under another name: exchanges rename markets, and their candles belong together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.errors import UsageError
from cqs_core.lake.checking import checked_paths
from cqs_core.lake.reading import read_objects
from cqs_core.lake.receipts import remove
from cqs_core.lake.rejects import copy_quarantine
from cqs_core.lake.series_table import read_file, stamps
from cqs_core.lake.writing import put
from cqs_core.trading.candles import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.object_names import LakeObject, Series

_SETTLE = 1.0  # seconds that listings get to see the new objects before the old ones go


def rename(bucket: Bucket, old: Series, objects: Sequence[LakeObject], new: Series, there: Sequence[LakeObject]) -> int:
    """Write every object of a series under another series' name, then delete it; returns candles moved.

    A crash leaves both series; the same call goes on.

    Args:
        bucket: where they are.
        old: the series to rename.
        objects: of it.
        new: the name that it gets.
        there: objects that the new name has already; then the two series are joined.

    Raises:
        UsageError: both have a candle of the same time, with different values; nothing was written.
    """
    _refuse_contradictions(bucket, old, objects, new, there)
    moved = [np.empty(0, np.int64)]
    for item, path in zip(objects, checked_paths(bucket, objects, again=True), strict=True):
        table = read_file(path)
        put(bucket, new, table, item.start, item.end, item.seq, item.source)
        moved.append(stamps(table))
    copied = copy_quarantine(bucket, old, new)
    time.sleep(_SETTLE)
    remove(bucket, [o.key for o in objects])
    bucket.delete(copied)
    return len(np.unique(np.concatenate(moved)))


def _refuse_contradictions(
    bucket: Bucket, old: Series, objects: Sequence[LakeObject], new: Series, there: Sequence[LakeObject]
) -> None:
    if not objects or not there:
        return
    mine, theirs = (read_objects(bucket, some, None, None) for some in (objects, there))
    both, a, b = np.intersect1d(stamps(mine), stamps(theirs), return_indices=True)
    ours, other = mine.take(a), theirs.take(b)
    differs = [ours.column(name).to_numpy() != other.column(name).to_numpy() for name in FIELDS]
    if len(both) and (n := int(np.logical_or.reduce(differs).sum())):
        raise UsageError(
            f"{n:,} candles of {old} and {new} are of the same time and differ; delete one side's: `cqs data delete`"
        )
