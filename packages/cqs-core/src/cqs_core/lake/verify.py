"""Proof that a lake is whole: every object against its name, overlaps against each other, and one hash a series."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core.bucket.cache import REPAIR
from cqs_core.errors import BucketError, BucketUnavailable
from cqs_core.files.arrow import parquet_table
from cqs_core.lake.catalog import plan
from cqs_core.lake.checking import against_name, problem_of
from cqs_core.lake.cleaning import FRESH
from cqs_core.lake.format import check_marks
from cqs_core.lake.object_names import ROOT, parse_folder, parse_object
from cqs_core.lake.receipts import contents_of
from cqs_core.lake.series_table import SCHEMA, empty_table, newest, stamps
from cqs_core.time import intervals
from cqs_core.trading.candles import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cqs_core.bucket import Bucket, Entry
    from cqs_core.lake.object_names import LakeObject, Series

_AT_ONCE = 8


@dataclass(frozen=True)
class Verified:
    """One series.

    Attributes:
        series: which.
        rows: candles on read.
        sha256: of all values by time; changes when and only when a value does, whatever the objects. None where
            an object is damaged or missing.
        problems: one line each; gaps and flagged jumps are not problems.
    """

    series: Series
    rows: int
    sha256: str | None
    problems: Sequence[str]


def series_in(bucket: Bucket) -> list[Series]:
    """Whatever has a folder with files in the lake, sorted.

    Raises:
        NewerFormat: the lake is of a format that this version does not know.
    """
    keys = [entry.key for entry in bucket.list(ROOT, immutable=True)]
    check_marks(bucket, keys)
    folders = {key.rpartition("/")[0] for key in keys}
    return sorted(series for series in map(parse_folder, folders) if series)


def verify(bucket: Bucket, series: Series) -> Verified | None:
    """Read every byte of a series and check it against the names; None where there is none.

    Raises:
        FileNotFoundError: an object is gone since it was listed; compaction takes away what it merged. List again.
    """
    entries = bucket.list(series.folder, immutable=True)
    contents = contents_of(entries)
    objects = contents.objects
    tables, problems = _tables(bucket, objects)
    problems += _strangers(entries)
    problems += [f"{item.key}: is missing: it was stored, and is gone; {_remedy(item)}" for item in contents.missing]
    if not objects and not problems:
        return None
    if len(tables) < len(objects) or contents.missing:
        return Verified(series, sum(len(t) for t in tables.values()), None, problems)
    whole, conflicts = _read(series, objects, tables)
    return Verified(series, len(whole), content_hash(whole), [*problems, *conflicts])


def sound_and_damaged(
    bucket: Bucket, objects: Sequence[LakeObject]
) -> tuple[Sequence[LakeObject], Sequence[LakeObject]]:
    """Objects that are what their names say, and those that are not.

    Raises:
        FileNotFoundError: as `verify`.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        said = list(pool.map(lambda item: _check(bucket, item)[1], objects))
    both = list(zip(objects, said, strict=True))
    return [item for item, problem in both if not problem], [item for item, problem in both if problem]


def _tables(bucket: Bucket, objects: Sequence[LakeObject]) -> tuple[Mapping[str, pa.Table], list[str]]:
    """Tables of the sound objects, by key, and the problems of the others."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        checked = list(pool.map(lambda item: _check(bucket, item), objects))
    both = list(zip(objects, checked, strict=True))
    problems = [f"{item.key}: {said}; {_remedy(item)}" for item, (_, said) in both if said]
    return {item.key: table for item, (table, _) in both if table is not None}, problems


def _read(
    series: Series, objects: Sequence[LakeObject], tables: Mapping[str, pa.Table]
) -> tuple[pa.Table, Sequence[str]]:
    """The series as readers see it, and where its objects disagree."""
    how, conflicts = plan(objects), []
    parts = [(item.first, tables[item.key]) for item in how.plain]
    for group in how.groups:
        both = pa.concat_tables([tables[item.key] for item in group])
        conflicts += _conflicts(series.interval, both)
        parts.append((group[0].first, newest(both)))
    parts.sort(key=lambda part: part[0])
    rows = [table.select(SCHEMA.names) for _, table in parts]
    return pa.concat_tables(rows) if rows else empty_table(), conflicts


def _strangers(entries: Iterable[Entry]) -> list[str]:
    """Parquet files that are not objects of the lake, so they are never read."""
    names = (entry.key for entry in entries if entry.key.endswith(".parquet") and parse_object(entry.key) is None)
    return [f"{key}: is not an object of the lake, and not read; restore its name, or import it" for key in names]


def content_hash(table: pa.Table) -> str:
    """sha256 of ts and values, column by column, as little-endian 64-bit numbers; -0.0 is 0.0."""
    total = hashlib.sha256(stamps(table).astype("<i8").tobytes())
    for name in FIELDS:
        total.update((table.column(name).to_numpy() + 0.0).astype("<f8").tobytes())
    return total.hexdigest()


def _check(bucket: Bucket, item: LakeObject) -> tuple[pa.Table | None, str]:
    """The object's table if it is sound, else what is wrong with it."""
    try:
        data = bucket.read(item.key)
    except BucketUnavailable:
        raise
    except BucketError as error:
        return None, f"cannot be read ({error})"
    if said := problem_of(item.key, data):
        return None, said
    try:
        table = parquet_table(data)
    except (pa.ArrowException, OSError) as error:
        return None, f"is not a parquet file ({' '.join(str(error).split())})"
    said = against_name(table, item)
    return (None, said) if said else (table, "")


def _remedy(item: LakeObject) -> str:
    if item.source == "import":
        return f"import its file again, then run `{REPAIR}`"
    return f"`{REPAIR}` fetches it again{', with its --endpoint' if item.source == 'endpoint' else ''}"


def _conflicts(interval: str, both: pa.Table) -> list[str]:
    """Where overlapping objects disagree; a candle stored right after it closed may have been corrected since."""
    ts, seq = stamps(both), both.column("seq").to_numpy()
    order = np.lexsort((seq, ts))
    mended = seq[order][:-1] - ts[order][:-1] < intervals.length(interval) + FRESH
    same = (np.diff(ts[order]) == 0) & ~mended
    differ = np.zeros(len(same), bool)
    for name in FIELDS:
        values = both.column(name).to_numpy()[order]
        differ |= values[1:] != values[:-1]
    wrong = same & differ
    if not wrong.any():
        return []
    first = np.datetime64(int(ts[order][1:][wrong][0]), "ms")
    return [f"{int(wrong.sum())} candles differ between overlapping objects, the first at {first}; the newest is read"]
