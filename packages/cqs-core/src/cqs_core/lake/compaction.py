"""Merges small objects into one; nothing is deleted before its replacement has existed for a while.

A listing is not a snapshot: a reader could list the lake while it changes and see neither the inputs nor the merged
object. So the inputs stay for a grace period, and a later run deletes exactly those whose rows are all in the merged
object. A crash leaves more objects than needed, never fewer; two compactors write the same object.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core.bucket.cache import REMEDY
from cqs_core.lake.checking import checked_paths
from cqs_core.lake.object_names import IMPORTED
from cqs_core.lake.receipts import missing_text, remove
from cqs_core.lake.retrying import Missing
from cqs_core.lake.series_table import STORED, newest, read_file, stamps
from cqs_core.lake.writing import period_of, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.object_names import LakeObject, Series
    from cqs_core.lake.receipts import Contents

MANY = 32  # objects that could be fewer, from which a fetch compacts
GRACE = 30.0  # seconds


@dataclass(frozen=True)
class Compacted:
    """The result.

    Attributes:
        merged: objects merged into new ones.
        written: new ones.
        deleted: objects deleted, since a merged one holds their rows.
        problems: of damaged series, which were left as they are; each names an object.
    """

    merged: int = 0
    written: int = 0
    deleted: int = 0
    problems: tuple[str, ...] = ()

    def __add__(self, other: Compacted) -> Compacted:
        return Compacted(
            self.merged + other.merged,
            self.written + other.written,
            self.deleted + other.deleted,
            self.problems + other.problems,
        )


def compact(bucket: Bucket, series: Series, contents: Contents, least: int = MANY, grace: float = GRACE) -> Compacted:
    """Delete what was merged long enough ago, and merge where that saves `least` objects or more; never waits.

    Raises:
        Missing: the series lacks an object, which a merged one would seem to replace; nothing was merged or deleted.
        DataError: an object is damaged; it was neither merged nor deleted.
    """
    objects = contents.objects
    for item in contents.missing:
        raise Missing(f"{missing_text(item)}; {REMEDY}")
    bucket.sweep(series.folder)
    bucket.delete(contents.stale)
    gone = delete_merged(bucket, objects, grace)
    left = [o for o in objects if o.key not in gone]
    waiting = _waiting(left, grace)
    groups = list(mergeable(series.interval, [o for o in left if o.key not in waiting]))
    done = Compacted(deleted=len(gone))
    if sum(len(group) for group in groups) < least:
        return done
    for group in groups:
        if merge(bucket, series, group):
            done += Compacted(len(group), 1)
    return done


def mergeable(interval: str, objects: Sequence[LakeObject]) -> Iterator[list[LakeObject]]:
    """Objects of one period and source whose answered ranges touch or overlap, two or more at a time."""
    found: dict[tuple[int, str], list[LakeObject]] = {}
    for item in sorted(objects, key=lambda o: (o.start, o.end)):
        if item.source in IMPORTED:  # each import stays whole, so that it can be taken back
            continue
        if period_of(interval, item.start) == period_of(interval, item.end - 1):
            found.setdefault((period_of(interval, item.start), item.source), []).append(item)
    for members in found.values():
        group: list[LakeObject] = []
        reach = 0
        for item in members:
            if group and item.start > reach:
                yield from [group] if len(group) > 1 else []
                group = []
            reach = max(reach, item.end) if group else item.end
            group.append(item)
        yield from [group] if len(group) > 1 else []


def merge(bucket: Bucket, series: Series, group: Sequence[LakeObject]) -> LakeObject | None:
    """One object with the newest row of each stamp; None where an input vanished (another compactor was here)."""
    try:
        tables = [read_file(path).cast(STORED) for path in checked_paths(bucket, group, again=True)]
    except FileNotFoundError:
        return None
    whole = newest(pa.concat_tables(tables))
    start, end = min(o.start for o in group), max(o.end for o in group)
    return put(bucket, series, whole, start, end, max(o.seq for o in group), group[0].source)


def delete_merged(bucket: Bucket, objects: Sequence[LakeObject], grace: float = GRACE) -> set[str]:
    """Delete objects whose every row is in another one that is older than the grace; returns their keys."""
    gone: set[str] = set()
    shared = _sharing(objects)
    for keeper in sorted((o for o in shared if _settled(o, grace)), key=lambda o: -o.rows):
        if keeper.key in gone:
            continue
        held = [o for o in shared if o.key not in gone and _may_hold(keeper, o)]
        gone |= _held(bucket, keeper, held) if held else set()
    remove(bucket, gone)
    return gone


def _waiting(objects: Sequence[LakeObject], grace: float) -> set[str]:
    """Objects that were merged too lately to be deleted: they are not merged again."""
    shared = _sharing(objects)
    young = [o for o in shared if not _settled(o, grace)]
    return {o.key for o in shared if any(_may_hold(other, o) for other in young)}


def _sharing(objects: Sequence[LakeObject]) -> list[LakeObject]:
    """Objects whose answered range shares a moment with another's; the many others need no second look."""
    found: dict[str, LakeObject] = {}
    widest: LakeObject | None = None
    for item in sorted(objects, key=lambda o: (o.start, -o.end)):
        if widest is not None and item.start < widest.end:
            found |= {widest.key: widest, item.key: item}
        if widest is None or item.end > widest.end:
            widest = item
    return list(found.values())


def _settled(item: LakeObject, grace: float) -> bool:
    return item.modified is not None and time.time() - item.modified > grace


def _may_hold(keeper: LakeObject, item: LakeObject) -> bool:
    """By the names; of two that could hold each other, the one whose name sorts later stays."""
    if keeper.key == item.key or keeper.source != item.source or keeper.seq < item.seq or item.source in IMPORTED:
        return False
    if not keeper.start <= item.start <= item.end <= keeper.end or keeper.rows < item.rows:
        return False
    back = (item.start, item.end, item.seq, item.rows) == (keeper.start, keeper.end, keeper.seq, keeper.rows)
    return keeper.key > item.key if back else True


def _held(bucket: Bucket, keeper: LakeObject, items: Sequence[LakeObject]) -> set[str]:
    """Those that would change nothing if they were merged into the keeper: names alone do not prove it."""
    try:
        paths = checked_paths(bucket, [keeper, *items], again=True)
        kept, *others = (read_file(path).cast(STORED) for path in paths)
    except FileNotFoundError:
        return set()
    return {item.key for item, rows in zip(items, others, strict=True) if _contains(kept, rows)}


def _contains(kept: pa.Table, rows: pa.Table) -> bool:
    if not len(rows):
        return True
    low, high = np.searchsorted(stamps(kept), (stamps(rows)[0], stamps(rows)[-1] + 1))
    there = kept.slice(low, high - low).combine_chunks()
    return bool(newest(pa.concat_tables([there, rows])).equals(there))
