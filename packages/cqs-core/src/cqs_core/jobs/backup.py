"""Copies a whole bucket into another while programs write to it, and checks what it copied.

Objects of the lake never change and are named by their content, so what is there already is not copied again. Other
objects are copied again where they differ in size or are newer. Nothing is deleted. Receipts are copied after objects,
and manifests after what they name, so that a copy that is cut off lacks things, and never seems whole.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core.bucket.cache import digest
from cqs_core.errors import DataError, UsageError
from cqs_core.jobs.reporting import progress
from cqs_core.lake.format import check_marks
from cqs_core.lake.object_names import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core.bucket import Bucket, Entry
    from cqs_core.jobs.reporting import Progress

_LEFT_OUT = "alerts/lease/"  # of a watcher that runs; a copy has none
_PASSES = 10
_AT_ONCE = 8
_LAST = ("manifest.json", ".receipt")


@dataclass(frozen=True)
class Copied:
    """What a copy did.

    Attributes:
        objects: that were copied, each read back and compared.
        bytes: of them.
        unchanged: objects that were there already.
    """

    objects: int
    bytes: int
    unchanged: int


def backup(source: Bucket, target: Bucket) -> Copied:
    """Copy what the target does not have; writers may go on, and what they write meanwhile may be missing.

    Raises:
        UsageError: one bucket is inside the other, or the source is empty.
        NewerFormat: a newer version wrote the source.
        DataError: an object is damaged in the source, or was not stored as it is.
        BucketError: a storage failed; the same call continues.
    """
    _check(source, target)
    found = _listed(source)
    if not found:
        raise UsageError(f"bucket {source.url!r} is empty, so there is nothing to copy; name another with --bucket")
    return _copied(source, target, found, _listed(target))


def restore(source: Bucket, target: Bucket) -> Copied:
    """Copy a backup into a bucket that is empty, or that an earlier restore of it began to fill.

    Raises:
        UsageError: the source is empty, the target holds other data, or one bucket is inside the other.
        NewerFormat: a newer version wrote the source.
        DataError: an object is damaged, or was not stored as it is.
        BucketError: a storage failed; the same call continues.
    """
    _check(source, target)
    found, there = _listed(source), _listed(target)
    if not found:
        raise UsageError(f"{source.url!r} has no backup: it is empty; name the place that `cqs backup` copied to")
    mine = {entry.key: entry.size for entry in found}
    other = [entry.key for entry in there if mine.get(entry.key) != entry.size]
    if other:
        fact = f"{len(other):,} objects that the backup does not have or that differ, such as {other[0]!r}"
        raise UsageError(f"bucket {target.url!r} has {fact}; restore into an empty bucket")
    return _copied(source, target, found, there)


def refuse_same(source: Bucket, target: Bucket) -> None:
    """Whether two buckets are apart.

    Raises:
        UsageError: they are the same, or one is inside the other.
    """
    one, two = _place(source), _place(target)
    if one == two or one.startswith(two + "/") or two.startswith(one + "/"):
        raise UsageError(
            f"{target.url!r} and {source.url!r} are the same bucket, or one is inside the other; name another"
        )


def _check(source: Bucket, target: Bucket) -> None:
    refuse_same(source, target)
    target.check(write=True)


def _place(bucket: Bucket) -> str:
    return str(bucket.folder.resolve()) if bucket.folder is not None else bucket.address.rstrip("/")


def _listed(bucket: Bucket) -> list[Entry]:
    found = [entry for entry in bucket.list() if not entry.key.startswith(_LEFT_OUT)]
    check_marks(bucket, (entry.key for entry in found))
    return found


def _copied(source: Bucket, target: Bucket, found: Sequence[Entry], there: Sequence[Entry]) -> Copied:
    """Copy until a listing of the source has named nothing that was gone: compaction takes objects away."""
    copied, size = 0, 0
    with progress(f"copies {source.url} to {target.url}", unit="B") as work:
        for _ in range(_PASSES):
            due = _due(found, there)
            work.expect(work.done + sum(entry.size for entry in due))
            gone, bytes_ = _copy(source, target, due, work)
            copied, size = copied + len(due) - gone, size + bytes_
            if not gone:
                return Copied(copied, size, len(found) - len(due))
            found, there = _listed(source), _listed(target)
    raise DataError(f"bucket {source.url!r} changes too fast; {_PASSES} listings in a row named objects that were gone")


def _due(found: Sequence[Entry], there: Sequence[Entry]) -> list[Entry]:
    have: Mapping[str, Entry] = {entry.key: entry for entry in there}
    return [entry for entry in found if _differs(entry, have.get(entry.key))]


def _differs(entry: Entry, copy: Entry | None) -> bool:
    if copy is None or copy.size != entry.size:
        return True
    return parse_object(entry.key) is None and (entry.modified or 0.0) > (copy.modified or 0.0)


def _copy(source: Bucket, target: Bucket, due: Sequence[Entry], work: Progress) -> tuple[int, int]:
    """How many were gone, and the bytes of the others."""
    first = [entry for entry in due if not entry.key.endswith(_LAST)]
    last = [entry for entry in due if entry.key.endswith(_LAST)]
    gone = size = 0
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="cqs-copy") as pool:
        for some in (first, last):
            for copied in pool.map(lambda entry: _copy_one(source, target, entry.key), some):
                gone, size = gone + (copied is None), size + (copied or 0)
                work.advance(copied or 0)
    return gone, size


def _copy_one(source: Bucket, target: Bucket, key: str) -> int | None:
    """Bytes of one object; None if it is gone.

    Raises:
        DataError: it is not what its name promises, or reads differently in the target.
    """
    try:
        data = source.read(key)
    except FileNotFoundError:
        return None
    item = parse_object(key)  # not `as_named`: the name of a receipt has the hash of its object
    if item is not None and digest(data) != item.hash:
        raise DataError(f"{key!r} is damaged in {source.url!r}; `cqs data repair` there, then repeat this")
    target.write(key, data)
    if hashlib.blake2b(target.read(key)).digest() != hashlib.blake2b(data).digest():
        raise DataError(f"{key!r} reads differently in {target.url!r} than it was written; check that storage")
    return len(data)
