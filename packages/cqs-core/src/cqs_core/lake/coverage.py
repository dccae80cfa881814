"""Where a series has candles, and where between them it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.bucket.cache import REMEDY
from cqs_core.errors import BucketError, BucketUnavailable, DataError
from cqs_core.lake.catalog import plan
from cqs_core.lake.checking import checked_paths
from cqs_core.lake.object_names import IMPORTED
from cqs_core.lake.receipts import missing_text
from cqs_core.lake.series_table import read_file, stamps
from cqs_core.lake.spans import Spans
from cqs_core.time import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.object_names import LakeObject, Series
    from cqs_core.lake.ranges import Range
    from cqs_core.lake.receipts import Contents
    from cqs_core.trading.candles import Stamps


@dataclass(frozen=True)
class Coverage:
    """Where a series has candles.

    Attributes:
        span: from the first open to the end of the last candle, ms UTC; None without candles.
        holes: ranges without candles inside.
        have: ranges with candles.
        problem: why nothing is known, since an object is damaged, or why too little is, since one is missing.
    """

    span: Range | None
    holes: Spans
    have: Spans
    problem: str = ""


def coverage(bucket: Bucket, series: Series, contents: Contents) -> Coverage:
    """Where candles are; only objects that lack bars or overlap are opened, and only their ts."""
    try:
        have = _have(bucket, series.interval, contents.objects)
    except BucketUnavailable:
        raise
    except (BucketError, DataError) as error:
        nothing = Spans.of([])
        return Coverage(None, nothing, nothing, str(error))
    problem = "".join(f"{missing_text(item)}; {REMEDY}" for item in contents.missing[:1])
    return Coverage((int(have.starts[0]), int(have.ends[-1])) if len(have) else None, have.between(), have, problem)


def imported(bucket: Bucket, series: Series, objects: Sequence[LakeObject]) -> Spans:
    """Ranges answered by imports, which need no request: the candles of files, and all that archives cover.

    Not their last candle: it may still have been open when the file was made.
    """
    files = [o for o in objects if o.source in IMPORTED and o.rows]
    if not files:
        return Spans.of([])
    name, last = series.interval, {seq: max(o.last for o in files if o.seq == seq) for seq in {o.seq for o in files}}
    spans = Spans.of((o.start, min(o.end, last[o.seq])) for o in files if o.source == "archive")
    plain = [o for o in files if o.source == "import"]
    if not plain:
        return spans
    runs = _have(bucket, name, plain)
    open_ = Spans.of((at, intervals.next_open(name, at)) for at in {last[o.seq] for o in plain})
    closed = runs.minus(open_)
    return Spans.union(np.r_[spans.starts, closed.starts], np.r_[spans.ends, closed.ends])


def maybe_open(series: Series, objects: Sequence[LakeObject]) -> list[Range]:
    """The last candles of imports, which may have been open when their files were made, until an exchange was asked."""
    files = [o for o in objects if o.source in IMPORTED and o.rows]
    last = {max(o.last for o in files if o.seq == seq) for seq in {o.seq for o in files}}
    ends = [(at, intervals.next_open(series.interval, at)) for at in sorted(last)]
    asked = Spans.of((o.start, o.end) for o in objects if o.source not in IMPORTED)
    return [end for end in ends if not asked.contain(Spans.of([end]))[0]]


def _have(bucket: Bucket, name: str, objects: Sequence[LakeObject]) -> Spans:
    how = plan(objects)
    dense = [o for o in how.plain if _dense(name, o)]
    groups = [*([o] for o in how.plain if not _dense(name, o)), *how.groups]
    parts = [runs_of(name, _stamps(bucket, group)) for group in groups]
    parts += [Spans.of((o.first, intervals.next_open(name, o.last)) for o in dense)]
    return Spans.union(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _stamps(bucket: Bucket, objects: Sequence[LakeObject]) -> Stamps:
    columns = [stamps(read_file(path, ["ts"])) for path in checked_paths(bucket, objects)]
    return np.unique(np.concatenate(columns)) if len(columns) > 1 else columns[0]


def _dense(interval: str, item: LakeObject) -> bool:
    return item.rows == intervals.count(interval, item.first, item.last + 1)


def runs_of(interval: str, ts: Stamps) -> Spans:
    """Unbroken stretches of candles."""
    if not len(ts):
        return Spans.of([])
    every = intervals.opens(interval, int(ts[0]), int(ts[-1]) + 1)
    place = np.searchsorted(every, ts)
    first = np.flatnonzero(np.r_[True, np.diff(place) != 1])
    ends = np.r_[every[1:], intervals.next_open(interval, int(ts[-1]))]
    return Spans(ts[first], ends[place[np.r_[first[1:] - 1, len(ts) - 1]]])
