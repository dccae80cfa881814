"""Damage of a series, and how it is undone: names put back, and damaged objects set aside once they are answered again.

Nothing is deleted: damaged objects are moved below `data/damaged`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.bucket.cache import digest
from cqs_core.errors import BucketError, BucketUnavailable
from cqs_core.lake.checking import written_as
from cqs_core.lake.object_names import ROOT, LakeObject, Series
from cqs_core.lake.ranges import subtract
from cqs_core.lake.receipts import contents_of, receipt_of, remove
from cqs_core.lake.retrying import retrying
from cqs_core.lake.verify import sound_and_damaged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cqs_core.bucket import Bucket

FOLDER = "data/damaged"


class Damage(NamedTuple):
    """The damage of a series.

    Attributes:
        sound: objects with which nothing is.
        damaged: objects that are there, and not what their names say.
        missing: objects that were stored, and are gone.
        strangers: keys of parquet files that no name of ours fits.
    """

    sound: Sequence[LakeObject]
    damaged: Sequence[LakeObject]
    missing: Sequence[LakeObject]
    strangers: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.damaged or self.missing)


def damage_of(bucket: Bucket, series: Series) -> Damage:
    """Check every byte of a series."""

    def look() -> Damage:
        entries = bucket.list(series.folder, immutable=True)
        contents = contents_of(entries)
        posing = {o.key for o in contents.posing}
        sound, damaged = sound_and_damaged(bucket, [o for o in contents.objects if o.key not in posing])
        ours = {o.key for o in contents.objects}
        strangers = [e.key for e in entries if e.key.endswith(".parquet") and e.key not in ours]
        return Damage(sound, [*damaged, *contents.posing], contents.missing, strangers)

    return retrying(series, look)


def put_back(bucket: Bucket, found: Mapping[Series, Damage]) -> int:
    """Give objects that were renamed, moved or swapped their names again; returns how many.

    An object is known by its bytes: what it says of itself and their hash make a name of which there is a receipt.
    """
    suspects = [key for one in found.values() for key in (*(o.key for o in one.damaged), *one.strangers)]
    genuine = dict(_genuine(bucket, suspects))
    damaged = set(suspects)
    lacking = {true: at for at, true in genuine.items() if true in damaged or not bucket.exists(true)}
    data = {true: bucket.read(at) for true, at in lacking.items()}  # all before any is written: some are swapped
    for true, whole in data.items():
        bucket.write(true, whole)
    set_aside(bucket, [key for key in genuine if key not in data])
    return len(data)


def settle(bucket: Bucket, series: Series, before: Damage) -> int:
    """Set damaged objects aside whose ranges were answered again since; returns how many."""
    bad, known = {o.key for o in before.damaged}, {o.key for o in before.sound}
    objects = [o for o in contents_of(bucket.list(series.folder, immutable=True)).objects if o.key not in bad]

    def again(item: LakeObject) -> bool:
        """A name that lies may also lie about its seq: objects that are new count whatever it says."""
        new = (o for o in objects if o.source == item.source and (o.seq >= item.seq or o.key not in known))
        return not subtract((item.start, item.end), [(o.start, o.end) for o in new])

    done = [o.key for o in before.damaged if again(o)]
    set_aside(bucket, done)
    return len(done)


def set_aside(bucket: Bucket, keys: Collection[str]) -> None:
    """Move objects out of the lake."""
    for key in keys:
        try:
            data = bucket.read(key)
        except BucketUnavailable:
            raise
        except (FileNotFoundError, BucketError):  # what cannot be read cannot be kept
            continue
        bucket.write(f"{FOLDER}{key.removeprefix(ROOT)}", data)
    remove(bucket, keys)


def _genuine(bucket: Bucket, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where objects lie, and where they belong; only those of which there is a receipt."""
    for key in keys:
        try:
            data = bucket.read(key)
            series, stem = written_as(pq.read_metadata(pa.BufferReader(data)))
        except BucketUnavailable:
            raise
        except (FileNotFoundError, BucketError, pa.ArrowException, OSError, ValueError):
            continue
        true = f"{series.folder}/{stem}_{digest(data)}.parquet"
        if bucket.exists(receipt_of(true)):
            yield key, true
