"""Receipts: which objects a series must have, so that a deleted one is missed.

Beside every object, and after it, an empty file is written whose name is the object's:

    _{start}-{end}_{first}-{last}_{rows}_{seq}_{source}_{hash}.receipt

The listing that shows the objects shows the receipts, so reading them costs no request. No lock is needed, since
receipts never change: each writer only adds its own. An object that a receipt names and that is not
there is missing, unless objects of the same source that are as new or newer answer its whole range. That is what
compaction leaves behind, and what fetching the range again does. Compaction deletes inputs first and their receipts
after: a kill in between leaves receipts by which nothing is missed. A kill between an object and its receipt leaves an
object without one, as in lakes that were written before there were receipts: it is read, but would not be missed.
A listing is not a snapshot, so an object counts as missing only when several listings in a row miss it (`retrying`).
Names begin with an underscore because other engines that read such folders skip those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_core.bucket.cache import REMEDY
from cqs_core.lake.format import check_name
from cqs_core.lake.object_names import LakeObject, parse_object
from cqs_core.lake.ranges import subtract
from cqs_core.lake.retrying import Missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cqs_core.bucket import Bucket, Entry

_SUFFIX = ".receipt"


class Contents(NamedTuple):
    """The content of a series, from one listing.

    Attributes:
        objects: that are there.
        missing: that are not there, though a receipt names them.
        stale: keys of receipts that are no longer needed.
        posing: objects without a receipt that seem to be a missing one, of whose ingest and range they are.
        unknown: keys that are neither an object nor a receipt.
    """

    objects: Sequence[LakeObject]
    missing: Sequence[LakeObject] = ()
    stale: Sequence[str] = ()
    posing: Sequence[LakeObject] = ()
    unknown: Sequence[str] = ()


def receipt_of(key: str) -> str:
    """The key of an object's receipt."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/_{name.removesuffix('.parquet')}{_SUFFIX}"


def contents_of(entries: Iterable[Entry]) -> Contents:
    """Parse the names in a folder of the lake; names that are not ours are ignored.

    Raises:
        NewerFormat: an object is of a format that this version does not know.
    """
    objects, receipts, unknown = list[LakeObject](), dict[str, str](), list[str]()
    for entry in entries:
        if entry.key.endswith(_SUFFIX):
            receipts[_object_of(entry.key)] = entry.key
        elif item := parse_object(entry.key, entry.size, entry.modified):
            objects.append(item)
        else:
            check_name(entry.key)
            unknown.append(entry.key)
    absent = list[LakeObject]()
    for key in sorted(receipts.keys() - {o.key for o in objects}):
        if item := parse_object(key):
            absent.append(item)
        else:
            unknown.append(receipts[key])
    if not absent:
        return Contents(objects, unknown=unknown)
    posing = {o.key for item in absent for o in objects if o.key not in receipts and _poses(o, item)}
    others = [o for o in objects if o.key not in posing]
    missing = [item for item in absent if not answered_again(item, others)]
    missed = {item.key for item in missing}
    stale = [receipt_of(item.key) for item in absent if item.key not in missed]
    return Contents(objects, missing, stale, [o for o in objects if o.key in posing], unknown)


def answered_again(item: LakeObject, objects: Iterable[LakeObject]) -> bool:
    """Whether objects of its source that are as new or newer answer its whole range."""
    newer = ((o.start, o.end) for o in objects if o.source == item.source and o.seq >= item.seq)
    return not subtract((item.start, item.end), newer)


def _poses(o: LakeObject, item: LakeObject) -> bool:
    """Whether an object seems to be another: a merged one of the same ingest and range would hold more rows."""
    same = (o.start, o.end, o.seq, o.source) == (item.start, item.end, item.seq, item.source)
    return same and o.rows <= item.rows


def remove(bucket: Bucket, keys: Collection[str]) -> None:
    """Delete objects, then their receipts."""
    bucket.delete(sorted(keys))
    bucket.delete(sorted(map(receipt_of, keys)))


def require_all(missing: Iterable[LakeObject], start: int | None = None, end: int | None = None) -> None:
    """Whether no candle that opens in `[start, end)`, ms UTC, is missed.

    Raises:
        Missing: one is, or may be, with an object.
    """
    for o in missing:
        if o.rows and (start is None or o.last >= start) and (end is None or o.first < end):
            raise Missing(f"{missing_text(o)}; {REMEDY}")


def missing_text(item: LakeObject) -> str:
    """The fact that an object is missing, for errors."""
    return f"{item.key!r} is missing: it was stored, and is gone"


def _object_of(receipt: str) -> str:
    """The key of the object that a receipt names; it matches no object if the file is not a receipt."""
    folder, _, name = receipt.rpartition("/")
    return f"{folder}/{name.removeprefix('_').removesuffix(_SUFFIX)}.parquet"
