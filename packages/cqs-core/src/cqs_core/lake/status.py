"""What the lake has of a series, read off one listing; only overlapping objects are opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import intervals
from cqs_core.lake.catalog import plan

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket
    from cqs_core.lake.names import LakeObject, Series


@dataclass(frozen=True)
class SeriesStatus:
    """One series.

    Attributes:
        series: which.
        first: open of its first candle, ms UTC; None where it has none.
        last: open of its last candle.
        rows: candles.
        gaps: bars missing between first and last.
        bytes: size of its objects.
        objects: how many they are.
        answered: end of the newest range asked and answered, ms UTC.
        sources: where its rows came from: `exchange`, `endpoint`, `import`.
    """

    series: Series
    first: int | None
    last: int | None
    rows: int
    gaps: int
    bytes: int
    objects: int
    answered: int
    sources: tuple[str, ...]


def series_status(bucket: Bucket, series: Series, objects: Sequence[LakeObject]) -> SeriesStatus:
    """The status of one series from its objects."""
    filled = [o for o in objects if o.rows]
    first = min((o.first for o in filled), default=None)
    last = max((o.last for o in filled), default=None)
    rows = count_rows(bucket, objects)
    expected = intervals.count(series.interval, first, last + 1) if first is not None and last is not None else 0
    return SeriesStatus(
        series=series,
        first=first,
        last=last,
        rows=rows,
        gaps=max(0, expected - rows),
        bytes=sum(o.size for o in objects),
        objects=len(objects),
        answered=max((o.end for o in objects), default=0),
        sources=tuple(sorted({o.source for o in objects})),
    )


def count_rows(bucket: Bucket, objects: Sequence[LakeObject]) -> int:
    """Rows on read: names say it, but for overlapping objects, whose ts columns are looked at."""
    how = plan(objects)
    rows = sum(o.rows for o in how.plain)
    for group in how.groups:
        rows += _distinct(bucket, group)
    return rows


def _distinct(bucket: Bucket, group: Sequence[LakeObject]) -> int:
    import numpy as np

    from cqs_core.lake.table import read_file, stamps

    paths = bucket.paths([o.key for o in group])
    return len(np.unique(np.concatenate([stamps(read_file(path, ["ts"])) for path in paths])))
