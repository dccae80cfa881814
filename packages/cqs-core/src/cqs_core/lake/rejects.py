"""Rows that were refused, kept with the reason and the page they came in: `data/quarantine/{series}/…json`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core.errors import DataError
from cqs_core.files.formats import format_fields, require_format
from cqs_core.lake.object_names import ROOT, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.cleaning import Reject
    from cqs_core.lake.ranges import Range

FORMAT = 1
FOLDER = "data/quarantine"


@dataclass(frozen=True)
class Quarantined:
    """One refused (or, for `jump`, only flagged) row.

    Attributes:
        series: it was meant for.
        row: `[ts, open, high, low, close, volume]` as it came.
        reason: see `cleaning.Reject`.
        page: ms UTC range of the answer it came in.
        source: `exchange`, `endpoint` or `import`.
    """

    series: Series
    row: list[float | None]
    reason: str
    page: Range
    source: str


def quarantine(bucket: Bucket, series: Series, rejects: Sequence[Reject], page: Range, source: str) -> str | None:
    """Store refused rows; the same rows of the same page are stored once. Returns the object's key."""
    if not rejects:
        return None
    about = {"source": source, "page": page, "rows": [{"row": r.row, "reason": r.reason} for r in rejects]}
    digest = hashlib.blake2b(json.dumps(about, allow_nan=False).encode(), digest_size=8).hexdigest()
    key = f"{folder(series)}/{page[0]}-{page[1]}_{digest}.json"
    bucket.write(key, json.dumps(format_fields("cqs-core", FORMAT) | about, allow_nan=False).encode())
    return key


def quarantined(bucket: Bucket, series: Series) -> Iterator[Quarantined]:
    """The refused rows of a series.

    Raises:
        NewerFormat: a newer version wrote some of them.
        DataError: an object is damaged.
    """
    for entry in bucket.list(folder(series)):
        try:
            about = json.loads(bucket.read(entry.key))
            require_format(repr(entry.key), about, FORMAT, "cqs-core")
            start, end = about["page"]
            found = [Quarantined(series, r["row"], r["reason"], (start, end), about["source"]) for r in about["rows"]]
        except (ValueError, LookupError, TypeError, AttributeError):
            raise DataError(f"{entry.key!r} is damaged; it only records refused rows, and may be removed") from None
        yield from found


def copy_quarantine(bucket: Bucket, old: Series, new: Series) -> list[str]:
    """Copy the refused rows of a series under another series' name; returns the old keys."""
    keys = [entry.key for entry in bucket.list(folder(old))]
    for key in keys:
        bucket.write(renamed_key(key, old, new), bucket.read(key))
    return keys


def renamed_key(key: str, old: Series, new: Series) -> str:
    """The key of quarantined rows under another series' name."""
    return key.replace(folder(old), folder(new), 1)


def refused(bucket: Bucket, series: Series) -> list[int]:
    """Opens of candles that came and were not stored, ms UTC, sorted."""
    rows = (q.row[0] for q in quarantined(bucket, series) if q.reason != "jump")
    return sorted({int(ts) for ts in rows if ts is not None})


def folder(series: Series) -> str:
    return series.folder.replace(ROOT, FOLDER, 1)
