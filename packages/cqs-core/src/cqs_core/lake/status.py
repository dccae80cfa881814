"""Status of each series, read from the names of its objects; only overlapping objects are opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cqs_core.bucket.cache import REMEDY
from cqs_core.errors import BucketError, BucketUnavailable, DataError
from cqs_core.lake.catalog import plan
from cqs_core.lake.format import check_marks, is_mark
from cqs_core.lake.object_names import ROOT, LakeObject, Series, parse_folder
from cqs_core.lake.receipts import contents_of, missing_text
from cqs_core.time import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.bucket import Bucket, Entry


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
        problem: why `rows` and `gaps` are not sure, since an object is damaged or missing; empty where none is.
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
    problem: str = ""


@dataclass(frozen=True)
class Inventory:
    """All that is in a lake.

    Attributes:
        series: one entry a series, sorted.
        unknown: keys that are not understood: written by another program, or damaged names.
    """

    series: Sequence[SeriesStatus]
    unknown: Sequence[str]


def inventory(bucket: Bucket) -> Inventory:
    """From one listing, cached per folder until the folder changes.

    Raises:
        NewerFormat: the lake, or an object, is of a format that this version does not know.
    """

    def made(folder: str, entries: Sequence[Entry]) -> dict[str, Any] | None:
        check_marks(bucket, (entry.key for entry in entries))
        series, contents = parse_folder(folder), contents_of(entries)
        known = series is not None and (contents.objects or contents.missing)
        status = asdict(series_status(bucket, series, contents.objects, contents.missing)) if known and series else None
        keys = contents.unknown if series else [entry.key for entry in entries]
        unknown = [key for key in keys if not is_mark(key)]
        return {"status": status, "unknown": unknown} if status or unknown else None

    found = bucket.each_folder(ROOT, "inventory", made).values()
    series = (_remembered(one["status"]) for one in found if one["status"])
    unknown = sorted(key for one in found for key in one["unknown"])
    return Inventory(sorted(series, key=lambda status: status.series), unknown)


def _remembered(about: dict[str, Any]) -> SeriesStatus:
    return SeriesStatus(**about | {"series": Series(*about["series"]), "sources": tuple(about["sources"])})


def series_status(
    bucket: Bucket, series: Series, objects: Sequence[LakeObject], missing: Sequence[LakeObject] = ()
) -> SeriesStatus:
    """The status of one series from its objects, and those that are missing."""
    filled = [o for o in objects if o.rows]
    first = min((o.first for o in filled), default=None)
    last = max((o.last for o in filled), default=None)
    rows, problem = count_rows(bucket, objects)
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
        sources=tuple(sorted({o.source for o in filled or objects or missing})),
        problem=problem or "".join(f"{missing_text(o)}; {REMEDY}" for o in missing[:1]),
    )


def count_rows(bucket: Bucket, objects: Sequence[LakeObject]) -> tuple[int, str]:
    """Rows when read, and the first problem. Names suffice, except for overlapping objects, whose ts are read."""
    how, problem = plan(objects), ""
    rows = sum(o.rows for o in how.plain)
    for group in how.groups:
        try:
            rows += _distinct(bucket, group)
        except BucketUnavailable:
            raise
        except (BucketError, DataError) as error:
            rows, problem = rows + sum(o.rows for o in group), str(error)
    return rows, problem


def _distinct(bucket: Bucket, group: Sequence[LakeObject]) -> int:
    import numpy as np

    from cqs_core.lake.checking import checked_paths
    from cqs_core.lake.series_table import read_file, stamps

    paths = checked_paths(bucket, group)
    return len(np.unique(np.concatenate([stamps(read_file(path, ["ts"])) for path in paths])))
